/** The transitions of a campaign that is planned: what each keeps, drops and leaves for the next tick. */
import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import { NO_COUNTS } from '../../../src/lib/campaigns/ledger.ts';
import { transition } from '../../../src/lib/campaigns/lifecycle.ts';
import { sampleCampaign, samplePlan } from '../../support/fakes/campaign-samples.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

/** A planner that has been silent for so long counts as dead. */
const GRACE_S = 16 * 60;

const making = { planId: 'plan-1', dryRun: false, since: NOW, rows: 0, tries: 1 };
/** The first part. */
const part = { planId: 'plan-1', after: undefined };
const planning = (changes: Partial<Campaign> = {}): Campaign =>
  sampleCampaign({
    state: 'planning',
    plan: undefined,
    planning: making,
    dueAt: later(GRACE_S),
    ...changes,
  });

describe('a new campaign', () => {
  it('is a draft that has taken and counted nothing', () => {
    expect(sampleCampaign()).toMatchObject({
      state: 'draft',
      version: 0,
      cursor: { row: 0, offset: 0, batch: 0 },
      totals: NO_COUNTS,
      reasons: {},
      createdAt: NOW,
      changedAt: NOW,
    });
  });
});

describe('a campaign that begins to be planned', () => {
  it('knows its plan, and is due when the planner counts as dead', () => {
    for (const dryRun of [true, false]) {
      const begun = transition(sampleCampaign(), 'planningBegun', {
        planId: 'plan-2',
        dryRun,
        now: later(1),
      });
      expect(begun).toMatchObject({
        state: 'planning',
        planning: { planId: 'plan-2', dryRun, since: later(1), rows: 0, tries: 1 },
        dueAt: later(1 + GRACE_S),
      });
    }
  });
});

describe('a campaign that is being planned', () => {
  it('notes how far the planner is, which puts off the time at which it counts as dead', () => {
    const noted = transition(planning(), 'planningProgressed', {
      planId: 'plan-1',
      after: undefined,
      rows: 500,
      now: later(60),
    });
    expect(noted.planning).toEqual({ ...making, rows: 500 });
    expect(noted.dueAt).toEqual(later(60 + GRACE_S));
  });

  it('keeps its version and its reason while its state is the same', () => {
    const stored = planning({ reason: 'kept', version: 3, changedAt: later(-60) });
    const noted = transition(stored, 'planningProgressed', { ...part, rows: 1, now: later(60) });
    expect(noted).toMatchObject({ reason: 'kept', version: 3, changedAt: later(-60) });
  });

  it('records one part after another, and ignores planners that another one has overtaken', () => {
    const first = { key: 'part-1', rows: 500 };
    const stored = transition(planning(), 'partPlanned', { ...part, checkpoint: first, now: later(60) });
    expect(stored.planning).toEqual({ ...making, rows: 500, checkpoint: first });
    expect(stored.dueAt).toEqual(later(60 + GRACE_S));
    const late = { key: 'part-1 of another', rows: 400 };
    for (const after of [undefined, 'part-1 of another']) {
      const facts = { planId: 'plan-1', after, now: later(61) };
      expect(transition(stored, 'partPlanned', { ...facts, checkpoint: late })).toBe(stored);
      expect(transition(stored, 'planningProgressed', { ...facts, rows: 450 })).toBe(stored);
    }
    const ahead = { planId: 'plan-1', after: 'part-1', now: later(61) };
    expect(transition(stored, 'planningProgressed', { ...ahead, rows: 700 }).planning?.rows).toBe(700);
  });

  it('ignores the planner of another plan', () => {
    const stored = planning();
    expect(transition(stored, 'planningProgressed', { ...part, planId: 'plan-2', rows: 1, now: NOW })).toBe(
      stored,
    );
    expect(transition(stored, 'planReady', { plan: samplePlan(1, { planId: 'plan-2' }), now: NOW })).toBe(
      stored,
    );
    expect(transition(stored, 'planFailed', { planId: 'plan-2', reason: 'no', now: NOW })).toBe(stored);
  });

  it('is planned with its plan, and has nothing due', () => {
    const plan = samplePlan(10);
    const planned = transition(planning(), 'planReady', { plan, now: later(60) });
    expect(planned).toMatchObject({ state: 'planned', plan });
    expect([planned.planning, planned.dueAt]).toEqual([undefined, undefined]);
  });

  it('is a draft with its figures after a dry run', () => {
    const plan = samplePlan(10, { parts: undefined });
    const dry = transition(planning({ planning: { ...making, dryRun: true } }), 'planReady', {
      plan,
      now: later(60),
    });
    expect(dry).toMatchObject({ state: 'draft', plan });
    expect([dry.planning, dry.dueAt]).toEqual([undefined, undefined]);
  });

  it.each([
    [true, false, 'failed'],
    [undefined, false, 'draft'],
    [undefined, true, 'draft'],
  ] as const)(
    'without a valid recipient is never planned: it says why, and keeps its figures: autoStart %s, dry run %s, %s',
    (autoStart, dryRun, state) => {
      const line = { line: 2, kind: 'invalid', reason: 'column to is empty' } as const;
      const { counts } = samplePlan(0);
      const plan = samplePlan(0, { counts: { ...counts, invalid: 3 }, rejected: [line] });
      const empty = transition(planning({ autoStart, planning: { ...making, dryRun } }), 'planReady', {
        plan,
        now: later(60),
      });
      const reason =
        'there are no valid recipients: all 3 rows are invalid, the first in line 2: column to is empty. ' +
        'Correct the recipients and plan again';
      expect(empty).toMatchObject({ state, plan, reason });
      expect([empty.planning, empty.dueAt]).toEqual([undefined, undefined]);
      expect(transition(empty, 'started', { now: later(61) })).toBe(empty);
    },
  );

  it('without a row says that the file has none', () => {
    const empty = transition(planning(), 'planReady', { plan: samplePlan(0), now: NOW });
    expect(empty.reason).toContain('the file has no rows');
  });

  it.each([
    [true, 'failed'],
    [undefined, 'draft'],
  ] as const)(
    'whose recipients cannot be read has no plan and says why: autoStart %s, %s',
    (autoStart, state) => {
      const facts = { planId: 'plan-1', reason: 'the file does not exist', now: later(60) };
      const dropped = transition(planning({ autoStart, plan: samplePlan(3) }), 'planFailed', facts);
      expect(dropped).toMatchObject({ state, reason: 'the file does not exist' });
      expect([dropped.planning, dropped.plan, dropped.dueAt]).toEqual([undefined, undefined, undefined]);
    },
  );
});

describe('a campaign with a planner that is silent', () => {
  const lost = { now: later(GRACE_S) };

  it('is planned again from the last part, and only planners lost since then count', () => {
    const checkpoint = { key: 'part-3', rows: 900 };
    const lostOnce = planning({ planning: { ...making, rows: 1_200, tries: 2, checkpoint } });
    const again = transition(lostOnce, 'plannerLost', lost);
    expect(again.planning).toEqual({ ...making, rows: 900, tries: 3, checkpoint });
    const next = { key: 'part-4', rows: 1_500 };
    const recorded = transition(again, 'partPlanned', {
      planId: 'plan-1',
      after: 'part-3',
      checkpoint: next,
      now: later(GRACE_S + 5),
    });
    expect(recorded.planning).toEqual({ ...making, rows: 1_500, tries: 1, checkpoint: next });
    expect(recorded.dueAt).toEqual(later(2 * GRACE_S + 5));
  });

  it('is planned again from the start, three times in all', () => {
    const again = transition(planning({ planning: { ...making, rows: 500, tries: 2 } }), 'plannerLost', lost);
    expect(again.planning).toEqual({ ...making, rows: 0, tries: 3 });
    expect(again).toMatchObject({ state: 'planning', dueAt: later(2 * GRACE_S) });
  });

  it.each([
    [true, 'failed'],
    [undefined, 'draft'],
  ] as const)('is given up after that: autoStart %s, %s', (autoStart, state) => {
    const stored = planning({ autoStart, planning: { ...making, tries: 3 } });
    const given = transition(stored, 'plannerLost', lost);
    expect(given).toMatchObject({ state, reason: 'planning did not finish' });
    expect([given.planning, given.dueAt]).toEqual([undefined, undefined]);
  });

  it.each([true, undefined] as const)('is left alone where it has no planner: autoStart %s', (autoStart) => {
    const stored = planning({ autoStart, planning: undefined });
    expect(transition(stored, 'plannerLost', lost)).toBe(stored);
  });
});

describe('a campaign that gets other recipients', () => {
  it('loses its plan and its reason, and keeps its version and its retention', () => {
    const source = { bucket: 'recipients', key: 'uploads/2.csv', format: 'csv', given: 'upload' } as const;
    const stored = sampleCampaign({ state: 'planned', reason: 'the file does not exist' });
    const replaced = transition(stored, 'sourceReplaced', { source, now: later(60) });
    expect(replaced).toEqual({
      ...stored,
      state: 'draft',
      source,
      plan: undefined,
      reason: undefined,
      changedAt: later(60),
    });
  });
});
