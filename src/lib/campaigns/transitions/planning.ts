import { type Campaign, type CampaignDefinition, isPlanning, type RecipientSource } from '../campaign.ts';
import type { CampaignId } from '../campaign-id.ts';
import { NO_COUNTS } from '../ledger.ts';
import { emptyReason } from '../plan/figures.ts';
import type { Change, Facts } from './events.ts';

/** A planner that is silent for this long counts as dead. */
const PLANNING_GRACE_MS = 16 * 60_000;
const PLANNING_TRIES = 3;

/** A campaign before `lifecycle.ts` sets its first state. */
export interface NewCampaign
  extends Pick<Campaign, 'clientId' | 'namespaceKey' | 'clientCampaignId' | 'clientParent'> {
  readonly fingerprint: string;
  readonly idKey: string | undefined;
  readonly source: RecipientSource | undefined;
  readonly autoStart?: true | undefined;
  readonly parent?: CampaignId | undefined;
  readonly now: Date;
  readonly retentionDays: number;
}

export function draft(
  definition: CampaignDefinition,
  { now, ...rest }: NewCampaign,
): Omit<Campaign, 'state'> {
  return {
    ...definition,
    ...rest,
    version: 0,
    cursor: { row: 0, offset: 0, batch: 0 },
    aggregated: 0,
    totals: NO_COUNTS,
    reasons: {},
    createdAt: now,
    changedAt: now,
    keepUntil: now,
  };
}

/** New recipients invalidate the previous plan. This causes no event, so version and retention stay. */
export function replaceSource(campaign: Campaign, { source, now }: Facts<'sourceReplaced'>): Change {
  const { version, keepUntil } = campaign;
  return { source, plan: undefined, reason: undefined, changedAt: now, version, keepUntil };
}

export function beginPlanning(_: Campaign, { planId, dryRun, now }: Facts<'planningBegun'>): Change {
  const planning = { planId, dryRun, since: now, rows: 0, tries: 1 };
  return { planning, dueAt: later(now, PLANNING_GRACE_MS) };
}

export function isThisPlan(campaign: Campaign, { planId }: { readonly planId: string }): boolean {
  return isPlanning(campaign, planId);
}

/** Has no other planner recorded a part since this one began or recorded its last? */
export function isNextPart(
  campaign: Campaign,
  { planId, after }: { readonly planId: string; readonly after: string | undefined },
): boolean {
  return isPlanning(campaign, planId) && campaign.planning?.checkpoint?.key === after;
}

/** The next planner goes on from here, and those that were lost before no longer count. */
export function keepPart({ planning }: Campaign, { checkpoint, now }: Facts<'partPlanned'>): Change {
  return {
    planning: planning && { ...planning, checkpoint, rows: checkpoint.rows, tries: 1 },
    dueAt: later(now, PLANNING_GRACE_MS),
  };
}

export function noteProgress({ planning }: Campaign, { rows, now }: Facts<'planningProgressed'>): Change {
  return { planning: planning && { ...planning, rows }, dueAt: later(now, PLANNING_GRACE_MS) };
}

export function mayPlanAgain({ planning }: Campaign): boolean {
  return planning !== undefined && planning.tries < PLANNING_TRIES;
}

export function planAgain({ planning }: Campaign, { now }: Facts<'plannerLost'>): Change {
  return {
    planning: planning && {
      ...planning,
      tries: planning.tries + 1,
      rows: planning.checkpoint?.rows ?? 0,
    },
    dueAt: later(now, PLANNING_GRACE_MS),
  };
}

/** A dry run keeps its figures. Only a plan with its file can be started. */
export function isDryRun(campaign: Campaign, { plan }: Facts<'planReady'>): boolean {
  return isThisPlan(campaign, plan) && campaign.planning?.dryRun === true;
}

export function isReady(campaign: Campaign, { plan }: Facts<'planReady'>): boolean {
  return isThisPlan(campaign, plan);
}

/** Starting it would end it at once, with nothing sent. */
export function isEmpty(campaign: Campaign, { plan }: Facts<'planReady'>): boolean {
  return isThisPlan(campaign, plan) && plan.counts.total === 0;
}

export function isEmptyUnattended(campaign: Campaign, facts: Facts<'planReady'>): boolean {
  return isEmpty(campaign, facts) && isUnattended(campaign);
}

/** The figures and rejected rows say what to correct. */
export function keepEmptyPlan(campaign: Campaign, facts: Facts<'planReady'>): Change {
  return { ...keepPlan(campaign, facts), reason: emptyReason(facts.plan) };
}

export function keepPlan(_: Campaign, { plan }: Facts<'planReady'>): Change {
  return { plan, planning: undefined, dueAt: undefined };
}

/** Without a caller, the recipients aren't corrected and planned again. */
export function isUnattended({ autoStart, planning }: Campaign): boolean {
  return autoStart === true && planning !== undefined;
}

export function isThisPlanUnattended(campaign: Campaign, facts: Facts<'planFailed'>): boolean {
  return isThisPlan(campaign, facts) && isUnattended(campaign);
}

export function dropPlan(_: Campaign, { reason }: { readonly reason: string }): Change {
  return { planning: undefined, plan: undefined, reason, dueAt: undefined };
}

export function giveUpPlanning(campaign: Campaign): Change {
  return dropPlan(campaign, { reason: 'planning did not finish' });
}

export function isBeingPlanned({ planning }: Campaign): boolean {
  return planning !== undefined;
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}
