import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES, whenStatus } from '../support/fleet/lanes.ts';

const MESSAGES = 100;
const EXPECTED = ['message.parked', 'message.sent', 'message.delivered', 'message.read', 'flow.replied'];

const random = chanceFor('event stream');
let fleet: Fleet;
const ids: string[] = [];
const customers: string[] = [];

/** The whole life of one message; each step only after the previous one. */
const live = async (): Promise<void> => {
  const customer = fleet.canaries.number();
  const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
  ids.push(flow.messageId);
  customers.push(customer);
  expect((await fleet.send(flow)).json.status).toBe('parked');
  await fleet.lipachat.writeIn(customer, { to: fleet.business });
  await whenStatus(fleet, flow.messageId, 'sent', 30_000);
  for (const status of ['DELIVERED', 'READ'] as const) await fleet.lipachat.report(flow.messageId, status);
  await fleet.lipachat.fillIn(customer, { messageId: flow.messageId, response: { ok: 'yes' } });
};

const inLanes = async (count: number, work: () => Promise<void>): Promise<void> => {
  let left = MESSAGES;
  const runner = async (): Promise<void> => {
    while (left > 0) {
      left -= 1;
      await work();
    }
  };
  await Promise.all(Array.from({ length: count }, runner));
};

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    counts: { worker: 2, webhook: 2, publisher: 2 },
    queues: QUICK_QUEUES,
  });
  const queue = pumpQueue(fleet);
  await inLanes(10, live);
  await queue.drained();
  await queue.close();
}, 120_000);
afterAll(() => fleet.stop());

/** Replays the whole stream from its oldest record, under the faults that `around` causes. */
const publishAll = async (options: object, around: (over: () => boolean) => Promise<void>) => {
  await fleet.aws.clearEvents();
  const stream = pumpStream(fleet, options);
  let over = false;
  const trouble = around(() => over);
  await stream.caughtUp(90_000);
  over = true;
  await trouble;
  await stream.close();
  expect(stream.failures()).toEqual([]);
  return eventsOf(fleet);
};

const expectAllInOrder = (all: Awaited<ReturnType<typeof eventsOf>>): void => {
  const events = firsts(all);
  const byMessage = Map.groupBy(events, ({ detail }) => detail['messageId']);
  for (const id of ids) expect(byMessage.get(id)?.map(({ type }) => type)).toEqual(EXPECTED);
  const opened = events.filter(({ type }) => type === 'session.opened').map(({ detail }) => detail['to']);
  for (const customer of customers) expect(opened.filter((to) => to === customer)).toHaveLength(1);
};

describe('the change stream of a hundred messages', () => {
  it('publishes each event once when there are no faults', async () => {
    const events = await publishAll({}, async () => {});
    expect(events).toHaveLength(firsts(events).length);
    expectAllInOrder(events);
  });

  it('loses or changes no event and keeps the order when it is processed twice', async () => {
    const events = await publishAll({ duplicates: 1 }, async () => {});
    expect(events.length).toBeGreaterThan(firsts(events).length);
    expectAllInOrder(events);
  });

  it('loses and reorders nothing when EventBridge fails half of each batch', async () => {
    const half = { target: 'PutEvents', fault: 'fail-entries', probability: 0.5, times: 60 } as const;
    await fleet.aws.addFaults({ ...half, seed: random.between(1, 1_000_000) });
    const events = await publishAll({}, async () => {});
    await fleet.aws.clearFaults();
    expectAllInOrder(events);
  });

  it('loses nothing when calls to EventBridge are refused, lost or unacknowledged', async () => {
    const seed = random.between(1, 1_000_000);
    await fleet.aws.addFaults([
      { target: 'PutEvents', fault: 'apply-then-reset', probability: 0.15, seed },
      { target: 'PutEvents', fault: 'throttle', probability: 0.1, seed },
      { target: 'PutEvents', fault: 'reset', probability: 0.1, seed },
    ]);
    const events = await publishAll({}, async () => {});
    await fleet.aws.clearFaults();
    expectAllInOrder(events);
  });

  it('loses nothing and keeps the order when publishers are killed in the middle of a batch', async () => {
    const slow = { target: 'PutEvents', fault: 'delay', ms: 60, times: null } as const;
    await fleet.aws.addFaults(slow);
    let killed = 0;
    const publishers = fleet.workers['publisher'] ?? [];
    const events = await publishAll({ timeoutMs: 5_000 }, async (over) => {
      while (!over()) {
        await sleep(random.between(80, 250));
        if (over()) break;
        const successor = await fleet.spawn('publisher');
        publishers.splice(killed % 2, 1, successor)[0]?.kill();
        killed += 1;
      }
    });
    await fleet.aws.clearFaults();
    console.log(`event stream: ${killed} publishers killed`);
    expect(killed).toBeGreaterThan(1);
    expectAllInOrder(events);
  });
});
