import type { MessageId } from '../messages/message.ts';
import { derivedId, keyedId } from '../platform/deterministic-id.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { CampaignId } from './campaign-id.ts';

/*
 * The ledger of a campaign: batches of at most a hundred recipients. A recipient is pending until one
 * conditional write removes it and counts its outcome, so a repeat can't count it twice. Progress is the sum
 * of the batches.
 */

/** How a recipient was settled: finally, or by handing its message over to the message's own lifecycle. */
export type RecipientOutcome = (typeof OUTCOMES)[number];

export const OUTCOMES = [
  'sent',
  'parked',
  'queued',
  'unknown',
  'failed',
  'opted-out',
  'window-shut',
] as const;

export type BatchCounts = Readonly<Record<RecipientOutcome, number>>;

export const NO_COUNTS = Object.fromEntries(OUTCOMES.map((outcome) => [outcome, 0])) as BatchCounts;

export interface Settlement {
  readonly outcome: RecipientOutcome;
  /** Human-readable reason, without phone numbers or message texts. */
  readonly reason?: string | undefined;
  /** The messageId that it was sent under, if that is not the one of `recipientMessageId`. */
  readonly messageId?: MessageId | undefined;
  /** When LipaChat accepted the flow, or its template message. */
  readonly sentAt?: Date | undefined;
}

export interface LedgerBatch {
  readonly campaignId: CampaignId;
  /** From 0, in the order of the plan. */
  readonly n: number;
  /** The first recipient's row in the plan, from 0. */
  readonly first: number;
  readonly count: number;
  /** The byte range of its recipients in the plan, counted over all parts; within one part. */
  readonly offset: number;
  readonly length: number;
  /** The rows that are not settled yet. */
  readonly pending: readonly number[];
  readonly counts: BatchCounts;
  /** By row, for recipients that were not simply sent. */
  readonly outcomes: Readonly<Record<string, Omit<Settlement, 'sentAt'>>>;
  /** When one of them was last sent. */
  readonly lastSentAt?: Date | undefined;
  /** When its pending recipients were last enqueued; identifies the round. */
  readonly enqueuedAt: Date;
  /** All records of this round are in the queue. */
  readonly isEnqueued: boolean;
  /** Rounds that were lost. */
  readonly rounds: number;
  /** From then on, unsettled records count as lost. */
  readonly lostAfter: Date;
  readonly keepUntil: Date;
}

/** After this many lost rounds, the pending recipients can't be sent. */
export const MAX_ROUNDS = 12;
/** Longer than the queue's visibility timeout, which passes after a worker died. */
const LOSS_GRACE_MS = 240_000;
/** Enqueuing a hundred records takes a second or two; a run that needs longer has died. */
const ENQUEUE_GRACE_MS = 20_000;

export function sumOf(a: BatchCounts, b: BatchCounts): BatchCounts {
  return Object.fromEntries(OUTCOMES.map((outcome) => [outcome, a[outcome] + b[outcome]])) as BatchCounts;
}

export function settledIn(counts: BatchCounts): number {
  return OUTCOMES.reduce((sum, outcome) => sum + counts[outcome], 0);
}

export function openedBatch(
  place: Pick<LedgerBatch, 'campaignId' | 'n' | 'first' | 'count' | 'offset' | 'length' | 'keepUntil'>,
  times: { readonly now: Date; readonly lastScheduledAt: Date },
): LedgerBatch {
  return {
    ...place,
    pending: Array.from({ length: place.count }, (_, k) => place.first + k),
    counts: NO_COUNTS,
    outcomes: {},
    enqueuedAt: times.now,
    isEnqueued: false,
    rounds: 0,
    lostAfter: lossDeadline(times.lastScheduledAt),
  };
}

/** When unsettled records count as lost. */
export function lossDeadline(lastScheduledAt: Date): Date {
  return new Date(lastScheduledAt.getTime() + LOSS_GRACE_MS);
}

/** Was the batch scheduled before its campaign was paused or slowed? Then its records are void. */
export function isOutpaced(
  { enqueuedAt }: Pick<LedgerBatch, 'enqueuedAt'>,
  { resumedAt }: { readonly resumedAt?: Date | undefined },
): boolean {
  return resumedAt !== undefined && enqueuedAt < resumedAt;
}

/** Why the pending recipients must be enqueued again; undefined if they need not be. */
export function reasonToReenqueue(
  batch: LedgerBatch,
  { now, resumedAt }: { readonly now: Date; readonly resumedAt: Date | undefined },
): 'dropped' | 'lost' | undefined {
  const { pending, enqueuedAt, lostAfter, isEnqueued } = batch;
  if (pending.length === 0) return undefined;
  if (isOutpaced(batch, { resumedAt })) return 'dropped';
  const isStuck = !isEnqueued && enqueuedAt.getTime() + ENQUEUE_GRACE_MS <= now.getTime();
  return isStuck || lostAfter <= now ? 'lost' : undefined;
}

/**
 * The next round of a batch: its pending recipients are enqueued again, and the records of earlier rounds are
 * void.
 */
export function reenqueued(
  batch: LedgerBatch,
  why: 'dropped' | 'lost',
  times: { readonly now: Date; readonly lastScheduledAt: Date },
): LedgerBatch {
  const { now, lastScheduledAt } = times;
  // A dropped round doesn't count as lost.
  const rounds = why === 'lost' ? batch.rounds + 1 : 0;
  return { ...batch, enqueuedAt: now, lostAfter: lossDeadline(lastScheduledAt), isEnqueued: false, rounds };
}

/**
 * Derived from campaign and number, so that every try for a recipient is the same message. Another client can't compute it,
 * except for a campaign of version 0.1.
 */
export function recipientMessageId(
  { campaignId, idKey }: { readonly campaignId: CampaignId; readonly idKey?: string | undefined },
  number: PhoneNumber,
): MessageId {
  const id = idKey === undefined ? derivedId(`campaign:${campaignId}:${number}`) : keyedId(idKey, number);
  return id as MessageId;
}

/** A line of the plan, parsed. */
export interface PlannedRecipient {
  /** The line in the caller's file. */
  readonly line: number;
  readonly to: PhoneNumber;
  /** The columns that the message's placeholders name. */
  readonly columns: Readonly<Record<string, string>>;
}

export function planLine({ line, to, columns }: PlannedRecipient): string {
  return `${JSON.stringify([line, to, columns])}\n`;
}

/** Undefined for a blank line: its recipient was erased. */
export function readPlanLine(text: string): PlannedRecipient | undefined {
  if (isBlankLine(text)) return undefined;
  const [line, to, columns] = JSON.parse(text) as [number, PhoneNumber, Record<string, string>];
  return { line, to, columns };
}

/** What an erasure leaves of a line. */
export function isBlankLine(text: string): boolean {
  return /^ *$/.test(text);
}
