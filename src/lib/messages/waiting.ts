import type { Message } from './message.ts';
import { LONGEST_DELAY_MS } from './retry.ts';

/* A waiting message has no lease. Nothing of it has left, or WhatsApp failed it and it waits again. */

/** WhatsApp accepts one message every 6 s from a business number to one customer. */
export const PAIR_PACE_MS = 6_000;

/** Has its time to wait ended? */
export function isOverdue(message: Message, now: Date): boolean {
  return message.parkedUntil !== undefined && message.parkedUntil.getTime() <= now.getTime();
}

/** Is it being sent, or due within the queue's longest delay? Then no other flow of the queue may go. */
export function isUnderWay({ status, notBefore }: Message, now: Date): boolean {
  if (status !== 'queued') return status === 'sending';
  return (notBefore?.getTime() ?? 0) <= now.getTime() + LONGEST_DELAY_MS;
}
