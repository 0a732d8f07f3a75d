import { LONGEST_DELAY_MS } from './backoff.ts';
import type { Message } from './message.ts';

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
