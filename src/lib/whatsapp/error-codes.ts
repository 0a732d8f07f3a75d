/*
 * WhatsApp's error codes by what a sender does about them, and when it tries again. A code may come in the response, in a
 * status callback, or in both. Only the code is evaluated, never its title. `error-code-texts.ts` says what each means and
 * where that is from; `messages/backoff.ts` says how a retry appears to the caller.
 */

/** What a sender does about a code. */
export type ErrorClass =
  /** The business number cannot send at all: hold its queue and alert an operator. Not the message's fault. */
  | 'stop-number'
  | 'wait'
  /** Too many messages from this business number to this one customer. */
  | 'pair-too-fast'
  | 'window-shut'
  /** Never retried automatically. */
  | 'undeliverable'
  /** Withheld by WhatsApp to protect the user: retry after 24 hours, once at most. */
  | 'held-for-user'
  | 'opted-out'
  /** Never retried: the caller has to change the request. */
  | 'bad-request'
  /** WhatsApp has paused or throttled the template or the flow. Waiting helps. */
  | 'content-held'
  /** WhatsApp has blocked the template, the flow or the number's messages. Waiting does not help: a person has to act. */
  | 'content-blocked'
  /** WhatsApp gives no cause: retry twice at most, then fail. */
  | 'cannot-tell';

/** When to try again. */
export interface Schedule {
  /** The first pause at least, in seconds. Further pauses grow up to `longestSeconds`. */
  readonly firstSeconds: number;
  readonly longestSeconds: number;
  /** The message fails after this many tries of the class. */
  readonly maxTries: number;
}

interface ClassFacts {
  readonly codes: readonly Listed[];
  /** Absent: never tried again by itself. */
  readonly schedule?: Schedule;
}

/** A code, or a range of codes with both ends. */
export type Listed = number | { readonly from: number; readonly to: number };

/** Twenty tries with these pauses are about four hours. */
const COMMON = { firstSeconds: 5, longestSeconds: 900, maxTries: 20 };

const CLASSES: Readonly<Record<ErrorClass, ClassFacts>> = {
  'stop-number': {
    // biome-ignore format: in rows
    codes: [
      0, 3, 10, 190, { from: 200, to: 299 }, 368, 131005, 131031, 131037, 131042, 131045,
      133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016, 134011,
    ],
    schedule: { ...COMMON, firstSeconds: 600 },
  },
  wait: { codes: [2, 4, 80007, 130429, 131016, 131057, 133004, 134101], schedule: COMMON },
  'pair-too-fast': { codes: [131056], schedule: { ...COMMON, longestSeconds: 256 } },
  'window-shut': { codes: [131047] },
  undeliverable: { codes: [130472, 130497, 131026, 131030, 131051, 131062] },
  'held-for-user': {
    codes: [131049],
    schedule: { firstSeconds: 86_400, longestSeconds: 86_400, maxTries: 1 },
  },
  'opted-out': { codes: [131050] },
  'bad-request': {
    codes: [
      33, 100, 131008, 131009, 131021, 131052, 131053, 132000, 132001, 132005, 132007, 132008, 132012, 135000,
    ],
  },
  'content-held': {
    codes: [132015, 132069],
    schedule: { firstSeconds: 600, longestSeconds: 1_800, maxTries: 20 },
  },
  'content-blocked': {
    codes: [131048, 131063, 131064, 132016, 132068],
    schedule: { firstSeconds: 21_600, longestSeconds: 21_600, maxTries: 4 },
  },
  'cannot-tell': { codes: [1, 131000], schedule: { ...COMMON, maxTries: 2 } },
};

export const ERROR_CLASSES = Object.keys(CLASSES) as ErrorClass[];

/** The error class of a code; undefined for an unlisted code. */
export function classOf(code: number): ErrorClass | undefined {
  return ERROR_CLASSES.find((name) => CLASSES[name].codes.some((listed) => covers(listed, code)));
}

export function covers(listed: Listed, code: number): boolean {
  if (typeof listed === 'number') return listed === code;
  return Number.isInteger(code) && listed.from <= code && code <= listed.to;
}

/** When to try again after a code of this class; undefined if that does not help. */
export function scheduleOf(errorClass: ErrorClass): Schedule | undefined {
  return CLASSES[errorClass].schedule;
}

/** Classes that are not the fault of one message: a sender of many such messages slows down or pauses. */
const THROTTLE_REASONS: readonly (ErrorClass | undefined)[] = [
  'stop-number',
  'content-held',
  'content-blocked',
  'wait',
];

export function isThrottleReason(errorClass: ErrorClass | undefined): boolean {
  return THROTTLE_REASONS.includes(errorClass);
}

const PAIR_PAUSE_CAP_S = 256;

/** Seconds to leave a pair alone after its `tries`-th refusal in a row: 4^tries, capped at 256. */
export function pairPauseSeconds(tries: number): number {
  return Math.min(PAIR_PAUSE_CAP_S, 4 ** Math.max(1, tries));
}
