import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CampaignCalls, campaignCallsOf, ready } from '../../support/fleet/campaigns.ts';
import { type Arrival, arrivals, countsPerWindow, csvOf, newLargeCrowd } from '../../support/fleet/crowd.ts';
import { type Fleet, startFleet } from '../../support/fleet/fleet.ts';
import { pumpQueue } from '../../support/fleet/lanes.ts';
import { tickOnAndOn } from '../../support/fleet/ticks.ts';
import type { QueuePump } from '../../support/queue-pump.ts';

const PER_MINUTE = 1_200;
/** Low enough that two campaigns have to share the campaigns' part of it, which is nine tenths. */
const NUMBER_PER_MINUTE = 600;
const SHARED = (NUMBER_PER_MINUTE * 9) / 10;
const WINDOW_MS = 10_000;
const OFF = 0.15;
/**
 * The interval between ticks. On AWS it is a minute, and a tick gives out the scheduled times of the next 90 seconds.
 */
const TICK_MS = 5_000;
const SECONDS = { alone: 180, first: 15, both: 45 };
const SINGLES_EVERY_MS = 1_000;

let fleet: Fleet;
let campaigns: CampaignCalls;
let queue: QueuePump;
let ticks: { stop: () => Promise<void> };

const timesOf = (all: Arrival[]): number[] => all.map(({ at }) => at);
/** Windows that start every second and lie within the run. */
const perTenSeconds = (times: number[]): number[] => countsPerWindow(times, WINDOW_MS, 1_000);
const perSecond = (times: number[]): number[] => countsPerWindow(times, 1_000, 100);

const range = (counts: number[]): string => `${Math.min(...counts)} to ${Math.max(...counts)}`;

const expectPace = (times: number[], perMinute: number): void => {
  const [windows, seconds] = [perTenSeconds(times), perSecond(times)];
  console.log(`pace: ${perMinute} a minute; 10 s: ${range(windows)}; 1 s: ${range(seconds)}`);
  const [inWindow, inSecond] = [perMinute / 6, perMinute / 60];
  expect(windows.filter((count) => Math.abs(count - inWindow) > OFF * inWindow)).toEqual([]);
  expect(seconds.filter((count) => count > 2 * inSecond)).toEqual([]);
};

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    settings: { LOG_LEVEL: 'WARN' },
    counts: { worker: 2, campaignTick: 1, campaigns: 1, sendFlow: 1 },
  });
  campaigns = await campaignCallsOf(fleet);
  queue = pumpQueue(fleet, { queueName: 'CampaignQueue' });
  ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], TICK_MS, { twice: true });
}, 60_000);
afterAll(async () => {
  await ticks.stop();
  await queue.close();
  await fleet.stop();
});

describe('a campaign of 1,200 a minute over three minutes', () => {
  let times: number[];
  beforeAll(async () => {
    const customers = await newLargeCrowd(fleet, (PER_MINUTE / 60) * SECONDS.alone);
    const campaignId = await ready(campaigns, { file: csvOf(customers), perMinute: PER_MINUTE });
    await campaigns.start(campaignId);
    await campaigns.whenIs(campaignId, 'completed', 230_000);
    times = timesOf(await arrivals(fleet));
  }, 300_000);

  it('takes three minutes', () => {
    expect(times).toHaveLength((PER_MINUTE / 60) * SECONDS.alone);
    const took = (Math.max(...times) - Math.min(...times)) / 1000;
    expect(took).toBeGreaterThan(SECONDS.alone - 2);
    expect(took).toBeLessThan(SECONDS.alone + 5);
  });

  it('deviates by at most 15 % in any ten seconds, and never exceeds twice the mean in a second', () => {
    expectPace(times, PER_MINUTE);
  });
});

describe('two campaigns that share the pace of a number, beside single sends', () => {
  const waits: number[] = [];
  let all: Arrival[];
  let ofCampaigns: Arrival[];

  const sendSingly = async (customers: string[], over: () => boolean): Promise<void> => {
    for (let n = 0; !over(); n += 1) {
      const begun = performance.now();
      const { status } = await fleet.send(fleet.flow({ to: customers[n % customers.length] ?? '' }));
      expect(status).toBe(201);
      waits.push(performance.now() - begun);
      await sleep(Math.max(0, SINGLES_EVERY_MS - (performance.now() - begun)));
    }
  };

  beforeAll(async () => {
    const slower = { NUMBER_PER_MINUTE: String(NUMBER_PER_MINUTE) };
    for (const name of ['campaignTick', 'campaigns', 'worker']) await fleet.replace(name, slower);
    const counts = {
      first: Math.round((SHARED / 60) * (SECONDS.first + SECONDS.both / 2)),
      second: Math.round((SHARED / 60) * (SECONDS.both / 2)) + 50,
    };
    const customers = await newLargeCrowd(fleet, counts.first + counts.second + 20);
    const [a, b, singles] = [
      customers.slice(0, counts.first),
      customers.slice(counts.first, -20),
      customers.slice(-20),
    ];
    const first = await ready(campaigns, { file: csvOf(a), perMinute: PER_MINUTE });
    const second = await ready(campaigns, { file: csvOf(b), perMinute: PER_MINUTE });
    const skip = (await arrivals(fleet)).length;
    let over = false;
    const sending = sendSingly(singles, () => over);
    await campaigns.start(first);
    await sleep(SECONDS.first * 1_000);
    await campaigns.start(second);
    await campaigns.whenIs(first, 'completed', 120_000);
    over = true;
    await sending;
    const since = await arrivals(fleet, skip);
    const [toA, toB] = [new Set(a), new Set(b)];
    const end = Math.max(...since.filter(({ to }) => toA.has(to)).map(({ at }) => at));
    all = since.filter(({ at }) => at <= end);
    ofCampaigns = all.filter(({ to }) => toA.has(to) || toB.has(to));
    await campaigns.cancel(second);
  }, 240_000);

  it('keep to it together: nine tenths for campaigns, and never more in total', () => {
    expectPace(timesOf(ofCampaigns), SHARED);
    const most = (NUMBER_PER_MINUTE / 6) * (1 + OFF);
    expect(perTenSeconds(timesOf(all)).filter((count) => count > most)).toEqual([]);
    expect(perSecond(timesOf(all)).filter((count) => count > NUMBER_PER_MINUTE / 30)).toEqual([]);
  });

  it('delay no single send by two seconds', () => {
    expect(waits.length).toBeGreaterThan(SECONDS.both);
    console.log(`pace: ${waits.length} single sends, the slowest ${Math.round(Math.max(...waits))} ms`);
    expect(waits.filter((ms) => ms >= 2_000)).toEqual([]);
  });
});
