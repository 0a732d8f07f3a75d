/**
 * Status callbacks about the template message of a parked flow. They are never taken for callbacks about the flow.
 */
import { beforeEach, describe, expect, it } from 'vitest';
import { waKeyOf } from '../../../src/lib/messages/message.ts';
import type { Outcome } from '../../../src/lib/messages/outcome.ts';
import type { ReportedStatus } from '../../../src/lib/messages/status.ts';
import type { StatusReport } from '../../../src/lib/messages/status-report.ts';
import { classOf } from '../../../src/lib/whatsapp/error-codes.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { idOf, PAIR, sampleRequest } from '../../support/fakes/samples.ts';
import { makeWorld, type Process, type World } from '../../support/fakes/world.ts';

const ID = idOf('m-1');
const DAY_MS = 86_400_000;
const request = sampleRequest({
  messageId: ID,
  whenClosed: 'template',
  template: { name: 'hello', languageCode: 'en' },
  parkForSeconds: 259_200,
});

let world: World;
let p: Process;
beforeEach(async () => {
  world = makeWorld();
  p = world.process('p');
  await p.send({ request });
  world.clock.advance(1_000);
});

const message = () => world.messages.all().find((m) => m.messageId === ID);
const templates = () => world.gateway.templates.map(({ messageId }) => messageId);
/** The ids of its template messages, as they are stored. */
function ids(): string[] {
  const { messageId, earlierIds = {} } = message()?.templateMessage ?? {};
  return [...Object.values(earlierIds), ...(messageId === undefined ? [] : [messageId])];
}
const nth = (n: number): string => ids()[n] ?? expect.fail();
const first = () => nth(0);
const second = () => nth(1);
const report = (changes: Partial<StatusReport> = {}): StatusReport => ({
  status: 'failed',
  at: world.clock.now(),
  detail: 'Oh',
  ...changes,
});

async function writes(text = 'hi'): Promise<void> {
  const said = { writtenAt: undefined, said: [text], reply: undefined };
  await p.handleCallbacks([
    { kind: 'inbound', id: `in-${world.clock.now().getTime()}`, pair: PAIR, ...said },
  ]);
}

async function rest(minutes: number): Promise<void> {
  for (let n = 0; n < minutes; n += 1) {
    world.clock.advance(61_000);
    await p.sweep();
    await p.workOff();
  }
}

/** The ids by which a callback may name it: LipaChat's shape, the shape with both ids, and WhatsApp's own. */
const NAMES: [string, () => string | undefined, () => string | undefined][] = [
  ['its messageId', first, () => undefined],
  ['both ids', first, () => waIdOf(first())],
  ['its id at WhatsApp', () => undefined, () => waIdOf(first())],
  ['its id at WhatsApp and one of LipaChat’s own', () => 'gateway-77', () => waIdOf(first())],
];

describe.each(NAMES)('a callback that names the template message by %s', (_, nameOf, waIdNow) => {
  let name: string | undefined;
  let waId: string | undefined;
  beforeEach(() => {
    [name, waId] = [nameOf(), waIdNow()];
  });

  it.each<ReportedStatus>(['sent', 'delivered', 'read'])(
    'changes nothing of the flow as %s, and is not stored',
    async (status) => {
      const before = message();
      await p.handleStatus(name, report({ status, waId }));
      const state = status === 'sent' ? 'sent' : 'delivered';
      const templateMessage = before && { ...before.templateMessage, state };
      expect(message()).toEqual({ ...before, templateMessage });
      expect([world.callbacks.raw(), world.unmatchedQueue.waiting]).toEqual([[], []]);
    },
  );

  it.each<ReportedStatus>(['delivered', 'read'])(
    'calls another one off as %s, before the failure and after it',
    async (status) => {
      const proof = () => p.handleStatus(name, report({ status, waId }));
      const failure = () => p.handleStatus(name, report({ code: 130_429, waId }));
      for (const step of [failure, proof, failure, proof]) await step();
      expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'delivered' } });
      await rest(30);
      expect(templates()).toEqual([first()]);
    },
  );

  it('is never taken for a callback about the flow, even after the flow was sent', async () => {
    await writes();
    await rest(1);
    const before = message();
    expect(before?.status).toBe('sent');
    for (const status of ['read', 'failed'] as const) await p.handleStatus(name, report({ status, waId }));
    await rest(3);
    expect(message()).toEqual(before);
  });

  it.each([
    ['the caller has to change the request', 132_001],
    ['the customer cannot be reached', 131_026],
    ['the code is unknown', 139_999],
    ['there is no code', undefined],
  ])('fails the flow when the template message failed and %s', async (_why, code) => {
    await p.handleStatus(name, report({ waId, code }));
    expect(message()).toMatchObject({ status: 'failed', reason: 'Oh', answer: { code: 'gateway-rejected' } });
    expect(message()?.request).toBeUndefined();
    await rest(3);
    expect(templates()).toEqual([first()]);
  });

  it("records the customer's opt-out, and sends nothing that waits", async () => {
    await p.handleStatus(name, report({ waId, code: 131_050 }));
    expect((await p.read.session(PAIR)).optedOut).toBe(true);
    expect(message()).toMatchObject({ status: 'failed', answer: { code: 'recipient-opted-out' } });
  });

  it.each([
    ['stop-number', 131_031, 15],
    ['content-held', 132_015, 15],
    ['wait', 130_429, 5],
    ['pair-too-fast', 131_056, 5],
    ['cannot-tell', 131_000, 5],
  ])(
    'lets another template message go out later for class %s, and the flow keeps waiting',
    async (errorClass, code, minutes) => {
      await p.handleStatus(name, report({ waId, code }));
      expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'pending' } });
      expect(ids()).toHaveLength(2);
      await p.handleStatus(name, report({ waId, code }));
      await rest(minutes);
      expect(templates()).toEqual([first(), second()]);
      expect(message()).toMatchObject({
        status: 'parked',
        templateMessage: { state: 'sent', waId: waIdOf(second()) },
      });
      const alerts = ['stop-number', 'content-held'].includes(errorClass) ? 2 : 0;
      expect(world.telemetry.counted('gateway.alert')).toBe(alerts);
      await p.handleStatus(name, report({ waId, code: 132_001 }));
      expect(message()?.status).toBe('parked');
    },
  );

  it('has no effect once the customer has written', async () => {
    await writes();
    const before = message();
    await p.handleStatus(name, report({ waId, code: 132_001 }));
    await p.handleStatus(name, report({ waId, code: 130_429 }));
    expect(message()).toEqual(before);
  });
});

describe('a template message that WhatsApp failed', () => {
  it("has no effect when a customer's message came and its flow only waits behind another one", async () => {
    const other = { ...request, messageId: idOf('m-2'), flowId: 'ANOTHER' };
    await p.send({ request: other });
    world.clock.advance(1_000);
    await writes();
    const found = () => world.messages.all().find(({ messageId }) => messageId === other.messageId);
    const before = found();
    expect(before?.status).toBe('parked');
    const gatewayMessageId = before?.templateMessage?.messageId;
    for (const code of [132_001, 130_429]) await p.handleStatus(gatewayMessageId, report({ code }));
    expect(found()).toEqual(before);
  });

  it("is sent again once, a day later at the earliest, when it was held for the user's sake", async () => {
    await p.handleStatus(first(), report({ code: 131_049 }));
    world.clock.advance(DAY_MS - 120_000);
    await rest(1);
    expect(templates()).toEqual([first()]);
    await rest(3);
    expect(templates()).toEqual([first(), second()]);
    await p.handleStatus(second(), report({ code: 131_049 }));
    world.clock.advance(DAY_MS);
    await rest(3);
    expect(templates()).toHaveLength(2);
    expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'failed' } });
  });

  it('is sent again at most twice when the cause is unknown', async () => {
    for (const n of [0, 1, 2, 3]) {
      await p.handleStatus(ids()[n] ?? 'none', report({ code: 131_000 }));
      await rest(12);
    }
    expect(templates()).toHaveLength(3);
    expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'failed' } });
  });

  it('has no effect on the flow once a newer template message is out', async () => {
    await p.handleStatus(first(), report({ code: 130_429 }));
    await rest(5);
    for (const [name, waId] of [
      [first(), undefined],
      [undefined, waIdOf(first())],
    ]) {
      await p.handleStatus(name, report({ waId, code: 132_001 }));
    }
    expect(message()?.status).toBe('parked');
    await p.handleStatus(undefined, report({ waId: waIdOf(second()), code: 132_001 }));
    expect(message()?.status).toBe('failed');
  });

  it('is matched later when the callback arrives before its WhatsApp id is stored', async () => {
    world = makeWorld();
    p = world.process('p');
    const early = world.process('early', {
      through: (gateway) => ({
        ...gateway,
        async sendTemplate(template, call) {
          const outcome = await gateway.sendTemplate(template, call);
          await p.handleStatus(undefined, report({ waId: waIdOf(template.messageId), code: 132_001 }));
          return outcome;
        },
      }),
    });
    await early.send({ request });
    expect(world.unmatchedQueue.waiting).toHaveLength(1);
    await rest(2);
    expect(message()).toMatchObject({ status: 'failed', reason: 'Oh' });
    expect(world.unmatchedQueue.waiting).toEqual([]);
  });

  it('is not marked as sent by its own late receipt once another one is due', async () => {
    world = makeWorld();
    p = world.process('p');
    const slow = world.process('slow', {
      through: (gateway) => ({
        ...gateway,
        async sendTemplate(template, call) {
          const outcome = await gateway.sendTemplate(template, call);
          await p.handleStatus(template.messageId, report({ code: 130_429 }));
          return outcome;
        },
      }),
    });
    await slow.send({ request });
    expect(message()?.templateMessage).toMatchObject({ state: 'pending', resends: 1 });
    await rest(5);
    expect(templates()).toEqual([first(), second()]);
  });
});

describe('proof that a template message was delivered', () => {
  it('calls another one off while its send is under way', async () => {
    await p.handleStatus(first(), report({ code: 130_429 }));
    const late = world.process('late', {
      link: async (call, apply) => {
        const result = apply();
        if (call === 'keepAlias') await p.handleStatus(first(), report({ status: 'delivered' }));
        return result;
      },
    });
    world.clock.advance(DAY_MS / 24);
    await late.sweep();
    await rest(5);
    expect(templates()).toEqual([first()]);
    expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'delivered' } });
  });

  it('stays where its own outcome is unknown', async () => {
    world = makeWorld({ mode: 'hold' });
    p = world.process('p');
    world.gateway.nextTemplates('accept-unheard');
    const early = world.process('early', {
      through: (gateway) => ({
        ...gateway,
        async sendTemplate(template, call) {
          const outcome = await gateway.sendTemplate(template, call);
          await p.handleStatus(first(), report({ status: 'read' }));
          return outcome;
        },
      }),
    });
    await early.send({ request });
    await p.handleStatus(first(), report({ code: 132_001 }));
    expect(message()).toMatchObject({ status: 'parked', templateMessage: { state: 'delivered' } });
  });

  it.each([['before'], ['after']])(
    'counts %s a failure that passes, with outcomes on hold',
    async (order) => {
      world = makeWorld({ mode: 'hold' });
      p = world.process('p');
      await p.send({ request });
      const failure = () => p.handleStatus(first(), report({ code: 131_000 }));
      const proof = () => p.handleStatus(undefined, report({ status: 'delivered', waId: waIdOf(first()) }));
      for (const step of order === 'before' ? [proof, failure] : [failure, proof]) await step();
      await rest(30);
      expect(templates()).toEqual([first()]);
      await writes();
      await rest(2);
      expect(message()?.status).toBe('sent');
    },
  );
});

describe('a template message that LipaChat refuses for a temporary reason', () => {
  const refusal = (code: number): Outcome => ({
    kind: 'rejected',
    message: 'Oh',
    errorClass: classOf(code),
    duplicate: false,
    envelope: null,
  });

  it.each([
    ['ten minutes', 131_031, 9, 3],
    ['a day', 131_049, 24 * 59, 40],
  ])(
    'keeps its id, and its delay before the next attempt: %s',
    async (_, code, minutesBefore, minutesAfter) => {
      world = makeWorld();
      p = world.process('p');
      world.gateway.nextTemplates(refusal(code));
      await p.send({ request });
      await rest(minutesBefore);
      expect(templates()).toEqual([]);
      await rest(minutesAfter);
      expect(templates()).toEqual([first()]);
    },
  );

  it('is not sent once the customer has written in the meantime', async () => {
    world = makeWorld();
    p = world.process('p');
    const slow = world.process('slow', {
      link: async (call, apply) => {
        const result = apply();
        if (call === 'keepAlias') await writes();
        return result;
      },
    });
    await slow.send({ request });
    expect(templates()).toEqual([]);
    await p.workOff();
    expect(message()?.status).toBe('sent');
    expect(templates()).toEqual([]);
  });

  it('can be found by its id before it is sent', async () => {
    world = makeWorld();
    p = world.process('p');
    world.gateway.nextTemplates('accept-unheard', 'accept-unheard');
    await p.send({ request });
    expect(world.aliases.all()).toEqual([first()]);
    await rest(2);
    expect(world.aliases.all()).toEqual([first(), waKeyOf(waIdOf(first()))]);
  });
});
