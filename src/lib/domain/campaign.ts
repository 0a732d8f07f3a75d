import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { CampaignId } from './campaign-id.ts';
import { type BatchCounts, type LedgerBatch, NO_COUNTS, sumOf } from './ledger.ts';
import type { FlowRequest } from './message.ts';

/*
 * A campaign's way:
 *
 *   draft ──▶ planning ──▶ planned ──▶ scheduled ──▶ running ◀──▶ paused
 *     ▲          │            ▲ │          │            │            │
 *     └──fault───┘       plan ┘ └──────────┴────────────┴────────────┴──▶ completed, cancelled, expired, failed
 *
 * Each arrow is one conditional write of the campaign's item.
 */
export type CampaignState =
  | 'draft'
  | 'planning'
  | 'planned'
  | 'scheduled'
  | 'running'
  | 'paused'
  | CampaignEnd;

export type CampaignEnd = 'completed' | 'cancelled' | 'expired' | 'failed';

/** A flow as `POST /v1/flows` takes it, without who gets it; `{{column}}` in its texts is each recipient's own. */
export type CampaignMessage = Omit<FlowRequest, 'messageId' | 'to'>;

/** Where the recipients stand. */
export interface RecipientSource {
  readonly bucket: string;
  readonly key: string;
  readonly format: 'csv' | 'jsonl';
  /** How the caller gave them. */
  readonly given: 'inline' | 'upload' | 's3';
}

/** What the caller asked for. */
export interface CampaignDefinition {
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly message: CampaignMessage;
  /** Messages a minute, at most. */
  readonly perMinute: number;
  readonly startAt?: Date | undefined;
  readonly schedule?: { readonly expression: string; readonly timeZone?: string | undefined } | undefined;
  /** Who has not been reached by then is not written to any more. */
  readonly expiresAt?: Date | undefined;
}

/** What is known of the recipients, and the frozen list of them. */
export interface Plan {
  readonly planId: string;
  /** The plan object: one accepted recipient a line. Absent after a dry run. */
  readonly file?: { readonly key: string; readonly etag: string; readonly bytes: number } | undefined;
  readonly rejectedKey?: string | undefined;
  /** The source as it was read. */
  readonly sourceEtag: string;
  readonly plannedAt: Date;
  readonly counts: PlanCounts;
  /** The first refused rows; all of them stand in the object of `rejectedKey`. */
  readonly rejected: readonly RejectedRow[];
  readonly price: PriceEstimate;
}

/** `total` recipients are tried: those of the four kinds after it. Invalid and duplicate rows are not. */
export interface PlanCounts {
  readonly total: number;
  /** Their window is open: they get the flow at once. */
  readonly sendNow: number;
  /** Their window is shut: the flow is parked, after a template message where there is one. */
  readonly park: number;
  /** Their window is shut, and `whenClosed` is `reject`. */
  readonly windowShut: number;
  readonly optedOut: number;
  readonly invalid: number;
  readonly duplicate: number;
}

export interface RejectedRow {
  readonly line: number;
  readonly kind: 'invalid' | 'duplicate';
  readonly reason: string;
}

export interface PriceEstimate {
  readonly currency: string;
  readonly amount: number;
  readonly asOf: string;
  readonly notes: readonly string[];
}

/** How far a campaign has taken recipients out of its plan. */
export interface Cursor {
  /** Recipients before this one have been taken. */
  readonly row: number;
  /** The next one's first byte in the plan object. */
  readonly offset: number;
  /** Batches that were opened. */
  readonly batch: number;
}

export interface Campaign extends CampaignDefinition {
  readonly clientId: string;
  readonly fingerprint: string;
  readonly source?: RecipientSource | undefined;
  readonly state: CampaignState;
  /** Why it stands as it does, where it is no matter of course. */
  readonly reason?: string | undefined;
  /** Counts its changes of state; part of its events' ids. */
  readonly turn: number;
  /** It is planned and started without another request. */
  readonly autoStart?: true | undefined;
  /** The campaign whose schedule made it. */
  readonly parent?: CampaignId | undefined;
  readonly planning?: Planning | undefined;
  readonly plan?: Plan | undefined;
  readonly cursor: Cursor;
  /** When the next recipient's turn is. */
  readonly slotAt?: Date | undefined;
  /** Its share of the number's pace, when it was last looked at. */
  readonly share?: number | undefined;
  /** Batches, from the first on, whose counts are in `totals`. */
  readonly folded: number;
  readonly totals: BatchCounts;
  readonly reasons: Readonly<Record<string, number>>;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly startedAt?: Date | undefined;
  /** Slots that were given away before this count no more: it stood still, or was slowed. */
  readonly resumedAt?: Date | undefined;
  readonly nextRunAt?: Date | undefined;
  /** When the tick has to look at it; absent where it has nothing to do. */
  readonly dueAt?: Date | undefined;
  readonly keepUntil: Date;
}

/** A plan in the making. */
export interface Planning {
  readonly planId: string;
  readonly dryRun: boolean;
  readonly since: Date;
  readonly rows: number;
  readonly tries: number;
}

const START: Cursor = { row: 0, offset: 0, batch: 0 };
const DAY_MS = 86_400_000;
/** A planner that has said nothing for so long is taken for dead. */
const PLANNING_GRACE_MS = 16 * 60_000;
const PLANNING_TRIES = 3;
const REASONS_LIMIT = 20;
/** Shares are fractions: one that is less by a hair is the same. */
const NOTABLY_LESS = 0.99;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);
const earliest = (...dates: (Date | undefined)[]): Date | undefined =>
  dates.reduce((a, b) => (a && b ? (a < b ? a : b) : (a ?? b)), undefined);

/** SHA-256 over the definition and its recipients in canonical JSON: the order of keys doesn't count. */
export function campaignFingerprint(definition: unknown): string {
  return createHash('sha256')
    .update(canonicalize(definition) ?? '')
    .digest('base64url');
}

export function newCampaign(
  definition: CampaignDefinition,
  by: {
    readonly clientId: string;
    readonly fingerprint: string;
    readonly source: RecipientSource | undefined;
    readonly autoStart?: true | undefined;
    readonly parent?: CampaignId | undefined;
    readonly now: Date;
    readonly retentionDays: number;
  },
): Campaign {
  const { now, retentionDays, ...rest } = by;
  return {
    ...definition,
    ...rest,
    state: 'draft',
    turn: 0,
    cursor: START,
    folded: 0,
    totals: NO_COUNTS,
    reasons: {},
    createdAt: now,
    changedAt: now,
    keepUntil: later(earliestLast(definition, now), retentionDays * DAY_MS),
  };
}

/** From when on its retention counts: it is not to vanish before its own end. */
function earliestLast({ startAt, expiresAt }: CampaignDefinition, now: Date): Date {
  return [now, startAt, expiresAt].reduce<Date>((a, b) => (b && b > a ? b : a), now);
}

export function hasEnded({ state }: Pick<Campaign, 'state'>): boolean {
  return state === 'completed' || state === 'cancelled' || state === 'expired' || state === 'failed';
}

/** The campaign in another state: one change, one event. */
function turned(
  campaign: Campaign,
  state: CampaignState,
  now: Date,
  change: Partial<Campaign> = {},
): Campaign {
  const next = { ...campaign, reason: undefined, ...change, state, turn: campaign.turn + 1, changedAt: now };
  return { ...next, dueAt: hasEnded(next) ? undefined : next.dueAt };
}

/** What a campaign is to do, without what has become of it. */
export function definitionOf(campaign: Campaign): CampaignDefinition {
  const { campaignId, name, message, perMinute, startAt, schedule, expiresAt } = campaign;
  return { campaignId, name, message, perMinute, startAt, schedule, expiresAt };
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

/** Is this still the plan that is being made? */
export function isPlanning({ state, planning }: Campaign, planId: string): boolean {
  return state === 'planning' && planning?.planId === planId;
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
  if (!nextRunAt) return ended(campaign, 'completed', now);
  const change = { nextRunAt, dueAt: earliest(nextRunAt, campaign.expiresAt) };
  return campaign.state === 'scheduled'
    ? { ...campaign, ...change }
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

/**
 * With its share of the number's pace. The slots of the next minute and a half are given away already; where the
 * share is less than they were made for, all that is pending gets new ones, as after a pause.
 */
export function withShare(campaign: Campaign, share: number, now: Date): Campaign {
  if (campaign.share === share) return campaign;
  const isSlowed = campaign.share !== undefined && share < NOTABLY_LESS * campaign.share;
  return isSlowed ? { ...campaign, share, resumedAt: now, slotAt: now } : { ...campaign, share };
}

/** The end; final. Recipients who were not reached stay so. */
export function ended(campaign: Campaign, state: CampaignEnd, now: Date, reason?: string): Campaign {
  return hasEnded(campaign) ? campaign : turned(campaign, state, now, { reason, planning: undefined });
}

export function isPastItsTime({ expiresAt }: Pick<Campaign, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

export function expiredInTime(campaign: Campaign, now: Date): Campaign {
  const waits = campaign.state !== 'draft' && campaign.state !== 'planning' && campaign.state !== 'planned';
  return waits && isPastItsTime(campaign, now)
    ? ended(campaign, 'expired', now, 'its time was over before all recipients were reached')
    : campaign;
}

/** Are there recipients that were never taken? */
export function hasMore({ cursor, plan }: Campaign): boolean {
  return plan !== undefined && cursor.row < plan.counts.total;
}

/** The campaign with a batch taken out of its plan, and its slots given away. */
export function withBatch(
  campaign: Campaign,
  taken: { rows: number; bytes: number; slotAt: Date },
): Campaign {
  const { row, offset, batch } = campaign.cursor;
  const cursor = { row: row + taken.rows, offset: offset + taken.bytes, batch: batch + 1 };
  return { ...campaign, cursor, slotAt: taken.slotAt };
}

/** The campaign with a complete batch in its totals; each batch once, in order. */
export function withFolded(campaign: Campaign, batch: LedgerBatch): Campaign {
  if (batch.n !== campaign.folded || batch.pending.length > 0) return campaign;
  const reasons = { ...campaign.reasons };
  for (const { reason } of Object.values(batch.outcomes)) {
    if (reason === undefined) continue;
    const known = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < REASONS_LIMIT;
    const name = known ? reason : 'other';
    reasons[name] = (Object.hasOwn(reasons, name) ? (reasons[name] ?? 0) : 0) + 1;
  }
  return { ...campaign, folded: campaign.folded + 1, totals: sumOf(campaign.totals, batch.counts), reasons };
}

/** All taken, all settled, all counted: it is complete, once. */
export function completedIfDone(campaign: Campaign, now: Date): Campaign {
  const done =
    campaign.state === 'running' && !hasMore(campaign) && campaign.folded === campaign.cursor.batch;
  return done ? ended(campaign, 'completed', now) : campaign;
}

/** The id of the campaign that a schedule makes at a time. */
export function runIdOf({ campaignId }: Campaign, at: Date): CampaignId {
  return `${campaignId}~${at.toISOString().slice(0, 16).replace(/[-:]/g, '')}` as CampaignId;
}
