import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import {
  eventsOf,
  firsts,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  sweepOnAndOn,
} from '../support/fleet/lanes.ts';
import { processOf } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';

const TRIES = 500;
const AT_ONCE = 50;
const PARKED_S = 60;
/** A sender with a slow clock parks flows that have only this long left by every other clock. */
const LEFT_MS = 3_000;
const BEHIND = clock({ ahead: LEFT_MS - PARKED_S * 1_000 });
/** Clocks of two machines differ: by this one the time is over while it still runs for others. */
const AHEAD_MS = 120;

const random = chanceFor('expiry race');
let fleet: Fleet;
const tried: string[] = [];

const race = async (): Promise<void> => {
  const customer = fleet.canaries.number();
  const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park', parkForSeconds: PARKED_S };
  const answer = await fleet.sendThrough(processOf(fleet, 'sendFlow'), flow);
  expect(answer).toMatchObject({ status: 202, json: { status: 'parked' } });
  const over = Date.parse(String(answer.json['createdAt'])) + PARKED_S * 1_000;
  await sleep(over - Date.now() + random.between(-AHEAD_MS - 320, -20));
  const message = { to: fleet.business, repeat: 2, concurrent: true };
  const { webhook } = await fleet.lipachat.writeIn(customer, message);
  expect(webhook.map(({ status }) => status)).toEqual([200, 200]);
  tried.push(flow.messageId);
};

describe('a reply against the expiry of its flow, 500 times over seven processes', () => {
  const statusOf = new Map<string, string>();

  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      counts: { sendFlow: 1, webhook: 2, worker: 2, publisher: 1 },
      queues: QUICK_QUEUES,
    });
    await fleet.replace('sendFlow', BEHIND);
    const queue = pumpQueue(fleet, { duplicates: 0.2 });
    const early = await fleet.spawn('sweeper', clock({ ahead: AHEAD_MS }));
    const sweeper = await fleet.spawn('sweeper');
    const schedules = [sweepOnAndOn([early], 5), sweepOnAndOn([sweeper], 5)];
    let left = TRIES;
    const runner = async (): Promise<void> => {
      for (; left > 0; ) {
        left -= 1;
        await race();
      }
    };
    await Promise.all(Array.from({ length: AT_ONCE }, runner));
    await queue.drained();
    await sleep(200);
    await Promise.all(schedules.map((schedule) => schedule.stop()));
    await until('the last one to end', async () => {
      await sweep(sweeper);
      const items = (await fleet.table.items()).filter(({ pk }) => pk.startsWith('message#'));
      for (const { pk, status } of items) statusOf.set(pk.slice('message#'.length), String(status));
      return items.every(({ status }) => status === 'sent' || status === 'expired');
    }).catch((error) => console.log(String(error)));
    await queue.close();
    const sent = [...statusOf.values()].filter((word) => word === 'sent');
    console.log(`expiry race: ${sent.length} sent of ${statusOf.size}`);
  }, 180_000);
  afterAll(() => fleet.stop());

  it('is a real race: each side wins many times', () => {
    const words = [...statusOf.values()];
    expect(tried).toHaveLength(TRIES);
    expect(words.filter((word) => word === 'sent').length).toBeGreaterThan(TRIES / 20);
    expect(words.filter((word) => word === 'expired').length).toBeGreaterThan(TRIES / 20);
  });

  it('has exactly one winner', async () => {
    const delivered = Map.groupBy(await fleet.lipachat.deliveries(), ({ messageId }) => messageId);
    for (const messageId of tried) {
      const rung = delivered.get(messageId)?.length ?? 0;
      expect([statusOf.get(messageId), rung]).toEqual(rung === 0 ? ['expired', 0] : ['sent', 1]);
    }
  });

  it('publishes the event of the winner', async () => {
    const stream = pumpStream(fleet);
    await stream.caughtUp();
    await stream.close();
    const byMessage = Map.groupBy(firsts(await eventsOf(fleet)), ({ detail }) => detail['messageId']);
    for (const messageId of tried) {
      const types = byMessage.get(messageId)?.map(({ type }) => type);
      expect(types).toEqual(['message.parked', `message.${statusOf.get(messageId)}`]);
    }
  });
});
