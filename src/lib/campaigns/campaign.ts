import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { FlowRequest } from '../messages/message.ts';
import type { CampaignId } from './campaign-id.ts';
import type { BatchCounts } from './ledger.ts';
import type { Plan } from './plan/figures.ts';

/** The state of a campaign; `lifecycle.ts` has the transitions. */
export type CampaignState =
  | 'draft'
  | 'planning'
  | 'planned'
  | 'scheduled'
  | 'running'
  | 'paused'
  | CampaignEnd;

type CampaignEnd = 'completed' | 'cancelled' | 'expired' | 'failed';

/**
 * A flow in the form of `POST /v1/flows`, without the recipient. `{{column}}` in its texts is replaced for
 * each recipient.
 */
export type CampaignMessage = Omit<FlowRequest, 'messageId' | 'to'>;

/** The file of recipients. */
export interface RecipientSource {
  readonly bucket: string;
  readonly key: string;
  readonly format: 'csv' | 'jsonl';
  /** How the caller supplied them. */
  readonly given: 'inline' | 'upload' | 's3';
}

export interface CampaignDefinition {
  /** The client's own id; for a client with a namespace, the key derived from it. */
  readonly campaignId: CampaignId;
  readonly name: string;
  readonly message: CampaignMessage;
  /** The most messages a minute. */
  readonly perMinute: number;
  readonly startAt?: Date | undefined;
  readonly schedule?: { readonly expression: string; readonly timeZone?: string | undefined } | undefined;
  /** After this, remaining recipients get nothing. */
  readonly expiresAt?: Date | undefined;
}

/** How far the campaign has taken recipients from its plan. */
interface Cursor {
  /** The first recipient not yet taken. */
  readonly row: number;
  /** That recipient's first byte in the plan, counted over all parts. */
  readonly offset: number;
  /** Batches opened so far. */
  readonly batch: number;
}

export interface Campaign extends CampaignDefinition {
  readonly clientId: string;
  /** Of the client's namespace, if it has one. A secret. */
  readonly namespaceKey?: string | undefined;
  /** The client's own id, if `campaignId` is a key (`ownership/owned.ts`). */
  readonly clientCampaignId?: CampaignId | undefined;
  readonly fingerprint: string;
  /** The secret from which the ids of its recipients and runs derive. No campaign of version 0.1 has one. */
  readonly idKey?: string | undefined;
  /** Only without `idKey`: replaces the ids of recipients and runs that are already taken. */
  readonly spareKey?: string | undefined;
  readonly source?: RecipientSource | undefined;
  readonly state: CampaignState;
  /** Human-readable reason for the current state, when it isn't obvious. */
  readonly reason?: string | undefined;
  /** Counts its changes of state; part of the ids of its events. */
  readonly version: number;
  /** It is planned and started without another request. */
  readonly autoStart?: true | undefined;
  /** The campaign with the schedule that created this one. */
  readonly parent?: CampaignId | undefined;
  /** The client's own id of that campaign, if `parent` is a key. */
  readonly clientParent?: CampaignId | undefined;
  readonly planning?: Planning | undefined;
  readonly plan?: Plan | undefined;
  readonly cursor: Cursor;
  /** When the next recipient is due. */
  readonly nextScheduledAt?: Date | undefined;
  /** Its share of the number's rate, as last computed; messages a minute. */
  readonly share?: number | undefined;
  /** How many batches, from the first, `totals` includes. */
  readonly aggregated: number;
  readonly totals: BatchCounts;
  readonly reasons: Readonly<Record<string, number>>;
  /** When a recipient of those batches was last sent to. */
  readonly lastSentAt?: Date | undefined;
  readonly createdAt: Date;
  readonly changedAt: Date;
  readonly startedAt?: Date | undefined;
  /** Records scheduled before this are void: the campaign was paused or slowed since. */
  readonly resumedAt?: Date | undefined;
  readonly nextRunAt?: Date | undefined;
  /** When the tick visits it; absent if there is nothing to do. */
  readonly dueAt?: Date | undefined;
  /** Days that it is kept after its last date to come. */
  readonly retentionDays: number;
  readonly keepUntil: Date;
}

/** A plan being made. */
export interface Planning {
  readonly planId: string;
  readonly dryRun: boolean;
  readonly since: Date;
  readonly rows: number;
  /** Planners, since the last part. */
  readonly tries: number;
  /** Where the next planner goes on; absent before the end of the first part. */
  readonly checkpoint?: PlanCheckpoint | undefined;
}

/** The object with the state of a plan at the end of a part, and the rows read by then. */
export interface PlanCheckpoint {
  readonly key: string;
  readonly rows: number;
}

const DAY_MS = 86_400_000;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);

/** SHA-256 of the definition and its recipients as canonical JSON, so the order of keys doesn't matter. */
export function campaignFingerprint(definition: unknown): string {
  return createHash('sha256')
    .update(canonicalize(definition) ?? '')
    .digest('base64url');
}

/** The longest time a campaign may run: the bucket keeps its plan for 30 days (infra/bucket.yml). */
export const LONGEST_DAYS = 25;

/** Retention counts from the last date to come, so that a campaign doesn't vanish before its end. */
export function keptUntil(campaign: Campaign): Date {
  const { changedAt, startAt, expiresAt, nextRunAt, retentionDays, keepUntil } = campaign;
  const latest = [startAt, expiresAt, nextRunAt].reduce<Date>((a, b) => (b && b > a ? b : a), changedAt);
  const until = later(latest, (retentionDays + (hasEnded(campaign) ? 0 : LONGEST_DAYS)) * DAY_MS);
  return until > keepUntil ? until : keepUntil;
}

export function hasEnded({ state }: Pick<Campaign, 'state'>): boolean {
  return state === 'completed' || state === 'cancelled' || state === 'expired' || state === 'failed';
}

/** The definition alone, without state and progress. */
export function definitionOf(campaign: Campaign): CampaignDefinition {
  const { campaignId, name, message, perMinute, startAt, schedule, expiresAt } = campaign;
  return { campaignId, name, message, perMinute, startAt, schedule, expiresAt };
}

/** Is this plan still being made? */
export function isPlanning({ state, planning }: Campaign, planId: string): boolean {
  return state === 'planning' && planning?.planId === planId;
}

/** The reason of a campaign that its client paused; any other reason comes from the campaign itself. */
export const PAUSED_BY_REQUEST = 'paused by request';

export function isPastItsTime({ expiresAt }: Pick<Campaign, 'expiresAt'>, now: Date): boolean {
  return expiresAt !== undefined && expiresAt <= now;
}

/** Are there recipients that were never taken? */
export function hasMore({ cursor, plan }: Campaign): boolean {
  return plan !== undefined && cursor.row < plan.counts.total;
}
