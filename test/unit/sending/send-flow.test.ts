import { beforeEach, describe, expect, it } from 'vitest';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import type { PhoneNumber } from '../../../src/lib/whatsapp/phone.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { type Link, straight } from '../../support/fakes/link.ts';
import { later, NOW, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

let world: World;
let caller: Process;
beforeEach(async () => {
  world = makeWorld();
  caller = world.process('caller');
  await world.sessions.create(sampleSession());
});

const ID = sampleRequest().messageId;
const rejected = { kind: 'rejected', message: 'Request failed.', duplicate: false, envelope: null } as const;

const problem = (send: Promise<unknown>) =>
  send.then(
    () => undefined,
    (e: unknown) => e as AppError,
  );

describe('a flow that is sent', () => {
  it('is sent once, and returns what the gateway said', async () => {
    const sent = await caller.send();
    expect(sent).toMatchObject({ kind: 'sent', replayed: false });
    expect(JSON.parse(sent.kind === 'sent' ? sent.body : '')).toMatchObject({
      messageId: ID,
      status: 'sent',
      waId: waIdOf(ID),
      session: { open: true, expiresAt: later(86_400).toISOString() },
      attempts: 1,
      gateway: { status: 'success' },
    });
    expect(world.gateway.deliveries).toEqual([sampleRequest()]);
  });

  it('is replayed byte for byte, without another call', async () => {
    const first = await caller.send();
    world.clock.advance(7 * 86_400_000);
    const again = await caller.send();
    expect(again).toEqual({ ...first, replayed: true });
    expect(world.gateway.calls).toHaveLength(1);
  });

  it('is replayed even when the window is closed, and after callbacks have advanced its status', async () => {
    const first = await caller.send();
    await caller.handleStatus(ID, { status: 'read', at: later(5) });
    world.clock.advance(2 * 86_400_000);
    expect(await caller.send()).toEqual({ ...first, replayed: true });
  });

  it('has its lease given up, and nothing left to do', async () => {
    await caller.send();
    expect(world.onlyMessage()).toMatchObject({ status: 'sent', answer: { kind: 'sent' } });
    const { lease, dueAt } = world.onlyMessage() ?? {};
    expect([lease, dueAt]).toEqual([undefined, undefined]);
  });

  it('is sent with the current key, and with less time than the invocation has', async () => {
    await caller.send({ deadlineAt: later(10) });
    const [call] = world.gateway.calls;
    expect(call?.apiKey).toBe('key-1');
    expect(call?.timeoutMs).toBeGreaterThan(1_000);
    expect(call?.timeoutMs).toBeLessThan(9_000);
  });
});

describe('another payload under the same id', () => {
  const changes: Partial<FlowRequest>[] = [
    { to: '254717746566' as PhoneNumber },
    { from: '254110090748' as PhoneNumber },
    { text: 'another' },
    { flowId: 'another' },
    { flowCta: 'another' },
    { screen: 'another' },
    { data: { service: '', serviceOption: '', package: '', more: '' } },
    { data: { service: 1, serviceOption: '', package: '' } },
  ];

  it.each(changes)('is refused, and nothing is sent or shown: %j', async (change) => {
    await caller.send();
    const fault = await problem(caller.send({ request: sampleRequest(change) }));
    expect(fault).toMatchObject({ code: 'message-id-reused' });
    expect(fault?.detail).not.toMatch(/254|Thank you|wamid/);
    expect(world.gateway.calls).toHaveLength(1);
  });

  it('is refused while the first one is being sent, too', async () => {
    world.gateway.next('lost');
    await caller.send();
    expect(await problem(caller.send({ request: sampleRequest({ text: 'x' }) }))).toMatchObject({
      code: 'message-id-reused',
    });
  });

  it('from another client is refused whatever it is, except for a caller who may see all', async () => {
    const first = await caller.send();
    expect(await problem(caller.send({ clientId: 'client-2' }))).toMatchObject({ code: 'message-id-reused' });
    expect(await caller.send({ clientId: 'iam', seesAll: true })).toEqual({ ...first, replayed: true });
  });
});

describe('a message that another process is sending', () => {
  it('is in progress until its lease ends, and no caller waits for it', async () => {
    const link: Link = (call, apply) => (call === 'sendFlow' ? new Promise(apply) : straight(call, apply));
    void world.process('crashed', { link }).send();
    await new Promise((resolve) => setImmediate(resolve));
    world.clock.advance(10_000);
    expect(await problem(caller.send())).toMatchObject({ code: 'send-in-progress', retryAfter: 50 });
    world.clock.advance(50_000);
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.gateway.deliveries).toHaveLength(1);
  });
});

describe('a session window that closes', () => {
  const shutWorld = async (expiresInS: number) => {
    const shut = makeWorld();
    await shut.sessions.create(sampleSession(later(expiresInS - 86_400)));
    return shut;
  };

  it.each([
    ['a second before its margin', 61, 'sent'],
    ['at its margin', 60, 'session-closed'],
    ['at its end', 0, 'session-closed'],
  ])('is judged correctly %s', async (_, expiresInS, expected) => {
    const { gateway, process } = await shutWorld(expiresInS);
    const end = await process('caller')
      .send()
      .catch((e: unknown) => e as AppError);
    expect(end instanceof AppError ? end.code : end.kind).toBe(expected);
    expect(gateway.calls).toHaveLength(expected === 'sent' ? 1 : 0);
  });

  it('is reported with its end and with whenClosed, and leaves the id free', async () => {
    const shut = await shutWorld(-5);
    const fault = await problem(shut.process('caller').send());
    expect(fault?.detail).toContain(later(-5).toISOString());
    expect(fault?.detail).toContain('whenClosed');
    expect(shut.messages.all()).toEqual([]);
  });

  it('is closed for another business number and for a customer who never wrote', async () => {
    const other = sampleRequest({ from: '254110090748' as PhoneNumber });
    expect(await problem(caller.send({ request: other }))).toMatchObject({ code: 'session-closed' });
    expect(await problem(makeWorld().process('x').send())).toMatchObject({ code: 'session-closed' });
  });

  it('is closed when only WhatsApp says so: the ledger records it, and the id stays free', async () => {
    world.gateway.next({ kind: 'sessionClosed' });
    expect(await problem(caller.send())).toMatchObject({ code: 'session-closed' });
    expect(world.messages.all()).toEqual([]);
    expect((await world.sessions.get(PAIR))?.value.window?.expiresAt).toEqual(NOW);
    expect(await problem(caller.send())).toMatchObject({ code: 'session-closed' });
    expect(world.gateway.calls).toHaveLength(1);
  });
});

describe('a refusal by the gateway', () => {
  it('is final: it is stored, and replayed with the correlation id of the first', async () => {
    world.gateway.next(rejected);
    const first = await problem(caller.send({ correlationId: 'c-1' }));
    expect(first).toMatchObject({ code: 'gateway-rejected', detail: 'Request failed.', replayOf: undefined });
    const again = await problem(caller.send({ correlationId: 'c-2' }));
    expect(again).toMatchObject({ code: 'gateway-rejected', detail: 'Request failed.', replayOf: 'c-1' });
    expect(world.gateway.calls).toHaveLength(1);
    expect(world.onlyMessage()).toMatchObject({ status: 'failed', reason: 'Request failed.' });
  });
});

describe("a failure on the operator's side", () => {
  it.each([
    ['gateway-credentials', { kind: 'credentials' }, 30],
    ['gateway-misconfigured', { kind: 'misconfigured', httpStatus: 404 }, 60],
    ['gateway-throttled', { kind: 'throttled', retryAfterMs: 17_500 }, 18],
    ['gateway-unavailable', { kind: 'notSent', reason: 'refused' }, 5],
  ] as const)(
    "is reported as %s, and never stored under the caller's id",
    async (code, outcome, retryAfter) => {
      world.gateway.always(outcome);
      expect(await problem(caller.send())).toMatchObject({ code, retryAfter });
      expect(world.messages.all()).toEqual([]);
      world.gateway.always('accept');
      expect(await caller.send()).toMatchObject({ kind: 'sent', replayed: false });
    },
  );

  it('names the response, without a phone number, when something other than the key is wrong', async () => {
    world.gateway.next({ kind: 'misconfigured', httpStatus: 200, said: 'No balance for +254 700 000 001' });
    expect(await problem(caller.send())).toMatchObject({
      detail: expect.stringMatching(/The response: HTTP 200, "No balance for …"\.$/),
    });
  });

  it('is resolved silently and at once by a newer key', async () => {
    world.apiKey.rotate('key-2');
    world.gateway.next({ kind: 'credentials' });
    expect(await caller.send()).toMatchObject({ kind: 'sent' });
    expect(world.gateway.calls.map(({ apiKey }) => apiKey)).toEqual(['key-1', 'key-2']);
  });

  it('is not retried a second time when the newer key is wrong, too', async () => {
    world.apiKey.rotate('key-2');
    world.gateway.always({ kind: 'credentials' });
    expect(await problem(caller.send())).toMatchObject({ code: 'gateway-credentials' });
    expect([world.apiKey.refreshes, world.gateway.calls.length]).toEqual([1, 2]);
  });

  it('makes no call when there is no key at all', async () => {
    world.apiKey.breakWith(new AppError('gateway-credentials', 'No key.', { retryAfter: 5 }));
    expect(await problem(caller.send())).toMatchObject({ code: 'gateway-credentials' });
    expect([world.gateway.calls, world.messages.all()]).toEqual([[], []]);
  });
});
