/**
 * WhatsApp's error codes, by what a sender does about them (whatsapp-rules, "Error codes"). A code may come in
 * the answer, in the status callback, or in both; the code counts, never its title.
 */
export type ErrorClass =
  /** The number may not send at all: its queue is held, somebody is alerted. Not the message's fault. */
  | 'stop-number'
  | 'wait'
  /** Too many messages from this number to this one user. */
  | 'pair-too-fast'
  | 'window-shut'
  /** Never again by itself. */
  | 'undeliverable'
  /** Held for the user's sake: not before 24 hours, at most once. */
  | 'held-for-user'
  | 'opted-out'
  /** Never repeated: the caller has to change the request. */
  | 'bad-request'
  /** The template or the flow is paused, throttled or blocked by WhatsApp. */
  | 'content-held'
  /** Two repeats at most, then it has failed. */
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

/** The class of a code; undefined for one that the book does not know. */
export function classOf(code: number): ErrorClass | undefined {
  return ERROR_CLASSES.find((name) => BOOK[name].some((entry) => covers(entry, code)));
}

function covers(entry: Codes[number], code: number): boolean {
  return typeof entry === 'number' ? entry === code : entry.from <= code && code <= entry.to;
}

/** Classes that are no fault of one message: whoever sends many of its kind pauses. */
const THROTTLE_REASONS: readonly (ErrorClass | undefined)[] = ['stop-number', 'content-held', 'wait'];

export function isThrottleReason(errorClass: ErrorClass | undefined): boolean {
  return THROTTLE_REASONS.includes(errorClass);
}

const PAIR_PAUSE_CAP_S = 256;

/** How long to leave a pair alone after its `tries`-th refusal in a row: 4^X seconds, capped. */
export function pairPauseSeconds(tries: number): number {
  return Math.min(PAIR_PAUSE_CAP_S, 4 ** Math.max(1, tries));
}
