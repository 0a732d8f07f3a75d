/** A campaign's turns as the change stream shows them, by the code that makes them. */
import type { Campaign } from '../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../src/lib/campaigns/campaign-id.ts';
import {
  awaiting,
  ended,
  expiredInTime,
  paused,
  planFailed,
  planned,
  planningBegun,
  resumed,
  started,
} from '../../src/lib/campaigns/lifecycle.ts';
import type { Changed } from '../../src/lib/events/event.ts';
import { sampleCampaign, samplePlan } from './fakes/campaign-samples.ts';
import { later, NOW } from './fakes/samples.ts';

const draft = sampleCampaign({ plan: undefined, parent: 'every-day' as CampaignId });
const planning = planningBegun(draft, { planId: 'plan-1', dryRun: false, now: NOW });
const readyToStart = planned(planning, samplePlan(10), NOW);
const waiting = awaiting({ ...draft, schedule: { expression: 'rate(1 day)' } }, later(86_400), NOW);
const running = started(readyToStart, NOW);
const standing = paused(running, { reason: 'paused by request', now: NOW });
const timed = { ...running, expiresAt: later(60) };

/** Each state that a campaign may be in, as views show them. */
export const CAMPAIGNS: Record<string, Campaign> = {
  draft,
  planning,
  planned: readyToStart,
  scheduled: waiting,
  running,
  paused: standing,
  completed: ended(running, 'completed', NOW),
  cancelled: ended(running, 'cancelled', NOW),
  expired: expiredInTime(timed, later(61)),
  failed: planFailed({ ...planning, autoStart: true }, 'plan-1', 'the file is not there', NOW),
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
  changed(standing, { ...running, turn: standing.turn + 1 }),
  changed(standing, resumed(standing, NOW)),
  changed(running, CAMPAIGNS['completed']),
  changed(running, CAMPAIGNS['cancelled']),
  changed(timed, CAMPAIGNS['expired']),
  changed(planning, CAMPAIGNS['failed']),
];
