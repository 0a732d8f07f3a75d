import { type Fence, holds } from './claim.ts';
import { type Message, type RejectionCode, remember } from './message.ts';
import type { Accepted } from './outcome.ts';
import { receiptOf, type SessionView } from './receipt.ts';
import { advanceStatus, isProven } from './status.ts';

interface Settling {
  readonly now: Date;
  /** Calls that were made to LipaChat under this claim. */
  readonly calls: number;
  readonly retentionDays: number;
}

const done = { lease: undefined, request: undefined, dueAt: undefined } as const;

/** WhatsApp may still fail what was sent, for a reason that passes; then it is sent again. */
const requestIfSent = ({ status, request }: Pick<Message, 'status' | 'request'>) =>
  status === 'sent' ? request : undefined;

const retained = ({ now, retentionDays }: Settling) => new Date(now.getTime() + retentionDays * 86_400_000);

/**
 * The message with LipaChat's receipt. A receipt is a fact whoever brings it: one that a late owner brings
 * counts as well, unless an answer is stored already. The same object back: nothing to store.
 */
export function settledSent(
  stored: Message,
  settling: Settling & { readonly accepted: Accepted; readonly session: SessionView },
): Message {
  const { now, accepted } = settling;
  if (stored.answer) return stored;
  const sent: Message = {
    ...stored,
    status: 'sent',
    waId: accepted.waId ?? stored.waId,
    attempts: stored.attempts + settling.calls,
    sentAt: stored.sentAt ?? now,
    reason: undefined,
  };
  const receipt = receiptOf(sent, { session: settling.session, gateway: accepted.envelope });
  // A callback may have been faster: the message keeps the higher rung, its receipt says `sent`.
  const status = advanceStatus(stored.status, 'sent');
  return {
    ...sent,
    ...done,
    status,
    request: requestIfSent({ ...stored, status }),
    reason: stored.status === 'failed' ? stored.reason : undefined,
    answer: { kind: 'sent', body: JSON.stringify(receipt) },
    expiresAt: retained(settling),
    timeline: remember(stored, { at: now, status: 'sent', source: 'gateway' }),
  };
}

/** The message with the answer that callbacks have proved, where no answer of LipaChat was ever read. */
export function finalized(
  stored: Message,
  settling: Settling & { readonly session: SessionView; readonly correlationId: string },
): Message {
  if (stored.answer || !isProven(stored.status)) return stored;
  const counted = { ...stored, attempts: stored.attempts + settling.calls };
  const { session, correlationId } = settling;
  const receipt = receiptOf({ ...counted, status: 'sent' }, { session, gateway: null });
  return {
    ...counted,
    ...done,
    request: requestIfSent(stored),
    answer:
      stored.status === 'failed'
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

/** The message after LipaChat's refusal, if it is still its owner who says so. */
export function settledRejected(
  stored: Message,
  fence: Fence,
  settling: Settling & {
    readonly code: RejectionCode;
    readonly detail: string;
    readonly correlationId: string;
  },
): Message {
  if (stored.answer || !holds(fence, stored)) return stored;
  const { now, code, detail, correlationId } = settling;
  return {
    ...stored,
    ...done,
    status: 'failed',
    reason: detail,
    attempts: stored.attempts + settling.calls,
    answer: { kind: 'rejected', code, detail, correlationId },
    expiresAt: retained(settling),
    timeline: remember(stored, { at: now, status: 'failed', source: 'gateway', detail }),
  };
}

/**
 * The message that nobody can tell about. `nextTryAt` is when the sweeper repeats it; without, it waits for a
 * callback. A message that a callback has proved meanwhile, or that has another owner, stays as it is.
 */
export function settledUnknown(
  stored: Message,
  fence: Fence,
  settling: Settling & { readonly reason: string; readonly nextTryAt?: Date | undefined },
): Message {
  if (stored.answer || isProven(stored.status) || !holds(fence, stored)) return stored;
  return markedUnknown({ ...stored, attempts: stored.attempts + settling.calls }, settling);
}

/**
 * The message that is known not to have left, and that nobody sends by itself any more. It stands as `unknown`
 * for people to see; its claim is over and bears no dispatch, so that a caller's repeat starts afresh.
 */
export function markedIdle(
  stored: Message,
  fence: Fence,
  { now, reason }: { now: Date; reason: string },
): Message {
  if (stored.answer || isProven(stored.status) || !holds(fence, stored) || !stored.lease) return stored;
  return {
    ...stored,
    status: 'unknown',
    lease: { ...stored.lease, until: now, phase: 'claimed' },
    reason,
    dueAt: undefined,
    timeline: remember(stored, { at: now, status: 'unknown', source: 'gateway', detail: reason }),
  };
}

/** The message as `unknown`, with its reason. */
export function markedUnknown(
  stored: Message,
  {
    now,
    reason,
    nextTryAt,
  }: { readonly now: Date; readonly reason: string; readonly nextTryAt?: Date | undefined },
): Message {
  const standsAlready = stored.status === 'unknown' && !stored.lease && !stored.dueAt;
  if (standsAlready && !nextTryAt) return stored;
  return {
    ...stored,
    status: 'unknown',
    lease: undefined,
    reason,
    dueAt: nextTryAt,
    timeline: remember(stored, { at: now, status: 'unknown', source: 'gateway', detail: reason }),
  };
}
