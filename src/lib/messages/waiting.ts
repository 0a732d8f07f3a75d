import type { Message } from './message.ts';
import { LONGEST_DELAY_MS } from './retry.ts';

/* A message that waits has no lease. Nothing of it has left; or WhatsApp has failed it, and it waits once more. */

/** WhatsApp takes one message every 6 s from a number to one user (whatsapp-rules, "Limits"). */
export const PAIR_PACE_MS = 6_000;

/** Is its time to wait over? */
export function isOverdue(message: Message, now: Date): boolean {
  return message.parkedUntil !== undefined && message.parkedUntil.getTime() <= now.getTime();
}

/** Waiting for their turn with one customer: the oldest goes first. */
export function isInRecipientQueue({ status, parkedUntil }: Message): boolean {
  return parkedUntil !== undefined && (status === 'parked' || status === 'queued' || status === 'sending');
}

/** Its turn, and nobody else's: it is being sent, or will be within the longest delay of the queue. */
export function isUnderWay({ status, notBefore }: Message, now: Date): boolean {
  if (status !== 'queued') return status === 'sending';
  return (notBefore?.getTime() ?? 0) <= now.getTime() + LONGEST_DELAY_MS;
}
