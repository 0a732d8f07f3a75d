import { LONGEST_DELAY_MS } from './backoff.ts';
import type { Message } from './message.ts';

/** How often the sweeper checks a flow that goes behind another one, while the window is open. */
export const BUSY_CHECK_MS = 60_000;

/* A waiting message has no lease. Nothing of it has left, or WhatsApp failed it and it waits again. */

/** Has its time to wait ended? */
export function isOverdue(message: Message, now: Date): boolean {
  return message.parkedUntil !== undefined && message.parkedUntil.getTime() <= now.getTime();
}

/** Is it being sent, or due within the queue's longest delay? Then no other flow of the queue may go. */
export function isUnderWay({ status, notBefore }: Message, now: Date): boolean {
  if (status !== 'queued') return status === 'sending';
  return (notBefore?.getTime() ?? 0) <= now.getTime() + LONGEST_DELAY_MS;
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
export function nextOf(queue: readonly Message[], now: Date): Message | undefined {
  if (queue.some((message) => isUnderWay(message, now))) return undefined;
  return queue.find((message) => message.status === 'parked' && !isOverdue(message, now));
}

/** Is the sweeper's next visit within a minute? */
export function isCheckedSoon({ dueAt }: Message, now: Date): boolean {
  return dueAt !== undefined && dueAt.getTime() <= now.getTime() + BUSY_CHECK_MS;
}
