import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CampaignCalls, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Arrival, arrivals, csvOf, newLargeCrowd, timesPerCustomer } from '../support/fleet/crowd.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import {
  eventsOf,
  firsts,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  sweepOnAndOn,
} from '../support/fleet/lanes.ts';
import { type Progress, progressOf, settledIn } from '../support/fleet/progress.ts';
import { killOnAndOn, tickOnAndOn } from '../support/fleet/ticks.ts';
import { until } from '../support/fleet/wait.ts';

const RECIPIENTS = 10_000;
const PER_MINUTE = 4_800;
/** The number of rows between two rows of the file that must not be sent to. */
const EVERY = 400;
const SAMPLE_MS = 4_000;
const SETTINGS = { LEASE_SECONDS: '20', LOG_LEVEL: 'WARN' };

const random = chanceFor('campaign storm');
let fleet: Fleet;
let campaigns: CampaignCalls;
let campaignId: string;
let customers: string[];
let rung: Arrival[];
let killed: Record<string, number> = {};
const samples: { progress: Progress; delivered: number }[] = [];

/** The file, with an invalid number and a repeated customer every now and then. */
const fileOf = (all: string[]): { file: string; bad: number } => {
  const [header = '', ...rows] = csvOf(all).trimEnd().split('\n');
  const lines = rows.flatMap((row, n) => (n % EVERY === EVERY - 1 ? [row, '12,nobody', row] : [row]));
  return { file: [header, ...lines, ''].join('\r\n'), bad: (lines.length - rows.length) / 2 };
};

/** Samples the counts until the campaign has ended. */
const sampleToTheEnd = async (withinMs: number): Promise<void> => {
  const end = performance.now() + withinMs;
  for (;;) {
    const { status, json } = await campaigns.read(campaignId);
    // The store, or the machine, may be too busy to answer: the request is repeated.
    if (status >= 500) continue;
    samples.push({ progress: progressOf(json), delivered: (await arrivals(fleet)).length });
    if (json['state'] === 'completed') return;
    if (json['state'] !== 'running' || performance.now() > end) {
      throw new Error(`not through: ${JSON.stringify(json)}`);
    }
    await sleep(SAMPLE_MS);
  }
};

describe('a campaign of 10,000 while workers and ticks die and the queue and the schedule deliver twice', () => {
  let bad = 0;
  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      settings: SETTINGS,
      counts: { worker: 4, campaignTick: 2, campaigns: 1, sweeper: 1, publisher: 2 },
      queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 30 },
    });
    campaigns = await campaignCallsOf(fleet);
    customers = await newLargeCrowd(fleet, RECIPIENTS);
    const order = campaigns.order({ perMinute: PER_MINUTE });
    ({ campaignId } = order);
    await campaigns.create(order);
    const written = fileOf(customers);
    bad = written.bad;
    await campaigns.upload(campaignId, written.file);
    await campaigns.plan(campaignId);

    const begun = performance.now();
    const queue = pumpQueue(fleet, { queueName: 'CampaignQueue', duplicates: 0.1, timeoutMs: 25_000 });
    const ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], 1_000, { twice: true, timeoutMs: 20_000 });
    const sweeps = sweepOnAndOn(fleet.workers['sweeper'] ?? [], 5_000);
    await campaigns.start(campaignId);
    let over = false;
    const killing = killOnAndOn({
      fleet,
      random,
      of: ['worker', 'worker', 'campaignTick'],
      everyMs: [2_000, 5_500],
      over: () => over,
    });
    await sampleToTheEnd(480_000);
    const seconds = Math.round((performance.now() - begun) / 1000);
    over = true;
    killed = await killing;
    await ticks.stop();
    await queue.drained();
    await queue.close();
    await until(
      'what was unknown to be made good',
      async () => (await arrivals(fleet)).length >= RECIPIENTS,
      60_000,
      1_000,
    ).catch((error) => console.log(String(error)));
    await sweeps.stop();
    rung = await arrivals(fleet);
    console.log(`campaign storm: ${seconds} s, killed`, killed, queue.counts(), ticks.counts());
  }, 600_000);
  afterAll(() => fleet.stop());

  it('meets enough faults to prove something', () => {
    const { worker = 0, campaignTick = 0 } = killed;
    expect(worker + campaignTick).toBeGreaterThanOrEqual(20);
    expect(campaignTick).toBeGreaterThan(0);
  });

  it('reaches every valid recipient exactly once, and no other number', () => {
    expect(rung).toHaveLength(RECIPIENTS);
    const times = timesPerCustomer(rung);
    expect(customers.filter((customer) => times.get(customer) !== 1)).toEqual([]);
  });

  it('has exact counts at every moment and at the end', async () => {
    expect(samples.length).toBeGreaterThan(20);
    for (const { progress, delivered } of samples) {
      const { total, pending, notReached } = progress;
      expect(total).toBe(RECIPIENTS);
      expect(settledIn(progress) + pending + notReached).toBe(total);
      expect(progress.sent).toBeLessThanOrEqual(delivered);
    }
    const settled = samples.map(({ progress }) => settledIn(progress));
    expect(settled).toEqual(settled.toSorted((a, b) => a - b));
    const { sent, unknown, ...rest } = progressOf((await campaigns.read(campaignId)).json);
    // A message may be delivered although its starved process never read the response. It is correctly reported as
    // unknown.
    expect(sent + unknown).toBe(RECIPIENTS);
    expect(unknown).toBeLessThan(RECIPIENTS / 100);
    expect(rest).toMatchObject({ total: RECIPIENTS, pending: 0, notReached: 0 });
  });

  it('reports each invalid row with its line', async () => {
    const { json } = await campaigns.read(campaignId);
    expect(json['plan']).toMatchObject({ counts: { total: RECIPIENTS, invalid: bad, duplicate: bad } });
    const refused = await campaigns.recipients(campaignId, '?status=invalid');
    const rows = refused.json['recipients'] as { line: number }[];
    expect(rows.map(({ line }) => line)).toEqual(
      Array.from({ length: bad }, (_, n) => (n + 1) * (EVERY + 2)),
    );
  });

  it('completes once, with one event', async () => {
    const stream = pumpStream(fleet, { duplicates: 0.05 });
    await stream.caughtUp(180_000);
    await stream.close();
    const told = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
    expect(told.map(({ type }) => type)).toEqual([
      'campaign.planned',
      'campaign.started',
      'campaign.completed',
    ]);
    const { sent, unknown } = progressOf((await campaigns.read(campaignId)).json);
    expect(told.at(-1)?.detail).toMatchObject({ totals: { sent, unknown } });
  });
});
