import { setTimeout as sleep } from 'node:timers/promises';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/fleet/answer.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { chanceFor } from '../support/fleet/chance.ts';
import { type Arrival, arrivals, nameOf, newLargeCrowd } from '../support/fleet/crowd.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { type Progress, progressOf, settledIn } from '../support/fleet/progress.ts';
import { tickOnAndOn } from '../support/fleet/ticks.ts';
import { until } from '../support/fleet/wait.ts';

const RUNS = 50;
const AT_ONCE = 5;
const RECIPIENTS = [60, 100] as const;
/**
 * A worker waits up to 1.5 seconds for its scheduled time, and may be about to send when the campaign is stopped. The
 * rest is margin for a busy machine.
 */
const IN_FLIGHT_MS = 6_000;

type Run = {
  campaignId: string;
  customers: string[];
  /** The start and the end of each pause. */
  stood: { from: number; to: number; pending: number }[];
  end: 'completed' | 'cancelled';
};

const random = chanceFor('campaign control');
let fleet: Fleet;
let campaigns: CampaignCalls;
const runs: Run[] = [];
const refused: string[] = [];
let rungAt: Map<string, Arrival[]>;

const ofEnd = (end: Run['end']): Run[] => runs.filter((run) => run.end === end);
const rungOf = ({ customers }: Run): Arrival[] => customers.flatMap((customer) => rungAt.get(customer) ?? []);

/** Retries after a 503 as a client does: the store did not answer. */
const insist = (verb: 'pause' | 'resume' | 'cancel', campaignId: string): Promise<Answer> =>
  until(
    `${verb} to be answered`,
    async () => {
      const answer = await campaigns[verb](campaignId);
      if (answer.status === 503) refused.push(`${verb}: ${answer.json.detail}`);
      return answer.status !== 503 && answer;
    },
    30_000,
    1_000,
  );

/** Sometimes sends the request twice at the same instant, as two people would. */
const turn = async (verb: 'pause' | 'resume' | 'cancel', campaignId: string): Promise<Answer> => {
  const second = random.happens(0.3) ? insist(verb, campaignId) : undefined;
  const [answer, again] = await Promise.all([insist(verb, campaignId), second]);
  if (again) expect(again.status).toBe(answer.status);
  return answer;
};

const cancel = async (run: Run): Promise<void> => {
  const answer = await turn('cancel', run.campaignId);
  if (answer.status === 409) expect(answer.json.detail).toContain('completed');
  else run.end = 'cancelled';
  if (run.end === 'cancelled') {
    run.stood.push({ from: Date.now(), to: Infinity, pending: progressOf(answer.json).notReached });
  }
};

/** Pauses and resumes the campaign a few times. Then it is cancelled, paused or running, or runs to its end. */
const live = async (customers: string[]): Promise<void> => {
  const inline = customers.map((to) => ({ to, name: nameOf(to) }));
  const campaignId = await ready(campaigns, {
    recipients: { inline },
    perMinute: random.between(300, 700),
  });
  const run: Run = { campaignId, customers, stood: [], end: 'completed' };
  runs.push(run);
  await campaigns.start(campaignId);
  const pauses = random.between(1, 2);
  for (let n = 0; n < pauses; n += 1) {
    await sleep(random.between(0, 2_000));
    const { status, json } = await turn('pause', campaignId);
    if (status === 409) expect(json.detail).toContain('completed');
    if (status === 409) break;
    const stood = { from: Date.now(), to: Infinity, pending: progressOf(json).pending };
    run.stood.push(stood);
    await sleep(random.between(0, 9_000));
    if (random.happens(0.15)) return cancel(run);
    stood.to = Date.now();
    expect((await turn('resume', campaignId)).status).toBe(200);
  }
  await sleep(random.between(0, 2_000));
  if (random.happens(0.4)) return cancel(run);
  await campaigns.whenIs(campaignId, 'completed', 150_000);
};

describe(`${RUNS} campaigns that are paused, resumed and cancelled at random moments`, () => {
  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      // All share the number's pace of 60,000: each campaign runs at its own pace.
      settings: { NUMBER_PER_MINUTE: '60000', LOG_LEVEL: 'WARN', LEASE_SECONDS: '12' },
      counts: { worker: 2, campaignTick: 2, campaigns: 2 },
      queues: { ...QUICK_QUEUES, visibilityTimeoutSeconds: 20 },
    });
    campaigns = await campaignCallsOf(fleet);
    const crowd = await newLargeCrowd(fleet, RUNS * RECIPIENTS[1]);
    const crowds = Array.from({ length: RUNS }, (_, n) =>
      crowd.slice(n * RECIPIENTS[1], n * RECIPIENTS[1] + random.between(...RECIPIENTS)),
    );
    const queue = pumpQueue(fleet, { queueName: 'CampaignQueue' });
    const ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], 1_000, { twice: true });
    const begun = performance.now();
    await pMap(crowds, live, { concurrency: AT_ONCE });
    await sleep(IN_FLIGHT_MS);
    await queue.drained();
    await ticks.stop();
    await queue.close();
    rungAt = Map.groupBy(await arrivals(fleet), ({ to }) => to);
    const seconds = Math.round((performance.now() - begun) / 1000);
    console.log(`campaign control: ${seconds} s, ${ofEnd('cancelled').length} of ${RUNS} cancelled`, refused);
  }, 420_000);
  afterAll(() => fleet.stop());

  it('no customer is sent to twice', () => {
    expect(runs).toHaveLength(RUNS);
    expect([...rungAt.values()].filter((all) => all.length > 1)).toEqual([]);
  });

  it('no customer is lost: a campaign that was not cancelled reaches all of them', async () => {
    expect(ofEnd('completed').length).toBeGreaterThan(10);
    for (const run of ofEnd('completed')) {
      const { json } = await campaigns.read(run.campaignId);
      const { length: total } = run.customers;
      expect(json['state']).toBe('completed');
      expect(progressOf(json)).toMatchObject({ total, sent: total, pending: 0, notReached: 0 });
      expect(run.customers.filter((customer) => !rungAt.has(customer))).toEqual([]);
    }
  });

  it('a pause and a cancel take effect at once', () => {
    const stood = runs.flatMap((run) => run.stood.map((one) => ({ ...one, run })));
    const telling = stood.filter(({ from, to, pending }) => pending > 0 && to - from > IN_FLIGHT_MS);
    expect(telling.length).toBeGreaterThan(20);
    for (const { from, to, run } of telling) {
      const during = rungOf(run).filter(({ at }) => at > from + IN_FLIGHT_MS && at < to);
      expect(during).toEqual([]);
    }
  });

  it('a cancelled campaign stays cancelled, whatever is requested', async () => {
    expect(ofEnd('cancelled').length).toBeGreaterThan(10);
    for (const { campaignId } of ofEnd('cancelled')) {
      for (const verb of ['resume', 'start', 'pause', 'plan'] as const) {
        expect(await campaigns[verb](campaignId)).toMatchObject({
          status: 409,
          json: { code: 'campaign-state' },
        });
      }
      expect(await campaigns.cancel(campaignId)).toMatchObject({ status: 200, json: { state: 'cancelled' } });
    }
  });

  it('the customers whom a cancelled campaign did not reach are counted and listed', async () => {
    const reached: Progress[] = [];
    for (const run of ofEnd('cancelled')) {
      const progress = progressOf((await campaigns.read(run.campaignId)).json);
      expect(settledIn(progress) + progress.notReached).toBe(run.customers.length);
      expect(progress).toMatchObject({ sent: rungOf(run).length, pending: 0 });
      const { json } = await campaigns.recipients(run.campaignId, '?status=not-reached');
      const missed = (json['recipients'] as { to: string }[]).map(({ to }) => to);
      expect(missed).toEqual(run.customers.filter((customer) => !rungAt.has(customer)));
      reached.push(progress);
    }
    expect(reached.some(({ sent, notReached }) => sent > 0 && notReached > 0)).toBe(true);
  });
});
