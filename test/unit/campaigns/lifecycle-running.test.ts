/** The transitions of a campaign that starts, runs and ends: their guards, and when the tick is due. */
import { describe, expect, it } from 'vitest';
import type { Campaign } from '../../../src/lib/campaigns/campaign.ts';
import { transition } from '../../../src/lib/campaigns/lifecycle.ts';
import { sampleCampaign, samplePlan } from '../../support/fakes/campaign-samples.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

const HOUR = later(3_600);
const planned = (changes: Partial<Campaign> = {}) => sampleCampaign({ state: 'planned', ...changes });
const running = (changes: Partial<Campaign> = {}) => sampleCampaign({ state: 'running', ...changes });
const scheduled = (changes: Partial<Campaign> = {}) => sampleCampaign({ state: 'scheduled', ...changes });
const withoutFile = samplePlan(10, { parts: undefined });

describe('a campaign that is started', () => {
  it.each([
    ['without a start time', undefined],
    ['at its start time', NOW],
    ['after its start time', later(-1)],
  ])('runs at once %s', (_, startAt) => {
    const started = transition(planned({ startAt }), 'started', { now: NOW });
    expect(started).toMatchObject({ state: 'running', startedAt: NOW, dueAt: NOW });
  });

  it('waits for a start time that is to come', () => {
    const started = transition(planned({ startAt: HOUR }), 'started', { now: NOW });
    expect(started).toMatchObject({ state: 'scheduled', dueAt: HOUR });
    expect(started.startedAt).toBeUndefined();
  });

  it.each([withoutFile, samplePlan(0), undefined])(
    'stays as it is without a plan that has a file and recipients',
    (plan) => {
      for (const startAt of [undefined, HOUR]) {
        const stored = planned({ plan, startAt });
        expect(transition(stored, 'started', { now: NOW })).toBe(stored);
      }
    },
  );
});

describe('a campaign that waits for its start', () => {
  it.each([
    ['no end', undefined, HOUR],
    ['a later end', later(7_200), HOUR],
    ['an earlier end', later(60), later(60)],
  ])('is due at the first of start and end: %s', (_, expiresAt, dueAt) => {
    const started = transition(planned({ startAt: HOUR, expiresAt }), 'started', { now: NOW });
    expect(started.dueAt).toEqual(dueAt);
  });

  it('runs from its start time on, and not before', () => {
    const stored = scheduled({ startAt: HOUR });
    expect(transition(stored, 'startDue', { now: later(3_599) })).toBe(stored);
    expect(transition(stored, 'startDue', { now: HOUR })).toMatchObject({
      state: 'running',
      startedAt: HOUR,
      dueAt: HOUR,
    });
  });

  it('does not run by itself where it has no start time', () => {
    const stored = scheduled({ startAt: undefined });
    expect(transition(stored, 'startDue', { now: HOUR })).toBe(stored);
  });
});

describe('a campaign with a schedule', () => {
  const draft = sampleCampaign();

  it.each([
    ['no end', undefined, HOUR],
    ['a later end', later(7_200), HOUR],
    ['the same end', HOUR, HOUR],
    ['an earlier end', later(60), later(60)],
  ])('is due at the first of next run and end: %s', (_, expiresAt, dueAt) => {
    const waiting = transition({ ...draft, expiresAt }, 'runScheduled', { nextRunAt: HOUR, now: NOW });
    expect(waiting).toMatchObject({ state: 'scheduled', nextRunAt: HOUR, dueAt });
  });

  it('is completed, and says why, where the schedule has no more times', () => {
    const ended = transition(scheduled({ dueAt: NOW }), 'runScheduled', { nextRunAt: undefined, now: NOW });
    expect(ended).toMatchObject({
      state: 'completed',
      reason: 'the schedule has no further run',
    });
    expect(ended.dueAt).toBeUndefined();
  });
});

describe('a campaign that is paused', () => {
  it.each([undefined, HOUR])('says why, and is due only at its end', (expiresAt) => {
    const stored = running({ expiresAt, dueAt: later(60) });
    const paused = transition(stored, 'paused', { reason: 'asked', now: NOW });
    expect(paused).toMatchObject({ state: 'paused', reason: 'asked' });
    expect(paused.dueAt).toEqual(expiresAt);
  });

  it('runs again with new times for what is pending, and without the reason', () => {
    const stored = sampleCampaign({ state: 'paused', reason: 'asked', dueAt: undefined });
    const resumed = transition(stored, 'resumed', { now: later(60) });
    expect(resumed).toMatchObject({
      state: 'running',
      resumedAt: later(60),
      nextScheduledAt: later(60),
      dueAt: later(60),
    });
    expect(resumed.reason).toBeUndefined();
  });
});

describe('a campaign that ends', () => {
  it.each(['draft', 'planning', 'planned', 'scheduled', 'running', 'paused'] as const)(
    'is cancelled while it is %s',
    (state) => {
      expect(transition(sampleCampaign({ state }), 'cancelled', { now: NOW }).state).toBe('cancelled');
    },
  );

  it.each(['scheduled', 'running', 'paused'] as const)('expires at its end while it is %s', (state) => {
    const stored = sampleCampaign({ state, expiresAt: HOUR });
    expect(transition(stored, 'timeChecked', { now: HOUR }).state).toBe('expired');
  });

  it('has nothing due, and nothing that is being planned', () => {
    const making = { planId: 'plan-1', dryRun: false, since: NOW, rows: 0, tries: 1 };
    const stored = sampleCampaign({ state: 'planning', planning: making, dueAt: HOUR });
    const ended = transition(stored, 'cancelled', { now: NOW });
    expect(ended.state).toBe('cancelled');
    expect([ended.planning, ended.dueAt]).toEqual([undefined, undefined]);
  });

  it.each(['completed', 'cancelled', 'expired', 'failed'] as const)('stays %s, whatever happens', (state) => {
    const stored = sampleCampaign({ state });
    for (const event of ['resumed', 'cancelled', 'timeChecked', 'started'] as const) {
      expect(transition(stored, event, { now: HOUR })).toBe(stored);
    }
  });

  it('expires at its end, and says why', () => {
    const stored = running({ expiresAt: HOUR, dueAt: NOW });
    expect(transition(stored, 'timeChecked', { now: later(3_599) })).toBe(stored);
    const expired = transition(stored, 'timeChecked', { now: HOUR });
    expect(expired).toMatchObject({
      state: 'expired',
      reason: 'expiresAt passed before all recipients were reached',
    });
    expect(expired.dueAt).toBeUndefined();
  });
});
