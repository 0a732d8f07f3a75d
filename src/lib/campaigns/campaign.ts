import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { FlowRequest } from '../messages/message.ts';
import type { CampaignId } from './campaign-id.ts';
import type { BatchCounts } from './ledger.ts';

/** `lifecycle.ts` has the arrows between the states. */
export type CampaignState =
  | 'draft'
  | 'planning'
  | 'planned'
  | 'scheduled'
  | 'running'
  | 'paused'
  | CampaignEnd;

type CampaignEnd = 'completed' | 'cancelled' | 'expired' | 'failed';

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
interface PlanCounts {
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

interface PriceEstimate {
  readonly currency: string;
  readonly amount: number;
  readonly asOf: string;
  readonly notes: readonly string[];
}

/** How far a campaign has taken recipients out of its plan. */
interface Cursor {
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
  /** Counts its changes of state; part of the ids of its events. */
  readonly version: number;
  /** It is planned and started without another request. */
  readonly autoStart?: true | undefined;
  /** The campaign whose schedule made it. */
  readonly parent?: CampaignId | undefined;
  readonly planning?: Planning | undefined;
  readonly plan?: Plan | undefined;
  readonly cursor: Cursor;
  /** When the next recipient is due. */
  readonly nextScheduledAt?: Date | undefined;
  /** Its share of the number's pace, when it was last looked at. */
  readonly share?: number | undefined;
  /** The number of batches, from the first on, that `totals` includes. */
  readonly aggregated: number;
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
  /** It is kept for so long after the last that is to come of it. */
  readonly retentionDays: number;
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

const DAY_MS = 86_400_000;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

/** SHA-256 over the definition and its recipients in canonical JSON: the order of keys doesn't count. */
export function campaignFingerprint(definition: unknown): string {
  return createHash('sha256')
    .update(canonicalize(definition) ?? '')
    .digest('base64url');
}

/** A campaign under way takes no longer than this: so long its plan is kept (infra/bucket.yml). */
export const LONGEST_DAYS = 25;

/** Retention counts from the latest that may come of it: it is not to vanish before its own end. */
export function keptUntil(campaign: Campaign): Date {
  const { changedAt, startAt, expiresAt, nextRunAt, retentionDays, keepUntil } = campaign;
  const latest = [startAt, expiresAt, nextRunAt].reduce<Date>((a, b) => (b && b > a ? b : a), changedAt);
  const until = later(latest, (retentionDays + (hasEnded(campaign) ? 0 : LONGEST_DAYS)) * DAY_MS);
  return until > keepUntil ? until : keepUntil;
}

export function hasEnded({ state }: Pick<Campaign, 'state'>): boolean {
  return state === 'completed' || state === 'cancelled' || state === 'expired' || state === 'failed';
}

/** What a campaign is to do, without what has become of it. */
export function definitionOf(campaign: Campaign): CampaignDefinition {
  const { campaignId, name, message, perMinute, startAt, schedule, expiresAt } = campaign;
  return { campaignId, name, message, perMinute, startAt, schedule, expiresAt };
}

/** Is this still the plan that is being made? */
export function isPlanning({ state, planning }: Campaign, planId: string): boolean {
  return state === 'planning' && planning?.planId === planId;
}

/** The reason of a campaign that its owner has paused; any other is its own. */
export const PAUSED_BY_REQUEST = 'paused by request';

export function isPastItsTime({ expiresAt }: Pick<Campaign, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** Are there recipients that were never taken? */
export function hasMore({ cursor, plan }: Campaign): boolean {
  return plan !== undefined && cursor.row < plan.counts.total;
}

/** The id of the campaign that a schedule makes at a time. */
export function runIdOf({ campaignId }: Campaign, at: Date): CampaignId {
  return `${campaignId}~${at.toISOString().slice(0, 16).replace(/[-:]/g, '')}` as CampaignId;
}
