import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import {
  eventsOf,
  firsts,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  sweepOnAndOn,
} from '../support/fleet/lanes.ts';
import type { Delivery } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';

const PAIRS = 50;
const FLOWS_OF_A_PAIR = 4;
const KILLS_FOR_MS = 30_000;
/** The sweeper finds what a kill leaves after one or two minutes: here they pass six times as fast. */
const FAST = clock({ fast: 6, since: Date.now() });
const SETTINGS = { ...FAST, LEASE_SECONDS: '24', GATEWAY_DEADLINE_MS: '6000' };
const TEMPLATE = { name: 'hello', languageCode: 'en' };

const random = chanceFor('lanes');
let fleet: Fleet;
let deliveries: Delivery[];
let killed = 0;
const lanes = new Map<string, Flow[]>();

const flowsOf = (customer: string): Flow[] =>
  Array.from({ length: FLOWS_OF_A_PAIR }, (_, n) => ({
    ...fleet.flow({ to: customer, flowId: `FLOW_${n % 3}` }),
    whenClosed: 'template',
    template: TEMPLATE,
  }));

const killWorkersUntil = async (over: () => boolean): Promise<void> => {
  const workers = fleet.workers['worker'] ?? [];
  while (!over()) {
    await sleep(random.between(500, 1500));
    const at = random.between(0, workers.length - 1);
    const successor = await fleet.spawn('worker', FAST);
    workers.splice(at, 1, successor)[0]?.kill();
    killed += 1;
  }
};

const parkAll = async (): Promise<void> => {
  const customers = Array.from({ length: PAIRS }, () => fleet.canaries.number());
  for (const customer of customers) lanes.set(customer, flowsOf(customer));
  const parkLane = async (flows: Flow[]): Promise<void> => {
    for (const flow of flows) {
      const answers = await Promise.all([fleet.send(flow), fleet.send(flow)]);
      expect(answers.some(({ json }) => json.status === 'parked')).toBe(true);
    }
  };
  const all = [...lanes.values()];
  for (let at = 0; at < all.length; at += 5) await Promise.all(all.slice(at, at + 5).map(parkLane));
};

const everybodyWritesIn = async (): Promise<void> => {
  const customers = [...lanes.keys()];
  for (let at = 0; at < customers.length; at += 10) {
    await Promise.all(
      customers.slice(at, at + 10).map(async (customer) => {
        const message = { to: fleet.business, repeat: 3, concurrent: true };
        const { webhook } = await fleet.lipachat.writeIn(customer, message);
        expect(webhook.map(({ status }) => status)).toEqual([200, 200, 200]);
      }),
    );
  }
};

const statuses = async (): Promise<Map<string, number>> => {
  const items = await fleet.table.items();
  const messages = items.filter(({ pk }) => pk.startsWith('message#'));
  return new Map([...Map.groupBy(messages, ({ status }) => String(status))].map(([k, v]) => [k, v.length]));
};

describe('200 parked flows of 50 pairs, while replies and the queue deliver twice and workers die', () => {
  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      settings: SETTINGS,
      counts: { sendFlow: 2, webhook: 2, worker: 4, sweeper: 1, publisher: 1 },
      queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 4 },
    });
    await parkAll();
    const queue = pumpQueue(fleet, { duplicates: 0.2, timeoutMs: 8_000 });
    const schedule = sweepOnAndOn(fleet.workers['sweeper'] ?? [], 1_000);
    const quietAt = Date.now() + KILLS_FOR_MS;
    const killing = killWorkersUntil(() => Date.now() > quietAt);
    await everybodyWritesIn();
    await killing;
    const done = async () => (await statuses()).get('sent') === PAIRS * FLOWS_OF_A_PAIR || undefined;
    await until('all to be sent', done, 120_000).catch((error) => console.log(String(error)));
    await schedule.stop();
    await queue.close();
    deliveries = await fleet.lipachat.deliveries();
    console.log(`lanes: ${killed} killed, ${JSON.stringify(queue.counts())}`, await statuses());
  }, 220_000);
  afterAll(() => fleet.stop());

  it('meet enough faults to prove something', () => expect(killed).toBeGreaterThan(10));

  it('are all sent', async () => {
    expect(await statuses()).toEqual(new Map([['sent', PAIRS * FLOWS_OF_A_PAIR]]));
  });

  it('are delivered exactly once each, oldest first within a pair', () => {
    for (const [customer, flows] of lanes) {
      const rung = deliveries.filter(({ to, kind }) => to === customer && kind === 'flow');
      expect(rung.map(({ messageId }) => messageId)).toEqual(flows.map(({ messageId }) => messageId));
    }
  });

  it('lead to one template message for each flowId of a pair, and never two', () => {
    const templates = deliveries.filter(({ kind }) => kind === 'template');
    expect(new Set(templates.map(({ messageId }) => messageId)).size).toBe(templates.length);
    for (const customer of lanes.keys()) {
      expect(templates.filter(({ to }) => to === customer)).toHaveLength(3);
    }
  });

  it('publish one event each when parked and when sent', async () => {
    const stream = pumpStream(fleet, { duplicates: 0.1 });
    await stream.caughtUp();
    await stream.close();
    const events = firsts(await eventsOf(fleet));
    const byMessage = Map.groupBy(events, ({ detail }) => detail['messageId']);
    for (const { messageId } of [...lanes.values()].flat()) {
      const types = byMessage.get(messageId)?.map(({ type }) => type);
      expect(types).toEqual(['message.parked', 'message.sent']);
    }
  });
});
