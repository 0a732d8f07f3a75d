import { isWithinHorizon, mayRepeat, type ResendPolicy } from './hold-or-resend.ts';
import type { Answer, Message } from './message.ts';
import { isProven } from './status.ts';

/*
 * A claim and its lease, over time:
 *
 *   claim            dispatch          settle
 *     |--- claimed ----|-- dispatched ---|  answer stored, lease removed
 *     |------------ lease ---------------------------|  over: another owner may take over
 *
 * While the phase is `claimed`, nothing has left, so the next owner may start afresh. From `dispatched` on the
 * request may have left. Only a repeat of the same messageId (LipaChat deduplicates on it) or a callback can tell.
 */

/** The terms of a claim. `owner` is new for each invocation. */
export interface ClaimTerms {
  readonly owner: string;
  readonly now: Date;
  readonly leaseSeconds: number;
  readonly retentionDays: number;
  readonly ambiguity: ResendPolicy;
}

/** What to do with a message that is already stored (docs/architecture.md, "Claim, lease, epoch"). */
export type ClaimDecision =
  /** Our own claim with a lost acknowledgement: continue. */
  | { readonly kind: 'ours'; readonly mayHaveLeft: boolean }
  | { readonly kind: 'replay'; readonly answer: Answer }
  /** Another invocation is sending it, for `retryAfter` seconds at most. */
  | { readonly kind: 'inProgress'; readonly retryAfter: number }
  | { readonly kind: 'takeOver'; readonly mayHaveLeft: boolean }
  /** A callback proved the outcome; only the answer is missing. */
  | { readonly kind: 'finalize' }
  /** It waits for its customer or the worker, or waited in vain: report its status unchanged. */
  | { readonly kind: 'report' }
  /** The outcome can't be known and may not be repeated: the message becomes `unknown`. */
  | { readonly kind: 'markUnknown' };

/**
 * Decides what a caller or the sweeper does with a stored message. The payload has already been compared. An
 * answered message may be under way again, because WhatsApp failed an earlier send.
 */
export function decideClaim(stored: Message, terms: ClaimTerms): ClaimDecision {
  const { answer, lease, status } = stored;
  const now = terms.now.getTime();
  if (answer && !lease && status !== 'unknown') return { kind: 'replay', answer };
  if (lease?.owner === terms.owner) {
    if (isProven(status)) return { kind: 'finalize' };
    return { kind: 'ours', mayHaveLeft: stored.epoch > 1 && lease.phase === 'dispatched' };
  }
  if (lease && lease.until.getTime() > now) {
    return { kind: 'inProgress', retryAfter: Math.ceil((lease.until.getTime() - now) / 1000) };
  }
  if (isProven(status)) return { kind: 'finalize' };
  if (status === 'queued' || status === 'parked' || status === 'expired') return { kind: 'report' };
  if (lease?.phase === 'claimed') return { kind: 'takeOver', mayHaveLeft: false };
  return mayResend(stored, terms) ? { kind: 'takeOver', mayHaveLeft: true } : { kind: 'markUnknown' };
}

/** May LipaFlow repeat this messageId, and will LipaChat still recognise it? */
export function mayResend(message: Message, terms: Pick<ClaimTerms, 'now' | 'ambiguity'>): boolean {
  return mayRepeat(message.firstTryAt ?? message.createdAt, terms);
}

/** Is it within the resend horizon? Past it, nothing is sent automatically. */
export function isFresh(message: Message, terms: Pick<ClaimTerms, 'now' | 'ambiguity'>): boolean {
  return isWithinHorizon(message.firstTryAt ?? message.createdAt, terms);
}

/** Owner and epoch of a claim: together they prove that an invocation still holds it. */
export interface Fence {
  readonly owner: string;
  readonly epoch: number;
}

export function fenceOf(claim: Message): Fence {
  return { owner: claim.lease?.owner ?? '', epoch: claim.epoch };
}

/** Does the message still belong to this claim? */
export function holds(fence: Fence, message: Message): boolean {
  return message.lease?.owner === fence.owner && message.epoch === fence.epoch;
}

/** The message marked as about to leave; undefined if it has another owner by now. */
export function dispatched(message: Message, fence: Fence): Message | undefined {
  if (!holds(fence, message) || !message.lease) return undefined;
  return { ...message, lease: { ...message.lease, phase: 'dispatched' } };
}

/** Removes that mark: LipaChat's response shows that it kept nothing of the request. */
export function undispatched(message: Message, fence: Fence): Message {
  if (!holds(fence, message) || message.lease?.phase !== 'dispatched') return message;
  return { ...message, lease: { ...message.lease, phase: 'claimed' } };
}
