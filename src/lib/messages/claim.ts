import type { Answer, Message } from './message.ts';
import { isProven } from './status.ts';

/*
 * A claim and its lease, along time:
 *
 *   claim            dispatch          settle
 *     |--- claimed ----|-- dispatched ---|  answer stored, lease gone
 *     |------------ lease ---------------------------|  over: somebody else may take over
 *
 * Before `dispatched` nothing has left, so a taker may start afresh. From `dispatched` on the request may have
 * left, and only a repeat of the same messageId (LipaChat deduplicates on it) or a callback can tell.
 */

/** What to do about an outcome that nobody can tell: repeat the messageId, or leave it alone. */
interface AmbiguityPolicy {
  readonly mode: 'resend' | 'hold';
  /** For so long after the claim a repeat counts as safe: LipaChat's memory of an id is not documented. */
  readonly resendHorizonSeconds: number;
}

/** On what terms somebody claims a message now. `owner` is new for each invocation. */
export interface ClaimTerms {
  readonly owner: string;
  readonly now: Date;
  readonly leaseSeconds: number;
  readonly retentionDays: number;
  readonly ambiguity: AmbiguityPolicy;
}

/** What to do with a message that is stored already (house, "The claim"). */
export type ClaimDecision =
  /** Our own claim, whose acknowledgement was lost: go on. */
  | { readonly kind: 'ours'; readonly mayHaveLeft: boolean }
  | { readonly kind: 'replay'; readonly answer: Answer }
  /** Somebody else is at it, for `retryAfter` seconds at most. */
  | { readonly kind: 'inProgress'; readonly retryAfter: number }
  | { readonly kind: 'takeOver'; readonly mayHaveLeft: boolean }
  /** A callback proved what became of it: only its answer is missing. */
  | { readonly kind: 'finalize' }
  /** It waits for its customer or for the worker, or has waited in vain: it stands as it is. */
  | { readonly kind: 'report' }
  /** Nobody can tell and it is not to be repeated: it stands as `unknown`. */
  | { readonly kind: 'markUnknown' };

const after = (at: Date, seconds: number) => new Date(at.getTime() + seconds * 1000);

/** What a caller, or the sweeper, does with what is stored. The payload has been compared before. */
export function decideClaim(stored: Message, terms: ClaimTerms): ClaimDecision {
  const { answer, lease, status } = stored;
  const now = terms.now.getTime();
  if (answer) return { kind: 'replay', answer };
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

/** Is a repeat of this messageId allowed, and still sure to be recognised by LipaChat? */
export function mayResend(message: Message, terms: Pick<ClaimTerms, 'now' | 'ambiguity'>): boolean {
  return terms.ambiguity.mode === 'resend' && isFresh(message, terms);
}

/** Is it within the resend horizon? Past it nothing is sent by itself any more. */
export function isFresh(
  message: Message,
  { now, ambiguity }: Pick<ClaimTerms, 'now' | 'ambiguity'>,
): boolean {
  return now < after(message.firstTryAt ?? message.createdAt, ambiguity.resendHorizonSeconds);
}

/** Who believes to hold a message: an owner, and the epoch of its claim. */
export interface Fence {
  readonly owner: string;
  readonly epoch: number;
}

export function fenceOf(claim: Message): Fence {
  return { owner: claim.lease?.owner ?? '', epoch: claim.epoch };
}

/** Does the message still belong to the one who claimed it? */
export function holds(fence: Fence, message: Message): boolean {
  return message.lease?.owner === fence.owner && message.epoch === fence.epoch;
}

/** The mark that the request may leave from now on; undefined if the message has another owner by now. */
export function dispatched(message: Message, fence: Fence): Message | undefined {
  if (!holds(fence, message) || !message.lease) return undefined;
  return { ...message, lease: { ...message.lease, phase: 'dispatched' } };
}

/** The mark taken back: LipaChat's answer shows that nothing of it was kept. */
export function undispatched(message: Message, fence: Fence): Message {
  if (!holds(fence, message) || message.lease?.phase !== 'dispatched') return message;
  return { ...message, lease: { ...message.lease, phase: 'claimed' } };
}
