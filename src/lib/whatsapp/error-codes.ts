/**
 * What a sender does about a WhatsApp error code. Source: Meta's error-code reference. A code may come in the
 * response, in a status callback, or in both. Only the code is evaluated, never its title.
 */
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
  /** WhatsApp has paused, throttled or blocked the template or the flow. */
  | 'content-held'
  /** WhatsApp gives no cause: retry twice at most, then fail. */
  | 'cannot-tell';

type Codes = readonly (number | { readonly from: number; readonly to: number })[];

const BOOK: Record<ErrorClass, Codes> = {
  'stop-number': [
    ...[0, 190, 3, 10, { from: 200, to: 299 }, 368, 131005, 131031, 131042, 131045, 131037],
    ...[133000, 133005, 133006, 133008, 133009, 133010, 133015, 133016],
  ],
  wait: [2, 4, 80007, 130429, 131016, 131057, 133004],
  'pair-too-fast': [131056],
  'window-shut': [131047],
  undeliverable: [131026, 130472, 130497, 131030, 131051, 131062],
  'held-for-user': [131049],
  'opted-out': [131050],
  'bad-request': [
    ...[33, 100, 131008, 131009, 131021, 131052, 131053],
    ...[132000, 132001, 132005, 132007, 132008, 132012, 135000],
  ],
  'content-held': [132015, 132016, 132068, 132069, 131063, 131064, 131048],
  'cannot-tell': [1, 131000],
};

export const ERROR_CLASSES = Object.keys(BOOK) as ErrorClass[];

/** The error class of a code; undefined for an unlisted code. */
export function classOf(code: number): ErrorClass | undefined {
  return ERROR_CLASSES.find((name) => BOOK[name].some((entry) => covers(entry, code)));
}

function covers(entry: Codes[number], code: number): boolean {
  return typeof entry === 'number' ? entry === code : entry.from <= code && code <= entry.to;
}

/** Classes that are not the fault of one message: a sender of many such messages slows down or pauses. */
const THROTTLE_REASONS: readonly (ErrorClass | undefined)[] = ['stop-number', 'content-held', 'wait'];

export function isThrottleReason(errorClass: ErrorClass | undefined): boolean {
  return THROTTLE_REASONS.includes(errorClass);
}

const PAIR_PAUSE_CAP_S = 256;

/** Seconds to leave a pair alone after its `tries`-th refusal in a row: 4^tries, capped at 256. */
export function pairPauseSeconds(tries: number): number {
  return Math.min(PAIR_PAUSE_CAP_S, 4 ** Math.max(1, tries));
}
