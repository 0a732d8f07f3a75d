/** A callback reports a temporary failure: the message is sent once more, under a new id. */
import { beforeEach, describe, expect, it } from 'vitest';
import { sentIdsOf } from '../../../src/lib/messages/gateway-message-id.ts';
import type { FlowRequest } from '../../../src/lib/messages/message.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import type { StatusReport } from '../../../src/lib/messages/status-report.ts';
import { classOf } from '../../../src/lib/whatsapp/error-codes.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, PAIR, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const TOO_FAST = 130_429;
const UNTOLD = 131_000;
const HELD = 131_049;
const SHUT = 131_047;

let world: World;
let p: Process;
beforeEach(async () => {
  world = makeWorld();
  p = world.process('p');
  await world.sessions.create(sampleSession());
});

const ID = 'm-1';
const flow = (changes: Partial<FlowRequest> = {}) => sampleRequest({ messageId: idOf(ID), ...changes });
const BY = { clientId: 'client-1', seesAll: false };
const message = (id = ID) => world.messages.all().find((m) => m.messageId === id);
/** The id of its nth resend. */
function idOfResend(n: number): string {
  const stored = message();
  return (stored && sentIdsOf(stored)[n]) ?? expect.fail(`there is no resend ${n}`);
}
const second = () => idOfResend(1);
const delivered = () => world.gateway.deliveries.map(({ messageId }) => messageId);

const report = (changes: Partial<StatusReport> = {}): StatusReport => ({
  status: 'failed',
  at: world.clock.now(),
  code: TOO_FAST,
  detail: 'Oh',
  ...changes,
});

async function writes(): Promise<void> {
  const said = { writtenAt: undefined, said: ['hi'], reply: undefined };
  await p.handleCallbacks([
    { kind: 'inbound', id: `in-${world.clock.now().getTime()}`, pair: PAIR, ...said },
  ]);
}

/** Runs the worker and the sweeper for so many minutes. */
async function rest(minutes = 2): Promise<void> {
  for (let n = 0; n < minutes; n += 1) {
    world.clock.advance(61_000);
    await p.sweep();
    await p.workOff();
  }
}

async function sendAndFail(code = TOO_FAST): Promise<void> {
  await p.send({ request: flow() });
  world.clock.advance(1_000);
  await p.handleStatus(ID, report({ code, waId: waIdOf(ID) }));
}

describe('a message that WhatsApp fails for a temporary reason', () => {
  it('is requeued in one write: accepted, queued, not before its delay, with the reason', async () => {
    await sendAndFail();
    const stored = message();
    expect(stored).toMatchObject({ status: 'queued', accepted: true, epoch: 2, resends: 1, tries: 1 });
    expect(stored).toMatchObject({ reason: 'Oh', retiredWaIds: [waIdOf(ID)], notBefore: expect.any(Date) });
    expect(stored?.answer?.kind).toBe('sent');
    expect([stored?.waId, stored?.sentAt]).toEqual([undefined, undefined]);
    expect(stored?.timeline.at(-1)).toMatchObject({ status: 'queued', source: 'callback', detail: 'Oh' });
    expect(world.queue.log).toHaveLength(1);
  });

  it('is answered with the first bytes, before and after the resend', async () => {
    const first = await p.send({ request: flow() });
    const same = { ...first, replayed: true };
    await p.handleStatus(ID, report({ waId: waIdOf(ID) }));
    expect(await p.send({ request: flow() })).toEqual(same);
    expect(delivered()).toEqual([ID]);
    await rest();
    expect(await p.send({ request: flow() })).toEqual(same);
    expect(delivered()).toEqual([ID, second()]);
    expect(await p.read.message(idOf(ID), BY)).toMatchObject({ status: 'sent', waId: waIdOf(second()) });
  });

  it('shows its reason and the next step meanwhile', async () => {
    await sendAndFail();
    expect(await p.read.message(idOf(ID), BY)).toMatchObject({
      status: 'queued',
      reason: 'Oh',
      nextStep: expect.stringMatching(/worker.*no earlier than/),
    });
  });

  it('is sent once more, and drops its content once it is delivered', async () => {
    await sendAndFail();
    await rest();
    expect(delivered()).toEqual([ID, second()]);
    expect(message()).toMatchObject({ status: 'sent', waId: waIdOf(second()) });
    expect(message()?.request).toBeDefined();
    await p.handleStatus(second(), report({ status: 'delivered', waId: waIdOf(second()) }));
    expect(message()).toMatchObject({ status: 'delivered', request: undefined });
    await p.handleStatus(second(), report({ waId: waIdOf(second()) }));
    await rest();
    expect(delivered()).toEqual([ID, second()]);
  });

  it('shows both sends in its history', async () => {
    await sendAndFail();
    await rest();
    const words = message()?.timeline.map(({ status, source }) => `${status} ${source}`);
    expect(words).toEqual([
      ...['sending api', 'sent gateway', 'failed callback', 'queued callback'],
      'sent gateway',
    ]);
  });

  it('is not resent once its customer has replied to it', async () => {
    await p.send({ request: flow() });
    const at = world.clock.now();
    await p.handleReply({ id: 'r', at, pair: PAIR, response: {}, quotedIds: [waIdOf(ID)] });
    await p.handleStatus(ID, report({ waId: waIdOf(ID) }));
    await rest();
    expect(delivered()).toEqual([ID]);
  });

  it('fails if its window is closed by then and no other way was requested', async () => {
    await sendAndFail(131_031);
    await world.sessions.remove((await world.sessions.get(PAIR)) ?? expect.fail());
    await rest(15);
    expect(message()).toMatchObject({ status: 'failed', answer: { kind: 'sent' } });
    expect(message()?.reason).toContain('session window');
    expect(delivered()).toEqual([ID]);
  });

  it("fails with the last code's text when its tries are used up", async () => {
    await sendAndFail(UNTOLD);
    for (const resends of [1, 2]) {
      await rest();
      const gatewayMessageId = idOfResend(resends);
      expect(delivered().at(-1)).toBe(gatewayMessageId);
      await p.handleStatus(
        gatewayMessageId,
        report({ code: UNTOLD, detail: `Oh ${resends}`, waId: waIdOf(gatewayMessageId) }),
      );
    }
    expect(message()).toMatchObject({ status: 'failed', reason: 'Oh 2', request: undefined });
    await rest(10);
    expect(delivered()).toHaveLength(3);
  });

  it('is found by its new id in the next callback, even if the process died after the write before it', async () => {
    await p.send({ request: flow() });
    const dying = world.process('dying', {
      link: async (call, apply) => {
        const result = await Promise.resolve(apply());
        if (call === 'replace') throw new Error('it died after the write');
        return result;
      },
    });
    await expect(dying.handleStatus(ID, report({ waId: waIdOf(ID) }))).rejects.toThrow('died');
    await rest(5);
    await p.handleStatus(second(), report({ status: 'read' }));
    expect(message()?.status).toBe('read');
  });
});

describe('a status callback after a resend', () => {
  it('leads to one resend for three concurrent failures', async () => {
    await p.send({ request: flow() });
    const same = report({ waId: waIdOf(ID) });
    await Promise.all([1, 2, 3].map((n) => world.process(`webhook-${n}`).handleStatus(ID, same)));
    expect(message()).toMatchObject({ status: 'queued', resends: 1, tries: 1 });
    await rest(5);
    expect(delivered()).toEqual([ID, second()]);
  });

  it('uses the id that was stored, whichever of two callbacks stored it, and keeps no other', async () => {
    await p.send({ request: flow() });
    const same = report({ waId: waIdOf(ID) });
    const late = world.process('late', {
      link: async (call, apply) => {
        // The other callback comes between this one's alias and its write.
        if (call === 'replace' && message()?.resends === undefined) await p.handleStatus(ID, same);
        return apply();
      },
    });
    await late.handleStatus(ID, same);
    expect(message()?.resendIds).toEqual({ 1: expect.stringMatching(/^p~/) });
    expect(world.aliases.all().filter((alias) => alias.includes('~'))).toEqual([second()]);
    await rest(5);
    expect(delivered()).toEqual([ID, second()]);
  });

  it.each<[string, string | undefined, Partial<StatusReport>]>([
    ['the first messageId alone', ID, {}],
    ['the first messageId, with an id of WhatsApp’s that is unknown', ID, { waId: 'wamid.other' }],
    ['the first messageId and its id at WhatsApp', ID, { waId: waIdOf(ID) }],
    ['its id at WhatsApp alone', undefined, { waId: waIdOf(ID) }],
    ['another code', ID, { code: 131_026 }],
    ['a shut window', ID, { code: SHUT, waId: waIdOf(ID) }],
    ['a shut window, and no id at WhatsApp', ID, { code: SHUT }],
    ['a lower status', ID, { status: 'sent', waId: waIdOf(ID) }],
  ])('leaves the second send unchanged when it is about the first: %s', async (_, name, changes) => {
    await sendAndFail();
    await rest();
    const before = message();
    await p.handleStatus(name, report(changes));
    await p.sweep();
    expect(message()).toEqual(before);
    expect((await p.read.session(PAIR)).open).toBe(true);
  });

  it.each<[string, () => string | undefined, () => string | undefined]>([
    ['its own id', second, () => undefined],
    ['both ids', second, () => waIdOf(second())],
    ['its id at WhatsApp', () => undefined, () => waIdOf(second())],
    ['its id at WhatsApp and one of LipaChat’s own', () => 'gateway-77', () => waIdOf(second())],
    ['its id at WhatsApp and the first messageId', () => ID, () => waIdOf(second())],
  ])('counts for the second send when it names %s', async (_, name, waId) => {
    await sendAndFail();
    await rest();
    await p.handleStatus(name(), report({ status: 'delivered', waId: waId() }));
    expect(message()?.status).toBe('delivered');
  });

  it('makes the late receipt of a requeued send irrelevant', async () => {
    const { send } = world.process('slow', {
      through: (gateway) => ({
        ...gateway,
        async sendFlow(request, call) {
          const outcome = await gateway.sendFlow(request, call);
          await p.handleStatus(ID, report());
          return outcome;
        },
      }),
    });
    expect(await send({ request: flow() })).toMatchObject({ kind: 'pending', receipt: { status: 'queued' } });
    expect(message()).toMatchObject({ status: 'queued', waId: undefined, retiredWaIds: [waIdOf(ID)] });
    expect(message()?.answer).toBeUndefined();
    await rest();
    expect(delivered()).toEqual([ID, second()]);
  });

  it('leaves no alias of a late receipt if the message is erased meanwhile', async () => {
    const slow = world.process('slow', {
      link: async (call, apply) => {
        if (call === 'keepAlias') await p.erase(PAIR, 'c-1');
        return apply();
      },
      through: (gateway) => ({
        ...gateway,
        async sendFlow(request, call) {
          const outcome = await gateway.sendFlow(request, call);
          await p.handleStatus(ID, report());
          return outcome;
        },
      }),
    });
    await slow.send({ request: flow() });
    expect([world.messages.all(), world.aliases.all()]).toEqual([[], []]);
  });

  it('leaves no alias of a failed send if the message is erased meanwhile', async () => {
    await p.send({ request: flow() });
    const change = async (waId: string | undefined) => {
      const stored = await world.messages.get(idOf(ID));
      if (stored) await world.messages.replace(stored, { ...stored.value, waId });
    };
    await change(undefined);
    let kept = 0;
    const webhook = world.process('webhook', {
      link: async (call, apply) => {
        if (call !== 'keepAlias') return apply();
        kept += 1;
        // The receipt's id comes between reading the message and writing it.
        await (kept === 1 ? change('wamid.late') : p.erase(PAIR, 'c-1'));
        return apply();
      },
    });
    await webhook.handleStatus(ID, report());
    expect([world.messages.all(), world.aliases.all()]).toEqual([[], []]);
  });

  it("does not fail the second send when an outdated index still finds the message by the first one's id", async () => {
    await sendAndFail();
    await rest();
    const behind = world.process('behind', {
      link: (call, apply) => Promise.resolve(call === 'findByWaKey' ? (ID as never) : apply()),
    });
    await behind.handleStatus(undefined, report({ code: 131_026, waId: waIdOf(ID) }));
    expect(message()).toMatchObject({ status: 'sent', waId: waIdOf(second()) });
    expect(world.unmatchedQueue.waiting).toEqual([]);
  });
});

/** WhatsApp failed the first send, and it arrived nevertheless. */
const PROOFS: [string, (p: Process) => Promise<unknown>][] = [
  ['DELIVERED by the messageId', (p) => p.handleStatus(ID, report({ status: 'delivered' }))],
  ['READ by the messageId', (p) => p.handleStatus(ID, report({ status: 'read' }))],
  [
    'DELIVERED by its id at WhatsApp alone',
    (p) => p.handleStatus(undefined, report({ status: 'delivered', waId: waIdOf(ID) })),
  ],
  [
    'READ by its id at WhatsApp and one of LipaChat’s own',
    (p) => p.handleStatus('gateway-77', report({ status: 'read', waId: waIdOf(ID) })),
  ],
  [
    'a reply that quotes it',
    (p) =>
      p.handleReply({
        id: 'r',
        at: world.clock.now(),
        pair: PAIR,
        response: {},
        quotedIds: [waIdOf(ID)],
        formName: 'flow',
      }),
  ],
];

describe.each(PROOFS)('proof that the failed send arrived: %s', (name, prove) => {
  const proved = () => expect(['delivered', 'read']).toContain(message()?.status);

  it('calls the resend off, and restores WhatsApp’s id', async () => {
    await sendAndFail();
    await prove(p);
    proved();
    await rest(10);
    expect(delivered()).toEqual([ID]);
    if (!name.endsWith('the messageId')) expect(message()?.waId).toBe(waIdOf(ID));
    expect(message()).toMatchObject({ answer: { kind: 'sent' }, reason: undefined });
    expect([message()?.dueAt, message()?.request, message()?.lease]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('calls the release off while the flow is parked again', async () => {
    await p.send({ request: flow({ whenClosed: 'park', parkForSeconds: 3_600 }) });
    world.clock.advance(1_000);
    await p.handleStatus(ID, report({ code: SHUT, waId: waIdOf(ID) }));
    expect(message()?.status).toBe('parked');
    await prove(p);
    proved();
    await writes();
    await rest(10);
    expect(delivered()).toEqual([ID]);
  });

  it('counts before the failure, too', async () => {
    await p.send({ request: flow() });
    await prove(p);
    await p.handleStatus(ID, report({ waId: waIdOf(ID) }));
    proved();
    await rest(10);
    expect(delivered()).toEqual([ID]);
  });

  it('counts after the resend, and after that one failed for good', async () => {
    await sendAndFail();
    await rest();
    await p.handleStatus(second(), report({ code: 131_026, waId: waIdOf(second()) }));
    expect(message()?.status).toBe('failed');
    await prove(p);
    proved();
    await p.handleStatus(second(), report({ waId: waIdOf(second()) }));
    await rest(10);
    proved();
    expect(delivered()).toEqual([ID, second()]);
  });

  it('counts during the resend, which settles with the first answer', async () => {
    const first = await p.send({ request: flow() });
    await p.handleStatus(ID, report({ waId: waIdOf(ID) }));
    world.clock.advance(61_000);
    const slow = world.process('slow', {
      through: (gateway) => ({
        ...gateway,
        async sendFlow(request, call) {
          const outcome = await gateway.sendFlow(request, call);
          await prove(p);
          return outcome;
        },
      }),
    });
    await slow.workOff();
    proved();
    expect([message()?.lease, message()?.dueAt]).toEqual([undefined, undefined]);
    expect(await p.send({ request: flow() })).toEqual({ ...first, replayed: true });
    await rest(10);
    expect(delivered()).toEqual([ID, second()]);
  });
});

describe('a failure with a shut window after the proof that the message was delivered', () => {
  it.each(['delivered', 'read'] as const)('leaves the window open: %s', async (status) => {
    await p.send({ request: flow() });
    world.clock.advance(1_000);
    await p.handleStatus(ID, report({ status }));
    await p.handleStatus(ID, report({ code: SHUT }));
    expect(message()?.status).toBe(status);
    expect((await p.read.session(PAIR)).open).toBe(true);
  });
});

describe('with outcomes on hold', () => {
  beforeEach(async () => {
    world = makeWorld({ mode: 'hold' });
    p = world.process('p');
    await world.sessions.create(sampleSession());
  });

  it.each([TOO_FAST, UNTOLD, HELD, SHUT, 131_031, 132_015, 131_048])(
    'a message that WhatsApp fails with %i is not sent again',
    async (code) => {
      await p.send({ request: flow({ whenClosed: 'park', parkForSeconds: 3_600 }) });
      world.clock.advance(1_000);
      await p.handleStatus(ID, report({ code, waId: waIdOf(ID) }));
      expect(message()).toMatchObject({ status: 'failed', reason: 'Oh' });
      await writes();
      await rest(30);
      expect(delivered()).toEqual([ID]);
      await p.handleStatus(ID, report({ status: 'delivered', waId: waIdOf(ID) }));
      expect(message()?.status).toBe('delivered');
    },
  );

  it('an accepted message whose code does not tell is unknown, and is not sent again', async () => {
    const untold = {
      kind: 'rejected',
      message: 'Oh',
      errorClass: classOf(UNTOLD),
      duplicate: false,
      envelope: null,
    } as const;
    world.gateway.next(untold);
    await p.send({ request: flow(), respondAsync: true });
    await rest(30);
    expect(message()).toMatchObject({ status: 'unknown', reason: expect.stringContaining('does not tell') });
    expect(world.gateway.calls).toHaveLength(1);
  });
});

describe("a message that WhatsApp holds back for its user's sake", () => {
  const held: Outcome = {
    kind: 'rejected',
    message: 'Held.',
    errorClass: classOf(HELD),
    duplicate: false,
    envelope: null,
  };

  /** Advances 24 hours; the customer writes before they are over. */
  async function aDay(): Promise<void> {
    world.clock.advance(80_000_000);
    await writes();
    await rest(1);
    expect(message()?.status).toBe('queued');
    world.clock.advance(6_500_000);
  }

  it('is 202 queued to a waiting caller, with the reason and the time, and is not enqueued', async () => {
    world.gateway.next(held);
    const result = await p.send({ request: flow() });
    expect(result).toMatchObject({
      kind: 'pending',
      receipt: { status: 'queued', reason: expect.any(String) },
    });
    expect(JSON.stringify(result)).toContain(
      new Date(world.clock.now().getTime() + 86_400_000).toISOString(),
    );
    expect(world.queue.log).toEqual([]);
    expect(message()).toMatchObject({ accepted: true, dueAt: message()?.notBefore });
  });

  it('is sent once, a day later, by the sweeper and the worker', async () => {
    world.gateway.next(held);
    await p.send({ request: flow() });
    await aDay();
    await rest(3);
    expect(message()?.status).toBe('sent');
    expect(delivered()).toEqual([ID]);
    expect(world.gateway.calls).toHaveLength(2);
  });

  it('fails when it is held a second time', async () => {
    world.gateway.next(held, held);
    await p.send({ request: flow() });
    await aDay();
    await rest(3);
    expect(message()).toMatchObject({ status: 'failed', answer: { code: 'gateway-rejected' } });
    await rest(5);
    expect(world.gateway.calls).toHaveLength(2);
  });

  it('is sent under another id a day after a callback says so, and never again', async () => {
    await sendAndFail(HELD);
    expect(world.queue.log).toEqual([]);
    await aDay();
    await rest(3);
    expect(delivered()).toEqual([ID, second()]);
    await p.handleStatus(second(), report({ code: HELD }));
    expect(message()).toMatchObject({ status: 'failed', reason: 'Oh' });
  });

  it('counts the times it was held, and no other delay', async () => {
    world.gateway.next({ kind: 'throttled' }, { kind: 'throttled' }, held);
    await p.send({ request: flow(), respondAsync: true });
    await rest(5);
    expect(message()).toMatchObject({ status: 'queued', triesOf: { 'held-for-user': 1 } });
  });

  it('does not block the recipient queue behind it', async () => {
    world = makeWorld();
    p = world.process('p');
    const park = { whenClosed: 'park', parkForSeconds: 259_200 } as const;
    await p.send({ request: flow(park) });
    world.clock.advance(1_000);
    await p.send({ request: flow({ ...park, messageId: idOf('m-2') }) });
    world.gateway.next(held);
    await writes();
    await rest(3);
    expect([message()?.status, message('m-2')?.status]).toEqual(['queued', 'sent']);
  });
});
