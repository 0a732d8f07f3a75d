/** Contract §4: which change becomes which event, and how events are published. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Changed, eventsFor, type OutboundEvent } from '../../../src/lib/events/events-of-change.ts';
import { factsOf } from '../../../src/lib/events/metrics.ts';
import { type Change, makePublish } from '../../../src/lib/events/publish.ts';
import type { Message } from '../../../src/lib/messages/message.ts';
import { fakeBus } from '../../support/fakes/bus.ts';
import { straight } from '../../support/fakes/link.ts';
import { idOf, later, NOW, PAIR, sampleMessage, sampleSession } from '../../support/fakes/samples.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

const message = (before: Partial<Message> | undefined, after: Partial<Message>): Changed => ({
  kind: 'message',
  before: before && sampleMessage(before),
  after: sampleMessage(after),
});
const typesOf = (changed: Changed) => eventsFor(changed).map(({ type }) => type);

describe('a change of a message', () => {
  it.each(['sent', 'delivered', 'read', 'failed', 'parked', 'expired', 'unknown'] as const)(
    'to %s is an event that carries the ids and no text of the message',
    (status) => {
      const timeline = [{ at: later(7), status, source: 'gateway' } as const];
      const [event, ...others] = eventsFor(message({}, { status, timeline, waId: 'wamid.1', reason: 'r' }));
      expect(others).toEqual([]);
      expect(event?.type).toBe(`message.${status}`);
      expect(event?.detail).toMatchObject({
        version: 1,
        at: later(7).toISOString(),
        messageId: sampleMessage().messageId,
        status,
        from: PAIR.business,
        to: PAIR.customer,
        flowId: 'YOUR_FLOW_ID',
        waId: 'wamid.1',
        clientId: 'client-1',
        reason: 'r',
      });
      expect(JSON.stringify(event)).not.toMatch(/Share Details|fingerprint|owner/);
    },
  );

  it.each(['sending', 'queued'] as const)('to %s is not an event', (status) => {
    expect(typesOf(message({ status: 'parked' }, { status }))).toEqual([]);
    expect(typesOf(message(undefined, { status }))).toEqual([]);
  });

  it('that is only bookkeeping is not an event', () => {
    const sent = { status: 'sent' } as const;
    for (const more of [{ dueAt: later(9) }, { attempts: 3 }, { waId: 'w' }, { epoch: 9 }, { tries: 2 }]) {
      expect(typesOf(message(sent, { ...sent, ...more }))).toEqual([]);
    }
    const parked = { status: 'parked', parkedUntil: later(99) } as const;
    expect(typesOf(message(parked, { ...parked, dueAt: later(60) }))).toEqual([]);
    const reply = { id: 'r', at: NOW, response: {}, matchedBy: 'token' } as const;
    expect(typesOf(message({ ...sent, reply }, { ...sent, reply, dueAt: later(1) }))).toEqual([]);
  });

  it('that brings a reply is an event, beside a status in the same write', () => {
    const reply = { id: 'r-1', at: later(3), response: { secret: 'canary' }, matchedBy: 'token' } as const;
    const events = eventsFor(message({ status: 'sent' }, { status: 'delivered', reply }));
    expect(events.map(({ type }) => type)).toEqual(['message.delivered', 'flow.replied']);
    expect(events[1]?.detail.at).toBe(later(3).toISOString());
  });
});

describe('a change of a session', () => {
  const session = (before: object | undefined, after: object): Changed => ({
    kind: 'session',
    before: before && { pair: PAIR, ...before },
    after: { pair: PAIR, ...after },
  });
  const { window } = sampleSession();
  const stop = { consent: { optedOut: true, at: later(1) } };
  const start = { consent: { optedOut: false, at: later(2) } };

  it('reports the opening of a window once, however often the window is extended', () => {
    expect(typesOf(session(undefined, { window }))).toEqual(['session.opened']);
    const longer = { ...window, lastInboundAt: later(9), expiresAt: later(86_409) };
    expect(typesOf(session({ window }, { window: longer }))).toEqual([]);
    const next = sampleSession(later(99_999)).window;
    expect(typesOf(session({ window }, { window: next }))).toEqual(['session.opened']);
    expect(typesOf(session({ window }, { window: { ...window, expiresAt: NOW } }))).toEqual([]);
  });

  it('reports each change between STOP and START', () => {
    expect(typesOf(session({}, stop))).toEqual(['contact.opted-out']);
    expect(typesOf(session(stop, start))).toEqual(['contact.opted-in']);
    expect(typesOf(session(undefined, { ...stop, window }))).toEqual(['session.opened', 'contact.opted-out']);
    expect(typesOf(session(stop, { ...stop, window }))).toEqual(['session.opened']);
    expect(typesOf(session({ ...stop }, { ...stop, paceUntil: later(6) }))).toEqual([]);
  });
});

it("a template's status is published once, when it changes", () => {
  const after = { id: 't', templateId: 't', templateName: 'hello', status: 'APPROVED', at: NOW };
  const kind = 'template-status' as const;
  expect(eventsFor({ kind, before: undefined, after })).toMatchObject([
    { type: 'template.status', detail: { templateId: 't', templateName: 'hello', status: 'APPROVED' } },
  ]);
  expect(eventsFor({ kind, before: after, after: { ...after, at: later(9) } })).toEqual([]);
  expect(eventsFor({ kind, before: after, after: { ...after, status: 'REJECTED' } })).toHaveLength(1);
});

describe('an eventId', () => {
  const ids = (...changes: Changed[]) => changes.flatMap(eventsFor).map(({ detail }) => detail.eventId);

  it('is the same for the same fact, whatever else the write contains', () => {
    const one = message({ status: 'sent' }, { status: 'delivered' });
    const other = message({ status: 'sending', attempts: 7 }, { status: 'delivered', dueAt: later(5) });
    expect(new Set(ids(one, one, other)).size).toBe(1);
  });

  it('differs for a different fact', () => {
    const changes = (['sent', 'delivered', 'read', 'failed', 'parked', 'unknown'] as const).flatMap(
      (status) => [
        message({}, { status }),
        message({}, { status, epoch: 2 }),
        message({}, { status, messageId: idOf('m-2') }),
      ],
    );
    expect(new Set(ids(...changes)).size).toBe(changes.length);
  });
});

const sentChange = (id: string, index: number, status: 'sent' | 'delivered' | 'read' = 'sent'): Change => ({
  index,
  changed: message({ messageId: idOf(id) }, { messageId: idOf(id), status }),
});

describe('publishing events', () => {
  it('puts at most ten into one call, and one per message', async () => {
    const bus = fakeBus();
    const publish = makePublish({ bus, telemetry: fakeTelemetry() });
    const changes = Array.from({ length: 25 }, (_, n) =>
      sentChange(`m-${n % 23}`, n, n < 23 ? 'sent' : 'read'),
    );
    expect(await publish(changes)).toBeUndefined();
    expect(bus.taken).toHaveLength(25);
    for (const call of bus.calls) {
      expect(call.length).toBeLessThanOrEqual(10);
      expect(new Set(call.map(({ detail }) => detail['messageId'])).size).toBe(call.length);
    }
  });

  it('calls the bus at most ten times side by side, and keeps the order of one message', async () => {
    let [running, most] = [0, 0];
    const put = async (events: readonly OutboundEvent[]) => {
      running += 1;
      most = Math.max(most, running);
      order.push(...events.map(({ type, detail }) => `${detail['messageId']} ${type}`));
      await new Promise((resolve) => setImmediate(resolve));
      running -= 1;
      return events.map(() => true);
    };
    const order: string[] = [];
    const publish = makePublish({ bus: { put }, telemetry: fakeTelemetry() });
    const statuses = ['sent', 'delivered', 'read'] as const;
    const changes = statuses.flatMap((status, round) =>
      Array.from({ length: 150 }, (_, n) => sentChange(`m-${n}`, round * 150 + n, status)),
    );
    expect(await publish(changes)).toBeUndefined();
    expect(most).toBe(10);
    for (const id of ['m-0', 'm-77', 'm-149'])
      expect(order.filter((one) => one.startsWith(`${id} `))).toEqual(
        statuses.map((status) => `${id} message.${status}`),
      );
  });

  it("loses nothing and keeps each message's order, whatever the bus refuses and when", async () => {
    const plan = fc.record({
      of: fc.array(fc.nat(6), { minLength: 1, maxLength: 40 }),
      refusals: fc.array(fc.constantFrom<'all' | number>('all', 0, 2, 3, 2, 5), { maxLength: 12 }),
    });
    await fc.assert(
      fc.asyncProperty(plan, async ({ of, refusals }) => {
        const fake = fakeBus();
        const told = () => fake.taken.map(({ detail }) => detail.eventId);
        const left = [...refusals];
        const bus = fake.over((_, apply) => {
          const refuse = left.shift() ?? 0;
          if (refuse === 'all') return Promise.reject(new Error('down'));
          fake.refuses = (_event, n) => refuse !== 0 && n % refuse === 0;
          return straight('put-events', apply);
        });
        const publish = makePublish({ bus, telemetry: fakeTelemetry() });
        const changes = of.map(
          (m, index): Change => ({
            index,
            changed: message(
              { messageId: idOf(`m-${m}`) },
              { messageId: idOf(`m-${m}`), status: 'unknown', epoch: index + 1 },
            ),
          }),
        );
        // As the stream does it: everything from the first failure on is delivered again.
        let rest = changes;
        for (let batches = 0; rest.length > 0 && batches < 30; batches += 1) {
          const failed = await publish(rest);
          const before = rest;
          rest = failed === undefined ? [] : rest.filter(({ index }) => index >= failed);
          const safe = before
            .filter((one) => !rest.includes(one))
            .flatMap(({ changed }) => eventsFor(changed));
          expect(safe.filter(({ detail }) => !told().includes(detail.eventId))).toEqual([]);
        }
        expect(rest).toEqual([]);
        const first = [...new Set(told())];
        for (const m of new Set(of)) {
          const ofOne = (id: string) => id.startsWith(`m-${m}:`);
          const inOrder = changes.flatMap(({ changed }) => eventsFor(changed)).map((e) => e.detail.eventId);
          expect(first.filter(ofOne)).toEqual(inOrder.filter(ofOne));
        }
      }),
      { numRuns: 300 },
    );
  });

  it('returns the position of the first failure, not the last', async () => {
    const bus = fakeBus();
    bus.refuses = ({ detail }) => ['b', 'd'].includes(String(detail['messageId']));
    const publish = makePublish({ bus, telemetry: fakeTelemetry() });
    expect(await publish(['a', 'b', 'c', 'd'].map((id, n) => sentChange(id, 10 + n)))).toBe(11);
  });

  it('counts published events by type, and refused ones only once they are published', async () => {
    const telemetry = fakeTelemetry();
    const bus = fakeBus();
    bus.refuses = ({ detail }) => detail['messageId'] === 'b';
    const publish = makePublish({ bus, telemetry });
    const changes = [sentChange('a', 0), sentChange('c', 1, 'read'), sentChange('b', 2)];
    await publish(changes);
    expect([telemetry.counted('message.sent'), telemetry.counted('message.read')]).toEqual([1, 1]);
    bus.refuses = () => false;
    await publish(changes.slice(2));
    expect(telemetry.counted('message.sent')).toBe(2);
  });
});

describe('the metrics of an event', () => {
  const paused = (reason: string): OutboundEvent => ({
    type: 'campaign.paused',
    detail: { eventId: 'c:2:paused', version: 1, at: NOW.toISOString(), reason },
  });

  it('tell a campaign that paused itself from one that its owner paused', () => {
    expect(factsOf(paused('WhatsApp has stopped the number (stop-number)'))).toEqual([
      'campaign.paused',
      'campaign.paused-itself',
    ]);
    expect(factsOf(paused('paused by request'))).toEqual(['campaign.paused']);
  });

  it('have no number and no id in their names', () => {
    const [event] = eventsFor(message({}, { status: 'delivered' }));
    expect(event && factsOf(event)).toEqual(['message.delivered']);
  });
});
