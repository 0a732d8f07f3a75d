import type { MessageId } from '../messages/message.ts';
import { derivedId } from '../platform/deterministic-id.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { CampaignId } from './campaign-id.ts';

/*
 * The ledger of a campaign: batches of at most a hundred recipients. A recipient is pending until one
 * conditional write takes it out and counts its outcome; a repeat can't pass that write twice. Progress is the
 * sum over the batches.
 */

/** How a recipient was settled: for good, or into the hands of the single message's own machinery. */
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
  /** Why, for people; no number and no text of the message. */
  readonly reason?: string | undefined;
}

export interface LedgerBatch {
  readonly campaignId: CampaignId;
  /** From 0 on, in the order of the plan. */
  readonly n: number;
  /** The first recipient's place in the plan, from 0 on. */
  readonly first: number;
  readonly count: number;
  /** Where the recipients stand in the plan object. */
  readonly offset: number;
  readonly length: number;
  /** The places of those who are not settled yet. */
  readonly pending: readonly number[];
  readonly counts: BatchCounts;
  /** Of those who were not simply sent, by their places. */
  readonly outcomes: Readonly<Record<string, Settlement>>;
  /** When its pending recipients were last enqueued; it identifies the round. */
  readonly enqueuedAt: Date;
  /** All records of this round are in the queue. */
  readonly isEnqueued: boolean;
  /** Rounds that were lost. */
  readonly rounds: number;
  /** From then on, records that are not settled count as lost. */
  readonly lostAfter: Date;
  readonly keepUntil: Date;
}

/** After so many lost rounds, what is still pending can't be sent. */
export const MAX_ROUNDS = 12;
/** Longer than the queue hides a record from others after a worker's death. */
const LOSS_GRACE_MS = 240_000;
/** A hundred records are enqueued in a second or two: who needs longer has died. */
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

/** When records that are not settled count as lost. */
export function lossDeadline(lastScheduledAt: Date): Date {
  return new Date(lastScheduledAt.getTime() + LOSS_GRACE_MS);
}

/** Was it scheduled before its campaign was paused or slowed? Then its records are void. */
export function isOutpaced(
  { enqueuedAt }: Pick<LedgerBatch, 'enqueuedAt'>,
  { resumedAt }: { readonly resumedAt?: Date | undefined },
): boolean {
  return resumedAt !== undefined && enqueuedAt < resumedAt;
}

/** Why its pending recipients must be enqueued again; undefined if they need not be. */
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

/** The next round of a batch: its pending recipients are enqueued again, and the records of earlier rounds are void. */
export function reenqueued(
  batch: LedgerBatch,
  why: 'dropped' | 'lost',
  times: { readonly now: Date; readonly lastScheduledAt: Date },
): LedgerBatch {
  const { now, lastScheduledAt } = times;
  // What was dropped begins anew.
  const rounds = why === 'lost' ? batch.rounds + 1 : 0;
  return { ...batch, enqueuedAt: now, lostAfter: lossDeadline(lastScheduledAt), isEnqueued: false, rounds };
}

/** Derived from campaign and number: however often a recipient comes up, it is the same message. */
export function recipientMessageId(campaignId: CampaignId, number: PhoneNumber): MessageId {
  return derivedId(`campaign:${campaignId}:${number}`) as MessageId;
}

/** One recipient as the plan object has it: a line of JSON. */
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

export function readPlanLine(text: string): PlannedRecipient {
  const [line, to, columns] = JSON.parse(text) as [number, PhoneNumber, Record<string, string>];
  return { line, to, columns };
}
