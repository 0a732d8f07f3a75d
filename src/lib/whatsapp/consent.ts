/*
 * The order of a customer's STOPs and STARTs. SQS reorders callbacks, LipaChat's carry no time, and WhatsApp's timestamps
 * are whole seconds. So each word keeps what tells its place among the others, and the latest counts:
 *
 * 1. The later second wins: of WhatsApp's timestamp, or of the arrival if there is none.
 * 2. Within a second, the later arrival at the webhook wins, then the later place in the callback's body. An operator's
 *    word arrives when it is said.
 * 3. STOP wins a tie, and the second of a stored STOP with an unknown arrival.
 *
 * A repeat of a message counts from the message's earliest arrival, in whatever order its copies are handled.
 */

/** A STOP or START: of the customer, of WhatsApp on their behalf, or of an operator. */
export interface ConsentWord {
  readonly optedOut: boolean;
  /** WhatsApp's time of the message; the arrival if it has none. */
  readonly at: Date;
  /** When it first arrived; unknown for words of version 0.1. */
  readonly seenAt?: Date | undefined;
  /** Its index among the entries of its callback. */
  readonly place?: number | undefined;
  /** Names its message, to recognise a repeat. */
  readonly of?: string | undefined;
  /** The API client that said it in the customer's place. */
  readonly by?: string | undefined;
}

/** More than a customer says while copies of a callback are under way. */
const REMEMBERED = 16;

/**
 * The words with another one. Keeps only those that may still count: an earlier copy of a message moves its word back,
 * and then the one before it counts. An operator's word never moves.
 */
export function withWord(words: readonly ConsentWord[], word: ConsentWord): readonly ConsentWord[] {
  const known = words.find((one) => isSame(one, word));
  if (known && byArrival(known, word) <= 0) return words;
  const sorted = [...words.filter((one) => one !== known), word].sort(byOrder);
  // Nothing before it counts any more.
  const firm = sorted.findLastIndex((one) => one.of === undefined && !isStamped(one));
  const kept = sorted.slice(Math.max(firm, 0)).slice(-REMEMBERED);
  return kept.includes(word) || known ? kept : words;
}

/** The word that counts. */
export function lastWord(words: readonly ConsentWord[]): ConsentWord | undefined {
  return words.toSorted(byOrder).at(-1);
}

function isSame(a: ConsentWord, b: ConsentWord): boolean {
  if (a.of !== undefined || b.of !== undefined) return a.of === b.of;
  return a.at.getTime() === b.at.getTime() && byOrder(a, b) === 0;
}

/** By second, arrival and place; a STOP last. The name makes one order of words that are alike. */
function byOrder(a: ConsentWord, b: ConsentWord): number {
  return (
    secondOf(a) - secondOf(b) ||
    byArrival(a, b) ||
    Number(a.optedOut) - Number(b.optedOut) ||
    byName(a.of, b.of)
  );
}

function byArrival(a: ConsentWord, b: ConsentWord): number {
  const [first, second] = [arrivalOf(a), arrivalOf(b)];
  // Two infinities have no difference.
  return (first === second ? 0 : first - second) || (a.place ?? 0) - (b.place ?? 0);
}

function byName(a = '~', b = '~'): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function secondOf({ at }: ConsentWord): number {
  return Math.floor(at.getTime() / 1000);
}

function isStamped({ at, seenAt }: ConsentWord): boolean {
  return seenAt?.getTime() !== at.getTime();
}

/** With an unknown arrival, a STOP is the last word of its second, and a START the first. */
function arrivalOf(word: ConsentWord): number {
  return word.seenAt?.getTime() ?? (word.optedOut ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
}
