import {
  type Campaign,
  type CampaignEnd,
  type CampaignState,
  hasEnded,
  isPastItsTime,
  isPlanning,
  keptUntil,
  type Plan,
  type RecipientSource,
} from './campaign.ts';

/*
 * A campaign's way:
 *
 *   draft ──▶ planning ──▶ planned ──▶ scheduled ──▶ running ◀──▶ paused
 *     ▲          │            ▲ │          │            │            │
 *     └──fault───┘       plan ┘ └──────────┴────────────┴────────────┴──▶ completed, cancelled, expired, failed
 *
 * Each arrow is one conditional write of the campaign's item.
 */

/** A planner that has said nothing for so long is taken for dead. */
const PLANNING_GRACE_MS = 16 * 60_000;
const PLANNING_TRIES = 3;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);
const earliest = (...dates: (Date | undefined)[]): Date | undefined =>
  dates.reduce((a, b) => (a && b ? (a < b ? a : b) : (a ?? b)), undefined);

/** The campaign in another state: one change, one event. */
function turned(
  campaign: Campaign,
  state: CampaignState,
  now: Date,
  change: Partial<Campaign> = {},
): Campaign {
  const next = { ...campaign, reason: undefined, ...change, state, turn: campaign.turn + 1, changedAt: now };
  return { ...next, dueAt: hasEnded(next) ? undefined : next.dueAt, keepUntil: keptUntil(next) };
}

/** New recipients; what was planned with others is void. */
export function withSource(campaign: Campaign, source: RecipientSource, now: Date): Campaign {
  if (campaign.state !== 'draft' && campaign.state !== 'planned') return campaign;
  return { ...campaign, source, state: 'draft', plan: undefined, reason: undefined, changedAt: now };
}

export function planningBegun(
  campaign: Campaign,
  by: { planId: string; dryRun: boolean; now: Date },
): Campaign {
  if (campaign.state !== 'draft' && campaign.state !== 'planned') return campaign;
  const { now } = by;
  const planning = { planId: by.planId, dryRun: by.dryRun, since: now, rows: 0, tries: 1 };
  return turned(campaign, 'planning', now, { planning, dueAt: later(now, PLANNING_GRACE_MS) });
}

/** The planner is alive, and so far. */
export function planningGoesOn(
  campaign: Campaign,
  planId: string,
  by: { rows: number; now: Date },
): Campaign {
  const { planning } = campaign;
  if (!isPlanning(campaign, planId) || !planning) return campaign;
  return { ...campaign, planning: { ...planning, rows: by.rows }, dueAt: later(by.now, PLANNING_GRACE_MS) };
}

/** The planner was not heard of: once more, or the end of it. */
export function planningRetried(campaign: Campaign, now: Date): Campaign {
  const { planning } = campaign;
  if (campaign.state !== 'planning' || !planning) return campaign;
  if (planning.tries >= PLANNING_TRIES)
    return planFailed(campaign, planning.planId, 'the planning did not end', now);
  const again = { ...planning, tries: planning.tries + 1, rows: 0 };
  return { ...campaign, planning: again, dueAt: later(now, PLANNING_GRACE_MS) };
}

/** A dry run leaves its figures; only a plan with its file can be started. */
export function planned(campaign: Campaign, plan: Plan, now: Date): Campaign {
  if (!isPlanning(campaign, plan.planId)) return campaign;
  const state = campaign.planning?.dryRun ? 'draft' : 'planned';
  const next = turned(campaign, state, now, { plan, planning: undefined, dueAt: undefined });
  // In the same write: nobody has to come by once more.
  return next.autoStart ? started(next, now) : next;
}

/** The recipients can't be read: the caller mends them and plans again; where no caller waits, it has failed. */
export function planFailed(campaign: Campaign, planId: string, reason: string, now: Date): Campaign {
  if (!isPlanning(campaign, planId)) return campaign;
  const state = campaign.autoStart ? 'failed' : 'draft';
  return turned(campaign, state, now, { planning: undefined, plan: undefined, reason, dueAt: undefined });
}

/** Frozen and under way, or waiting for its time. */
export function started(campaign: Campaign, now: Date): Campaign {
  if (campaign.state !== 'planned' || !campaign.plan?.file) return campaign;
  const { startAt, expiresAt } = campaign;
  if (startAt && startAt > now) {
    return turned(campaign, 'scheduled', now, { dueAt: earliest(startAt, expiresAt) });
  }
  return running(campaign, now);
}

/** A campaign with a schedule sends nothing itself: it waits for its times, and each makes a campaign of its own. */
export function awaiting(campaign: Campaign, nextRunAt: Date | undefined, now: Date): Campaign {
  if (campaign.state !== 'draft' && campaign.state !== 'planned' && campaign.state !== 'scheduled')
    return campaign;
  if (!nextRunAt) return ended(campaign, 'completed', now, 'its schedule has no time to come any more');
  const change = { nextRunAt, dueAt: earliest(nextRunAt, campaign.expiresAt) };
  return campaign.state === 'scheduled'
    ? { ...campaign, ...change, keepUntil: keptUntil({ ...campaign, ...change }) }
    : turned(campaign, 'scheduled', now, change);
}

/** The time of a scheduled campaign has come. */
export function cameDue(campaign: Campaign, now: Date): Campaign {
  const { state, startAt } = campaign;
  return state === 'scheduled' && startAt && startAt <= now ? running(campaign, now) : campaign;
}

function running(campaign: Campaign, now: Date): Campaign {
  return turned(campaign, 'running', now, { startedAt: now, slotAt: now, dueAt: now });
}

/** Nothing more is taken; what is queued already is dropped by the worker and stays pending. */
export function paused(campaign: Campaign, by: { readonly reason: string; readonly now: Date }): Campaign {
  if (campaign.state !== 'running') return campaign;
  return turned(campaign, 'paused', by.now, { reason: by.reason, dueAt: campaign.expiresAt });
}

/** On it goes: what is pending in its open batches gets new slots from now on. */
export function resumed(campaign: Campaign, now: Date): Campaign {
  if (campaign.state !== 'paused') return campaign;
  return turned(campaign, 'running', now, { resumedAt: now, slotAt: now, dueAt: now });
}

/** The end; final. Recipients who were not reached stay so. */
export function ended(campaign: Campaign, state: CampaignEnd, now: Date, reason?: string): Campaign {
  return hasEnded(campaign) ? campaign : turned(campaign, state, now, { reason, planning: undefined });
}

export function expiredInTime(campaign: Campaign, now: Date): Campaign {
  const waits = campaign.state !== 'draft' && campaign.state !== 'planning' && campaign.state !== 'planned';
  return waits && isPastItsTime(campaign, now)
    ? ended(campaign, 'expired', now, 'its time was over before all recipients were reached')
    : campaign;
}
