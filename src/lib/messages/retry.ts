import { type ErrorClass, pairPauseSeconds } from '../whatsapp/error-codes.ts';
import type { Message, Tried } from './message.ts';

/*
 * Trying again later: the one table of what a sender does about a class of WhatsApp's codes, whether the code
 * came in the answer or in a status callback, and the pauses between the tries.
 */

/** How long to leave it alone: at least `retryAfter` seconds. */
interface Pause {
  readonly retryAfter: number;
  /** It is this one customer's pace. */
  readonly pair?: true;
  /** After so many tries of its class it has failed; where it is absent, the general limit counts. */
  readonly maxTries?: number;
  readonly errorClass?: ErrorClass | undefined;
}

export interface Retry extends Pause {
  readonly code: 'gateway-unavailable' | 'gateway-throttled' | 'gateway-rejected';
  /** Somebody has to know. */
  readonly alert?: true;
  /** No caller can be asked to come back so late: it is carried through, and answered 202. */
  readonly promises?: true;
}

const SOON_S = 5;
const HELD_S = 600;
const DAY_S = 86_400;

const RETRIES = {
  'stop-number': { code: 'gateway-unavailable', retryAfter: HELD_S, alert: true },
  'content-held': { code: 'gateway-throttled', retryAfter: HELD_S, alert: true },
  wait: { code: 'gateway-throttled', retryAfter: SOON_S },
  'pair-too-fast': { code: 'gateway-throttled', retryAfter: SOON_S, pair: true },
  'cannot-tell': { code: 'gateway-unavailable', retryAfter: SOON_S, maxTries: 2 },
  'held-for-user': { code: 'gateway-rejected', retryAfter: DAY_S, maxTries: 1, promises: true },
} as const satisfies Partial<Record<ErrorClass, Retry>>;

/** What a class asks for; undefined for one that no time mends. */
export function retryOf(errorClass: ErrorClass | undefined): Retry | undefined {
  const found = Object.entries(RETRIES).find(([name]) => name === errorClass);
  return found && { errorClass, ...found[1] };
}

/** More tries than this would only tell the same. With the pauses below it is about four hours. */
const MAX_TRIES = 20;
/** The longest that the queue holds a message back (SQS's own limit), and the longest pause but for the table's. */
export const LONGEST_DELAY_MS = 900_000;

/** The pause before the next try, in seconds; undefined when the tries are used up. */
export function pauseBefore(tried: Tried, { errorClass, retryAfter, pair, maxTries }: Pause) {
  const tries = (tried.tries ?? 0) + 1;
  const ofClass = errorClass === undefined ? tries : (tried.triesOf?.[errorClass] ?? 0) + 1;
  if (tries > MAX_TRIES || ofClass > (maxTries ?? MAX_TRIES)) return undefined;
  const own = pair ? pairPauseSeconds(tries) : SOON_S * 2 ** Math.min(tries, 8);
  const longest = Math.max(LONGEST_DELAY_MS / 1000, retryOf(errorClass)?.retryAfter ?? 0);
  return Math.min(longest, Math.max(own, retryAfter));
}

/** With one more try in vain. */
export function counted({ tries = 0, triesOf }: Tried, errorClass: ErrorClass | undefined): Tried {
  const limited = errorClass !== undefined && retryOf(errorClass)?.maxTries !== undefined;
  return {
    tries: tries + 1,
    triesOf: limited ? { ...triesOf, [errorClass]: (triesOf?.[errorClass] ?? 0) + 1 } : triesOf,
  };
}

/** The sweeper enqueues a message again if nothing has come of it so long after it was due. */
export const QUEUE_GRACE_MS = 120_000;

/** By how much the clocks of two invocations may differ. */
const EARLY_MS = 1_000;

/** A copy of its queue's record that comes before its time: the one with the delay is still to come. */
export function isTooEarly({ notBefore }: Message, now: Date): boolean {
  return notBefore !== undefined && notBefore.getTime() > now.getTime() + EARLY_MS;
}
