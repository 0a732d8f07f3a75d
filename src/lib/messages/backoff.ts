import { type ErrorClass, pairPauseSeconds, scheduleOf } from '../whatsapp/error-codes.ts';
import type { Message } from './message.ts';
import type { Tried } from './sends.ts';

/*
 * How a retry of each error class appears to the caller, and the pauses between tries. How long and how often a class is
 * tried (131049: a day later, once) are facts about WhatsApp, in `whatsapp/error-codes.ts`.
 */

/** How long to wait: at least `retryAfter` seconds. */
interface Pause {
  readonly retryAfter: number;
  /** The pause applies to this one customer. */
  readonly pair?: true;
  /** After this many tries of the class it has failed. If absent, the general limit applies. */
  readonly maxTries?: number;
  readonly errorClass?: ErrorClass | undefined;
}

export interface Retry extends Pause {
  readonly code: 'gateway-unavailable' | 'gateway-throttled' | 'gateway-rejected';
  /** An operator has to know. */
  readonly alert?: true;
  /** The pause is too long for a caller to wait: the message is accepted with a 202 and retried later. */
  readonly accepts?: true;
}

/** How a retry of each class appears to the caller. */
const RETRIES: Partial<Record<ErrorClass, Pick<Retry, 'code' | 'alert' | 'pair' | 'accepts'>>> = {
  'stop-number': { code: 'gateway-unavailable', alert: true },
  'content-held': { code: 'gateway-throttled', alert: true },
  'content-blocked': { code: 'gateway-throttled', alert: true },
  wait: { code: 'gateway-throttled' },
  'pair-too-fast': { code: 'gateway-throttled', pair: true },
  'cannot-tell': { code: 'gateway-unavailable' },
  'held-for-user': { code: 'gateway-rejected', accepts: true },
};

/** The retry of a class; undefined if waiting doesn't help. */
export function retryOf(errorClass: ErrorClass | undefined): Retry | undefined {
  const [retry, schedule] = errorClass ? [RETRIES[errorClass], scheduleOf(errorClass)] : [];
  if (!retry || !schedule) return undefined;
  const { firstSeconds, maxTries } = schedule;
  return { errorClass, ...retry, retryAfter: firstSeconds, ...(maxTries < MAX_TRIES ? { maxTries } : {}) };
}

const SOON_S = 5;
/** Further tries would only repeat the result. With the common pauses, this is about four hours. */
const MAX_TRIES = 20;
/** SQS's longest delay, and the longest pause unless the class has a longer one. */
export const LONGEST_DELAY_MS = 900_000;

/** The pause before the next try, in seconds; undefined when no try is left. */
export function pauseBefore(tried: Tried, { errorClass, retryAfter, pair, maxTries }: Pause) {
  const tries = (tried.tries ?? 0) + 1;
  const ofClass = errorClass === undefined ? tries : (tried.triesOf?.[errorClass] ?? 0) + 1;
  if (tries > MAX_TRIES || ofClass > (maxTries ?? MAX_TRIES)) return undefined;
  const own = pair ? pairPauseSeconds(tries) : SOON_S * 2 ** Math.min(tries, 8);
  const schedule = errorClass && scheduleOf(errorClass);
  const longest = Math.max(LONGEST_DELAY_MS / 1000, schedule?.longestSeconds ?? 0);
  return Math.min(longest, Math.max(own, retryAfter));
}

/** The counts with one more failed try. */
export function counted({ tries = 0, triesOf }: Tried, errorClass: ErrorClass | undefined): Tried {
  const limited = errorClass !== undefined && retryOf(errorClass)?.maxTries !== undefined;
  return {
    tries: tries + 1,
    triesOf: limited ? { ...triesOf, [errorClass]: (triesOf?.[errorClass] ?? 0) + 1 } : triesOf,
  };
}

/** The sweeper enqueues a message again if it is still queued this long after it was due. */
export const QUEUE_GRACE_MS = 120_000;

/** How far the clocks of two invocations may differ. */
const EARLY_MS = 1_000;

/** An extra record that arrives before `notBefore`: the delayed record is still to come. */
export function isTooEarly({ notBefore }: Message, now: Date): boolean {
  return notBefore !== undefined && notBefore.getTime() > now.getTime() + EARLY_MS;
}
