import { LONGEST_DELAY_MS, QUEUE_GRACE_MS } from './backoff.ts';
import type { Message } from './message.ts';

/* A waiting message has no lease. Nothing of it has left, or WhatsApp failed it and it waits again. */

/** How often the sweeper checks a flow that goes behind another one, while the window is open. */
export const BUSY_CHECK_MS = 60_000;

/** The session of a waiting flow's customer, as far as the end of the wait needs it. */
export interface Wait {
  readonly now: Date;
  /** When the customer opened the window that is open now. */
  readonly openedAt?: Date | undefined;
}

/**
 * Has its time to wait ended, for the release and the expiry? A customer who wrote in time gets the flow for two more
 * minutes, because the worker comes a moment later.
 */
export function isTooLate(message: Message, { now, openedAt }: Wait): boolean {
  const wroteInTime = message.parkedUntil && openedAt && openedAt <= message.parkedUntil;
  return isOverdue(message, wroteInTime ? new Date(now.getTime() - QUEUE_GRACE_MS) : now);
}

/** Has its time to wait ended? */
export function isOverdue(message: Message, now: Date): boolean {
  return message.parkedUntil !== undefined && message.parkedUntil.getTime() <= now.getTime();
}

/** Is it being sent, or due within the queue's longest delay? Then no other flow of the queue may go. */
export function isUnderWay({ status, notBefore }: Message, now: Date): boolean {
  if (status !== 'queued') return status === 'sending';
  return (notBefore?.getTime() ?? 0) <= now.getTime() + LONGEST_DELAY_MS;
}

/** Did its owner die? Usually the watch of its lease has it resumed. */
export function isAbandoned({ status, lease }: Message, now: Date): boolean {
  return status === 'sending' && lease !== undefined && lease.until <= now;
}

/** The order of a recipient queue. */
export function isOlder(a: Message, b: Message): boolean {
  const ages = a.createdAt.getTime() - b.createdAt.getTime();
  return ages < 0 || (ages === 0 && a.messageId < b.messageId);
}

/**
 * The flow of a recipient queue that may go next: the oldest parked one in time, unless another one is under way.
 * `queue`: the oldest first. It may have been parked again while a younger one is under way.
 */
export function nextOf(queue: readonly Message[], wait: Wait): Message | undefined {
  if (queue.some((message) => isUnderWay(message, wait.now))) return undefined;
  return queue.find((message) => message.status === 'parked' && !isTooLate(message, wait));
}

/** Is the sweeper's next visit within a minute? */
export function isCheckedSoon({ dueAt, lease }: Message, now: Date): boolean {
  // It does not visit a message with a lease.
  return !lease && dueAt !== undefined && dueAt.getTime() <= now.getTime() + BUSY_CHECK_MS;
}
