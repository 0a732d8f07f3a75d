import { type ClaimTerms, decideClaim } from '../lease.ts';
import { type Message, type RejectionCode, remember } from '../message.ts';
import type { Accepted } from '../outcome.ts';
import { receiptOf, type SessionView } from '../receipt.ts';
import type { Status } from '../status.ts';

/** What every end of an attempt needs. */
export interface Settling {
  readonly now: Date;
  /** Calls to LipaChat under this claim. */
  readonly calls: number;
  readonly retentionDays: number;
}

export interface Receipt extends Settling {
  readonly accepted: Accepted;
  readonly session: SessionView;
}

export interface Finalizing extends Settling {
  readonly session: SessionView;
  readonly correlationId: string;
}

export interface Rejecting extends Settling {
  readonly code: RejectionCode;
  readonly detail: string;
  readonly correlationId: string;
}

/** `nextTryAt`: when the sweeper repeats the message. Without it, the message waits for a callback. */
export interface Unknown {
  readonly now: Date;
  readonly reason: string;
  readonly nextTryAt?: Date | undefined;
}

/** Is the answer missing, or has the owner of a resend not settled it yet? */
export function isUnsettled({ answer, lease }: Message): boolean {
  return answer === undefined || lease !== undefined;
}

/**
 * The message with LipaChat's receipt. A receipt is a fact, so it counts even from an owner that lost its
 * lease. If a callback came first, the message keeps its higher status, while the receipt says `sent`.
 */
export function settleSent(stored: Message, settling: Receipt, to: Status): Message {
  const { now, accepted } = settling;
  const sent: Message = {
    ...stored,
    waId: accepted.waId ?? stored.waId,
    attempts: stored.attempts + settling.calls,
    sentAt: stored.sentAt ?? now,
    reason: undefined,
  };
  const receipt = receiptOf(sent, { session: settling.session, gateway: accepted.envelope, as: 'sent' });
  return {
    ...sent,
    ...done,
    request: requestIfSent(stored, to),
    reason: to === 'failed' ? stored.reason : undefined,
    answer: { kind: 'sent', body: JSON.stringify(receipt) },
    expiresAt: retained(settling),
    timeline: remember(stored, { at: now, status: 'sent', source: 'gateway' }),
  };
}

/** The message with the answer that callbacks proved, because no response of LipaChat was read. */
export function finalize(stored: Message, settling: Finalizing, to: Status): Message {
  const counted = { ...stored, attempts: stored.attempts + settling.calls };
  const { session, correlationId } = settling;
  const receipt = receiptOf(counted, { session, gateway: null, as: 'sent' });
  return {
    ...counted,
    ...done,
    request: requestIfSent(stored, to),
    answer:
      to === 'failed'
        ? {
            kind: 'rejected',
            code: 'gateway-rejected',
            detail: stored.reason ?? 'WhatsApp reported a failure',
            correlationId,
          }
        : { kind: 'sent', body: JSON.stringify(receipt) },
    expiresAt: retained(settling),
  };
}

/** The message after a final refusal, by LipaChat or by a rule of the window or the opt-out. */
export function reject(stored: Message, settling: Rejecting): Message {
  const { now, code, detail, correlationId } = settling;
  return {
    ...stored,
    ...done,
    reason: detail,
    attempts: stored.attempts + settling.calls,
    answer: { kind: 'rejected', code, detail, correlationId },
    expiresAt: retained(settling),
    timeline: remember(stored, { at: now, status: 'failed', source: 'gateway', detail }),
  };
}

/** The message after an attempt with an unknown outcome. */
export function settleUnknown(stored: Message, settling: Settling & Unknown): Message {
  return markUnknown({ ...stored, attempts: stored.attempts + settling.calls }, settling);
}

/** Is the lease over with an unknown outcome, and a repeat not allowed? */
export function isPastRepeat(message: Message, { terms }: { readonly terms: ClaimTerms }): boolean {
  return decideClaim(message, terms).kind === 'markUnknown';
}

export function markUnknown(stored: Message, { now, reason, nextTryAt }: Unknown): Message {
  const isMarked = stored.status === 'unknown' && !stored.lease && !stored.dueAt;
  if (isMarked && !nextTryAt) return stored;
  return {
    ...stored,
    lease: undefined,
    reason,
    dueAt: nextTryAt,
    timeline: remember(stored, { at: now, status: 'unknown', source: 'gateway', detail: reason }),
  };
}

/**
 * Nothing of the message left, and nothing sends it automatically any more. The lease ends in phase
 * `claimed`, so that a caller's repeat starts afresh.
 */
export function giveUp(stored: Message, { now, reason }: Unknown): Message {
  return {
    ...stored,
    lease: stored.lease && { ...stored.lease, until: now, phase: 'claimed' },
    reason,
    dueAt: undefined,
    timeline: remember(stored, { at: now, status: 'unknown', source: 'gateway', detail: reason }),
  };
}

const done = { lease: undefined, request: undefined, dueAt: undefined } as const;

/** WhatsApp may still fail a sent message for a transient reason, and a resend needs the request. */
function requestIfSent({ request }: Message, status: Status): Message['request'] {
  return status === 'sent' ? request : undefined;
}

function retained({ now, retentionDays }: Settling): Date {
  return new Date(now.getTime() + retentionDays * 86_400_000);
}
