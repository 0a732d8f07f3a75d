/** A campaign's turns as the change stream shows them, by the code that makes them. */
import type { Campaign } from '../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../src/lib/campaigns/campaign-id.ts';
import { transition } from '../../src/lib/campaigns/lifecycle.ts';
import type { Changed } from '../../src/lib/events/events-of-change.ts';
import { sampleCampaign, samplePlan } from './fakes/campaign-samples.ts';
import { later, NOW } from './fakes/samples.ts';

const draft = sampleCampaign({ plan: undefined, parent: 'every-day' as CampaignId });
const planning = transition(draft, 'planningBegun', { planId: 'plan-1', dryRun: false, now: NOW });
const readyToStart = transition(planning, 'planReady', { plan: samplePlan(10), now: NOW });
const daily = { ...draft, schedule: { expression: 'rate(1 day)' } };
const waiting = transition(daily, 'runScheduled', { nextRunAt: later(86_400), now: NOW });
const running = transition(readyToStart, 'started', { now: NOW });
const standing = transition(running, 'paused', { reason: 'paused by request', now: NOW });
const allSettled = { ...running, cursor: { row: 10, offset: 500, batch: 1 }, aggregated: 1 };
const timed = { ...running, expiresAt: later(60) };

/** Each state that a campaign may be in, as views show them. */
export const CAMPAIGNS: Record<string, Campaign> = {
  draft,
  planning,
  planned: readyToStart,
  scheduled: waiting,
  running,
  paused: standing,
  completed: transition(allSettled, 'progressed', { now: NOW }),
  cancelled: transition(running, 'cancelled', { now: NOW }),
  expired: transition(timed, 'timeChecked', { now: later(61) }),
  failed: transition({ ...planning, autoStart: true }, 'planFailed', {
    planId: 'plan-1',
    reason: 'the file does not exist',
    now: NOW,
  }),
};

const changed = (before: Campaign | undefined, after: Campaign | undefined): Changed => {
  if (!after) throw new Error('a campaign is never gone by itself');
  return { kind: 'campaign', before, after };
};

export const CAMPAIGN_CHANGES: Changed[] = [
  changed(undefined, draft),
  changed(draft, planning),
  changed(planning, readyToStart),
  changed(draft, waiting),
  changed(readyToStart, running),
  changed(running, standing),
  changed(standing, { ...running, version: standing.version + 1 }),
  changed(standing, transition(standing, 'resumed', { now: NOW })),
  changed(running, CAMPAIGNS['completed']),
  changed(running, CAMPAIGNS['cancelled']),
  changed(timed, CAMPAIGNS['expired']),
  changed(planning, CAMPAIGNS['failed']),
];
