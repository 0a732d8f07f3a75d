/** LipaChat: the fake, and the client over HTTP on the simulator. */
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { startSimulator } from '../../local/simulator/simulator.ts';
import { makeLipaChat } from '../../src/lib/lipachat/client.ts';
import type { Gateway } from '../../src/lib/lipachat/ports.ts';
import type { FlowRequest } from '../../src/lib/messages/message.ts';
import type { Outcome } from '../../src/lib/messages/outcome.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import { manualClock } from '../support/fakes/clock.ts';
import { fakeGateway, type Turn } from '../support/fakes/gateway.ts';
import { idOf, NOW, PAIR, sampleRequest } from '../support/fakes/samples.ts';
import { callJson } from '../support/json-http.ts';

const KEY = 'key-1';
const FLOWS = '/whatsapp/interactive/flows';
const TEMPLATES = '/whatsapp/template';
/** Longer than any call that gets a response. */
const TIMEOUT_MS = 10_000;
/** For calls that get no response. */
const SHORT_MS = 500;

type Repeat = 'receipt' | 'duplicate' | 'delivers';
type Kind = 'flow' | 'template';

/** The fate of the next call. */
type Fate =
  | 'accept-unheard'
  | 'lost'
  | { readonly slowMs: number }
  | 'credentials'
  | 'session-closed'
  | 'redirect'
  | { readonly throttledForSeconds: number }
  | { readonly code: 131056 | 131026 | 131031 };

interface LipaChat {
  readonly gateway: Gateway;
  /** Sets the fate of the next call of a kind. */
  next(kind: Kind, fate: Fate): unknown;
  onRepeat(how: Repeat): unknown;
  /** Sets the accepted keys. */
  keys(...keys: string[]): unknown;
  /** The messageIds of all deliveries, in order. */
  delivered(kind: Kind): Promise<readonly string[]> | readonly string[];
  reset(): unknown;
  close(): Promise<void>;
}

function turnOf(fate: Fate): Turn {
  if (fate === 'accept-unheard' || fate === 'lost') return fate;
  if (fate === 'credentials') return { kind: 'credentials' };
  if (fate === 'session-closed') return { kind: 'sessionClosed' };
  if (fate === 'redirect') return { kind: 'notSent', reason: 'LipaChat responded with a redirect' };
  if ('slowMs' in fate) return fate;
  if ('throttledForSeconds' in fate)
    return { kind: 'throttled', retryAfterMs: fate.throttledForSeconds * 1000 };
  if (fate.code === 131056) return { kind: 'throttled', pair: true };
  const errorClass = fate.code === 131026 ? 'undeliverable' : 'stop-number';
  return { kind: 'rejected', message: `(#${fate.code})`, errorClass, duplicate: false, envelope: {} };
}

function openFake(): Promise<LipaChat> {
  let fake = fakeGateway(manualClock(NOW));
  const gateway: Gateway = {
    sendFlow: (request, call) => fake.sendFlow(request, call),
    sendTemplate: (request, call) => fake.sendTemplate(request, call),
  };
  return Promise.resolve({
    gateway,
    next: (kind, fate) => (kind === 'flow' ? fake.next(turnOf(fate)) : fake.nextTemplates(turnOf(fate))),
    onRepeat: (how) => {
      fake.onRepeat = how;
    },
    keys: (...keys) => {
      fake.apiKeys = keys;
    },
    delivered: (kind) =>
      (kind === 'flow' ? fake.deliveries : fake.templates).map(({ messageId }) => messageId),
    reset: () => {
      fake = fakeGateway(manualClock(NOW));
      fake.apiKeys = [KEY];
    },
    close: () => Promise.resolve(),
  });
}

function faultOf(fate: Fate): object {
  if (fate === 'accept-unheard') return { kind: 'accept-then-silence' };
  if (fate === 'lost') return { kind: 'silence-before-accept' };
  if (fate === 'credentials') return { kind: 'invalid-credentials' };
  if (fate === 'session-closed') return { kind: 'session-closed' };
  if (fate === 'redirect') return { kind: 'redirect', location: 'http://127.0.0.1:1/' };
  if ('slowMs' in fate) return { kind: 'slow', delayMs: fate.slowMs };
  if ('throttledForSeconds' in fate) return { kind: 'throttle', retryAfter: fate.throttledForSeconds };
  return { kind: 'error-code', code: fate.code };
}

async function openSimulator(): Promise<LipaChat> {
  const simulator = await startSimulator({ port: 0, apiKey: KEY });
  const control = <Json>(method: string, path: string, body?: object) =>
    callJson<Json>(method, `${simulator.url}/__sim/${path}`, body);
  const answers = { receipt: 'same-receipt', duplicate: 'error', delivers: 'send-again' } as const;
  return {
    gateway: makeLipaChat({ baseUrl: simulator.baseUrl, clock: systemClock }),
    next: (kind, fate) =>
      control('PUT', 'faults', {
        match: { path: kind === 'flow' ? FLOWS : TEMPLATES },
        fault: faultOf(fate),
      }),
    onRepeat: (how) => control('PUT', 'config', { duplicateAnswer: answers[how] }),
    keys: (...apiKeys) => control('PUT', 'config', { apiKeys }),
    delivered: async (kind) =>
      (await control<{ kind: string; messageId: string }[]>('GET', 'deliveries'))
        .filter((delivery) => delivery.kind === kind)
        .map(({ messageId }) => messageId),
    async reset() {
      await control('POST', 'reset');
      await control('PUT', 'config', { enforceSessions: false });
    },
    close: simulator.close,
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'the simulator', open: openSimulator },
])('LipaChat on $name', ({ open }) => {
  let lipachat: LipaChat;
  beforeAll(async () => {
    lipachat = await open();
  });
  afterAll(() => lipachat.close());
  beforeEach(() => lipachat.reset());

  interface Call {
    readonly timeoutMs?: number;
    readonly apiKey?: string;
    readonly changes?: Partial<FlowRequest>;
  }
  const sendFlow = (id: string, { timeoutMs = TIMEOUT_MS, apiKey = KEY, changes = {} }: Call = {}) =>
    lipachat.gateway.sendFlow(sampleRequest(changes), { apiKey, timeoutMs, gatewayMessageId: id });
  const sendTemplate = (id: string, { timeoutMs = TIMEOUT_MS, apiKey = KEY }: Call = {}) =>
    lipachat.gateway.sendTemplate(
      {
        messageId: id,
        pair: PAIR,
        template: { name: 'share_details', languageCode: 'en', placeholders: [] },
      },
      { apiKey, timeoutMs },
    );
  const CALLS: Record<Kind, (id: string, call?: Call) => Promise<Outcome>> = {
    flow: sendFlow,
    template: sendTemplate,
  };
  const KINDS: readonly Kind[] = ['flow', 'template'];
  const waIdOf = (outcome: Outcome): string => {
    if (outcome.kind !== 'accepted' || !outcome.waId) throw new Error(`it was ${outcome.kind}`);
    return outcome.waId;
  };

  describe.each(KINDS)('a %s', (kind) => {
    const send = CALLS[kind];

    it('is accepted under its id with a receipt, and delivered', async () => {
      const outcome = await send('m-1');
      const data = { messageId: 'm-1', waId: waIdOf(outcome), status: 'SENT' };
      expect(outcome).toMatchObject({ kind: 'accepted', envelope: { status: 'success', data } });
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
    });

    it('is delivered once per id, and a repeat gets the same receipt', async () => {
      const [first, second] = [await send('m-1'), await send('m-1')];
      expect(waIdOf(second)).toBe(waIdOf(first));
      expect(waIdOf(await send('m-2'))).not.toBe(waIdOf(first));
      expect(await lipachat.delivered(kind)).toEqual(['m-1', 'm-2']);
    });

    it('is delivered once for two concurrent calls', async () => {
      const [first, second] = await Promise.all([send('m-1'), send('m-1')]);
      expect(waIdOf(second)).toBe(waIdOf(first));
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
    });

    it('is refused as a duplicate when LipaChat is configured so', async () => {
      await lipachat.onRepeat('duplicate');
      await send('m-1');
      const message = 'Duplicate messageId';
      const envelope = { data: null, status: 'error', message };
      expect(await send('m-1')).toMatchObject({
        kind: 'rejected',
        duplicate: true,
        message: expect.stringMatching(/^Duplicate messageId\b/),
        envelope,
      });
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
    });

    it('is delivered twice when LipaChat does not recognize the repeat', async () => {
      await lipachat.onRepeat('delivers');
      for (const outcome of [await send('m-1'), await send('m-1')]) expect(outcome.kind).toBe('accepted');
      expect(await lipachat.delivered(kind)).toEqual(['m-1', 'm-1']);
    });

    it('that is accepted without a response is ambiguous, and a repeat finds it accepted', async () => {
      await lipachat.next(kind, 'accept-unheard');
      expect(await send('m-1', { timeoutMs: SHORT_MS })).toEqual({
        kind: 'ambiguous',
        reason: 'LipaChat did not respond in time',
      });
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
      expect((await send('m-1')).kind).toBe('accepted');
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
    });

    it('that is lost on its way is ambiguous as well, and a repeat delivers it', async () => {
      await lipachat.next(kind, 'lost');
      expect(await send('m-1', { timeoutMs: SHORT_MS })).toEqual({
        kind: 'ambiguous',
        reason: 'LipaChat did not respond in time',
      });
      expect(await lipachat.delivered(kind)).toEqual([]);
      await send('m-1');
      expect(await lipachat.delivered(kind)).toEqual(['m-1']);
    });

    it('is ambiguous when the response takes longer than the call allows, and accepted when it is in time', async () => {
      await lipachat.next(kind, { slowMs: SHORT_MS * 3 });
      expect((await send('m-1', { timeoutMs: SHORT_MS })).kind).toBe('ambiguous');
      await lipachat.next(kind, { slowMs: 50 });
      expect((await send('m-2')).kind).toBe('accepted');
      expect(await lipachat.delivered(kind)).toEqual(['m-1', 'm-2']);
    });

    it('is not sent when no time is left', async () => {
      for (const timeoutMs of [0, -1]) {
        expect(await send('m-1', { timeoutMs })).toEqual({
          kind: 'notSent',
          reason: 'no time was left for a call',
        });
      }
      expect(await lipachat.delivered(kind)).toEqual([]);
    });

    it('is refused with a key that LipaChat does not accept, and accepted with one that it does', async () => {
      await lipachat.keys('key-2');
      expect(await send('m-1')).toEqual({ kind: 'credentials' });
      expect(await lipachat.delivered(kind)).toEqual([]);
      expect((await send('m-1', { apiKey: 'key-2' })).kind).toBe('accepted');
    });

    it.each<[Fate, object]>([
      ['credentials', { kind: 'credentials' }],
      ['session-closed', { kind: 'sessionClosed' }],
      ['redirect', { kind: 'notSent', reason: 'LipaChat responded with a redirect' }],
      [{ throttledForSeconds: 7 }, { kind: 'throttled', retryAfterMs: 7_000 }],
      [{ code: 131056 }, { kind: 'throttled', pair: true }],
      [{ code: 131026 }, { kind: 'rejected', errorClass: 'undeliverable', duplicate: false }],
      [{ code: 131031 }, { kind: 'rejected', errorClass: 'stop-number', duplicate: false }],
    ])('is not delivered by a refusal: %j', async (fate, outcome) => {
      await lipachat.next(kind, fate);
      expect(await send('m-1')).toMatchObject(outcome);
      expect(await lipachat.delivered(kind)).toEqual([]);
      expect((await send('m-1')).kind).toBe('accepted');
    });
  });

  it('identifies a flow by the id that it received, not by ours', async () => {
    const changes = { messageId: idOf('ours') };
    await sendFlow('first', { changes });
    await sendFlow('resend', { changes });
    expect(await lipachat.delivered('flow')).toEqual(['first', 'resend']);
  });

  it('keeps the fates of flows and template messages apart', async () => {
    await lipachat.next('template', 'credentials');
    expect((await sendFlow('m-1')).kind).toBe('accepted');
    expect((await sendTemplate('m-2')).kind).toBe('credentials');
  });
});
