import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { campaignKeyIn, runIdOf } from '../../../src/lib/campaigns/ownership/owned.ts';
import type { PlanStarter } from '../../../src/lib/campaigns/plan/begin.ts';
import type { CampaignRunner } from '../../../src/lib/campaigns/run.ts';
import { makeTicker } from '../../../src/lib/campaigns/tick.ts';
import { sampleCampaign } from '../../support/fakes/campaign-samples.ts';
import { fakeCampaigns, fakeObjects, fakePlanQueue, fakeRateLimits } from '../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../support/fakes/clock.ts';
import { BUSINESS, later, NOW } from '../../support/fakes/samples.ts';
import { fakeTelemetry } from '../../support/fakes/telemetry.ts';

const id = (text: string) => text as CampaignId;

function world() {
  const clock = manualClock(NOW);
  const campaigns = fakeCampaigns(clock);
  const rateLimits = fakeRateLimits(clock);
  const objects = fakeObjects();
  const planQueue = fakePlanQueue();
  const begun: CampaignId[] = [];
  const shares = new Map<string, number>();
  const planStarter: PlanStarter = {
    begin: ({ value }) => {
      begun.push(value.campaignId);
      return Promise.resolve(value);
    },
  };
  const runner: CampaignRunner = {
    reconcile: ({ value }, share) => {
      shares.set(value.campaignId, share);
      return Promise.resolve(value);
    },
    aggregate: (stored) => Promise.resolve(stored),
  };
  const settings = { numberPerMinute: 1_000, retentionDays: 30 };
  const random = namedRandom('tick');
  const telemetry = fakeTelemetry();
  const { tick, tickFor } = makeTicker({
    campaigns,
    rateLimits,
    objects,
    planQueue,
    planStarter,
    runner,
    clock,
    random,
    newKey: random.key,
    telemetry,
    ...settings,
  });
  const put = (changes: Partial<Campaign>) => campaigns.create(sampleCampaign({ dueAt: NOW, ...changes }));
  const stateOf = async (campaignId: string) => (await campaigns.get(id(campaignId)))?.value;
  return {
    clock,
    campaigns,
    rateLimits,
    objects,
    planQueue,
    begun,
    shares,
    telemetry,
    tick,
    tickFor,
    put,
    stateOf,
  };
}

describe('the tick of every minute', () => {
  it("divides nine tenths of a number's pace among its running campaigns", async () => {
    const { put, tick, shares } = world();
    await put({ campaignId: id('a'), state: 'running', perMinute: 100 });
    await put({ campaignId: id('b'), state: 'running', perMinute: 2_000 });
    await put({ campaignId: id('c'), state: 'running', perMinute: 2_000 });
    await tick();
    expect(Object.fromEntries(shares)).toEqual({ a: 100, b: 400, c: 400 });
  });

  it('divides a number’s pace among clients, however many campaigns one of them has', async () => {
    const { put, tick, shares } = world();
    for (let n = 0; n < 600; n += 1)
      await put({ campaignId: id(`a${n}`), state: 'running', perMinute: 4_800 });
    const late = { state: 'running', perMinute: 4_800, dueAt: NOW } as const;
    await put({ ...late, campaignId: id('b'), clientId: 'client-2' });
    await put({ ...late, campaignId: id('c'), clientId: 'client-3', perMinute: 100 });
    await tick();
    expect([shares.get('b'), shares.get('c'), shares.get('a0')]).toEqual([400, 100, 400 / 600]);
  });

  it('lets clients take turns, so that one with many campaigns holds back no other’s', async () => {
    const { put, tick, shares } = world();
    for (let n = 0; n < 1_000; n += 1)
      await put({ campaignId: id(`a${n}`), state: 'running', dueAt: later(n - 2_000) });
    await put({ campaignId: id('b'), clientId: 'client-2', state: 'running' });
    await tick();
    expect([...shares.keys()].indexOf('b')).toBeLessThan(2);
    expect(shares.size).toBe(1_001);
  });

  it('reaches each campaign within minutes, even if thousands of another client have run for longer', async () => {
    const { clock, put, tick, shares, telemetry } = world();
    for (let n = 0; n < 5_001; n += 1)
      await put({ campaignId: id(`a${n}`), state: 'running', dueAt: later(n - 9_000) });
    await put({ campaignId: id('b'), clientId: 'client-2', state: 'running' });
    await tick();
    clock.advance(60_000);
    await tick();
    expect(shares.size).toBe(5_002);
    expect(telemetry.events('warn')).toContain('campaign.tick-crowded');
  });

  it('reconciles a campaign that was started just now, however many others are due', async () => {
    const { put, tickFor, shares } = world();
    for (let n = 0; n < 600; n += 1)
      await put({ campaignId: id(`a${n}`), state: 'running', dueAt: later(n - 2_000) });
    await put({ campaignId: id('b'), clientId: 'client-2', state: 'running', perMinute: 60 });
    await tickFor(sampleCampaign({ campaignId: id('b') }));
    expect(shares.get('b')).toBe(60);
  });

  it('gives out less after the number was slowed, and more again over time', async () => {
    const { clock, put, tick, shares, rateLimits } = world();
    await rateLimits.create({ business: BUSINESS, perMinute: 500, slowedAt: NOW });
    await put({ campaignId: id('a'), state: 'running', perMinute: 4_800 });
    await tick();
    expect(shares.get('a')).toBe(450);
    clock.advance(300_000);
    await tick();
    expect(shares.get('a')).toBe(900);
  });

  it('starts a campaign that is due, and leaves one that is not', async () => {
    const { put, tick, stateOf, shares } = world();
    await put({ campaignId: id('now'), state: 'scheduled', startAt: NOW });
    await put({ campaignId: id('then'), state: 'scheduled', startAt: later(60), dueAt: later(60) });
    await tick();
    expect(await stateOf('now')).toMatchObject({ state: 'running', startedAt: NOW });
    expect(await stateOf('then')).toMatchObject({ state: 'scheduled' });
    expect([...shares.keys()]).toEqual(['now']);
  });

  it.each(['scheduled', 'running', 'paused'] as const)(
    'expires a campaign that is still %s at its end time',
    async (state) => {
      const { put, tick, stateOf } = world();
      await put({ campaignId: id('late'), state, expiresAt: NOW, startAt: later(-60) });
      await tick();
      const late = await stateOf('late');
      expect(late).toMatchObject({ state: 'expired', reason: expect.stringContaining('expiresAt passed') });
      expect(late?.dueAt).toBeUndefined();
    },
  );

  it('restarts a planner that does not report back, and gives up after the third try', async () => {
    const { clock, put, tick, planQueue, stateOf } = world();
    const planning = { planId: 'p', dryRun: false, since: NOW, rows: 7, tries: 1 };
    await put({ campaignId: id('stuck'), state: 'planning', planning });
    const jobs = [];
    for (let n = 0; n < 4; n += 1) {
      await tick();
      await tick();
      jobs.push(planQueue.take());
      clock.advance(16 * 60_000);
    }
    const job = { campaignId: 'stuck', planId: 'p' };
    expect(jobs).toEqual([[job], [job], [], []]);
    expect(await stateOf('stuck')).toMatchObject({ state: 'draft', reason: 'planning did not finish' });
  });

  const daily = {
    campaignId: id('daily'),
    state: 'scheduled',
    schedule: { expression: 'cron(0 9 * * ? *)' },
    nextRunAt: new Date('2026-01-02T09:00:00Z'),
    dueAt: new Date('2026-01-02T09:00:00Z'),
  } as const;

  it('creates a campaign for a scheduled time once, and computes the next time', async () => {
    const { clock, put, tick, stateOf, begun } = world();
    await put(daily);
    clock.moveTo(new Date('2026-01-02T09:00:20Z'));
    await Promise.all([tick(), tick()]);
    await tick();
    const [run = '', ...others] = new Set(begun);
    expect(others).toEqual([]);
    expect(run).toMatch(/^daily~20260102T0900~[A-Za-z0-9_-]{10}$/);
    expect(await stateOf(run)).toMatchObject({ parent: 'daily', autoStart: true });
    expect((await stateOf(run))?.schedule).toBeUndefined();
    expect((await stateOf(run))?.idKey).not.toBe((await stateOf('daily'))?.idKey);
    expect(await stateOf('daily')).toMatchObject({ nextRunAt: new Date('2026-01-03T09:00:00Z') });
  });

  it('continues the runs of a schedule of version 0.1 under their ids, and makes none anew', async () => {
    const { clock, put, tick, begun } = world();
    await put({ ...daily, idKey: undefined });
    const run = { campaignId: id('daily~20260102T0900'), parent: id('daily'), state: 'completed' } as const;
    await put({ ...run, idKey: undefined });
    clock.moveTo(new Date('2026-01-02T09:00:20Z'));
    await tick();
    clock.moveTo(new Date('2026-01-03T09:00:20Z'));
    await tick();
    expect(begun).toEqual(['daily~20260102T0900', 'daily~20260103T0900']);
  });

  it.each<[string, Partial<Campaign>]>([
    ["another client's campaign", { clientId: 'client-2' }],
    ['its own client’s campaign', {}],
    ['a run of another schedule', { parent: id('weekly') }],
    ["another client's, of the same parent", { clientId: 'client-2', parent: id('daily') }],
    ['one of another namespace', { namespaceKey: 'bmFtZXNwYWNl', parent: id('daily') }],
  ])('makes a run of 0.1 under another id if %s has its id', async (_, changes) => {
    const { clock, put, tick, stateOf, begun, telemetry } = world();
    await put({ ...daily, idKey: undefined });
    const taken = { campaignId: id('daily~20260102T0900'), state: 'draft', dueAt: undefined } as const;
    await put({ ...taken, ...changes });
    const before = await stateOf('daily~20260102T0900');
    clock.moveTo(new Date('2026-01-02T09:00:20Z'));
    await Promise.all([tick(), tick()]);
    await tick();
    const [run = '', ...others] = new Set(begun);
    expect(others).toEqual([]);
    expect(run).toMatch(/^daily~20260102T0900~[A-Za-z0-9_-]{10}$/);
    expect(await stateOf(run)).toMatchObject({ parent: 'daily', clientId: 'client-1' });
    expect(await stateOf('daily~20260102T0900')).toEqual(before);
    expect(await stateOf('daily')).toMatchObject({ nextRunAt: new Date('2026-01-03T09:00:00Z') });
    expect(telemetry.events('warn')).toContain('campaign.run-id-taken');
  });

  it('counts an alert if a run can get no id at all', async () => {
    const { clock, put, tick, begun, telemetry } = world();
    await put(daily);
    const schedule = sampleCampaign(daily);
    await put({ campaignId: runIdOf(schedule, daily.nextRunAt), clientId: 'client-2', dueAt: undefined });
    clock.moveTo(new Date('2026-01-02T09:00:20Z'));
    await tick();
    expect(begun).toEqual([]);
    expect(telemetry.counted('gateway.alert')).toBe(1);
    expect(telemetry.events('error')).toContain('campaign.run-lost');
  });

  it('makes the run of a schedule in a namespace, which its client finds by the own id', async () => {
    const { clock, put, tick, stateOf, begun } = world();
    const namespaceKey = 'bmFtZXNwYWNlIGtleQ';
    const key = campaignKeyIn(namespaceKey, id('daily'));
    await put({ ...daily, campaignId: key, clientCampaignId: id('daily'), namespaceKey });
    clock.moveTo(new Date('2026-01-02T09:00:20Z'));
    await tick();
    const run = await stateOf(begun[0] ?? '');
    expect(run).toMatchObject({ parent: key, clientParent: 'daily', namespaceKey });
    expect(run?.clientCampaignId).toMatch(/^daily~20260102T0900~[A-Za-z0-9_-]{10}$/);
    expect(run?.campaignId).toBe(campaignKeyIn(namespaceKey, run?.clientCampaignId ?? id('')));
  });

  it('makes up once for all missed times', async () => {
    const { clock, put, tick, stateOf, begun } = world();
    await put({ ...daily, schedule: { expression: 'rate(1 day)' } });
    clock.moveTo(new Date('2026-01-06T10:00:00Z'));
    await tick();
    expect(begun).toEqual([expect.stringMatching(/^daily~20260102T0900~.{10}$/)]);
    expect(await stateOf('daily')).toMatchObject({ nextRunAt: new Date('2026-01-07T09:00:00Z') });
  });

  it('deletes the stored files of a schedule that has ended', async () => {
    const { put, tick, objects } = world();
    objects.place('schedules/daily/list.csv', 'to\n');
    const source = {
      bucket: objects.bucket,
      key: 'schedules/daily/list.csv',
      format: 'csv',
      given: 'upload',
    } as const;
    await put({ ...daily, source, expiresAt: NOW, dueAt: NOW });
    await tick();
    expect(objects.contentOf('schedules/daily/list.csv')).toBeUndefined();
  });

  it('does not let the fault of one campaign stop another', async () => {
    const { put, tick, shares, campaigns } = world();
    await put({
      campaignId: id('broken'),
      state: 'scheduled',
      schedule: { expression: 'nonsense' },
      nextRunAt: NOW,
    });
    await put({ campaignId: id('fine'), state: 'running' });
    await tick();
    expect([...shares.keys()]).toEqual(['fine']);
    expect(campaigns.all().length).toBeGreaterThan(1);
  });
});
