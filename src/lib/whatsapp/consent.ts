/*
 * The order of a customer's STOPs and STARTs. SQS reorders callbacks, and LipaChat's carry no time, so each word keeps
 * what tells its place among the others. The later word counts, by these in turn:
 *
 * 1. its time, to the second if it is the arrival or an operator's: WhatsApp's timestamps have no finer ones;
 * 2. its arrival at the webhook;
 * 3. its place in the callback's body;
 * 4. STOP wins.
 *
 * So STOP wins only a real tie, or where the arrival is unknown. A repeat of a message has the message's earliest
 * arrival, in whatever order its copies are handled.
 */

/** A STOP or START: of the customer, of WhatsApp on their behalf, or of an operator. */
export interface ConsentWord {
  readonly optedOut: boolean;
  /** WhatsApp's time of the message; the arrival if it has none. */
  readonly at: Date;
  /** When it first arrived; unknown for words of version 0.1 and of erased customers. */
  readonly seenAt?: Date | undefined;
  /** Its index among the entries of its callback. */
  readonly place?: number | undefined;
  /** Names its message, to recognise a repeat. */
  readonly of?: string | undefined;
}

/** More than a customer says while copies of a callback are under way. */
const REMEMBERED = 16;

/**
 * The words with another one, oldest first. Keeps only those that may still count: an earlier copy of a message moves
 * its word back, and then the one before it counts. A word that names no message never moves.
 */
export function withWord(words: readonly ConsentWord[], word: ConsentWord): readonly ConsentWord[] {
  const known = words.find((one) => isSame(one, word));
  if (known && byArrival(known, word) <= 0) return words;
  const sorted = [...words.filter((one) => one !== known), word].sort(byOrder);
  const firm = sorted.findLastIndex(({ of }) => of === undefined);
  const kept = sorted.slice(Math.max(firm, 0)).slice(-REMEMBERED);
  return kept.includes(word) || known ? kept : words;
}

/** The word that counts. `words`: oldest first. */
export function lastWord(words: readonly ConsentWord[]): ConsentWord | undefined {
  return words.at(-1);
}

function isSame(a: ConsentWord, b: ConsentWord): boolean {
  if (a.of !== undefined || b.of !== undefined) return a.of === b.of;
  return byOrder(a, b) === 0;
}

function byOrder(a: ConsentWord, b: ConsentWord): number {
  return (
    timeOf(a) - timeOf(b) || byArrival(a, b) || Number(a.optedOut) - Number(b.optedOut) || byName(a.of, b.of)
  );
}

/** The same word either way, but one result in every order needs one order. */
function byName(a = '~', b = '~'): number {
  return a === b ? 0 : a < b ? -1 : 1;
}

function byArrival(a: ConsentWord, b: ConsentWord): number {
  const [first, second] = [arrivalOf(a), arrivalOf(b)];
  // Two infinities have no difference.
  return (first === second ? 0 : first - second) || (a.place ?? 0) - (b.place ?? 0);
}

function timeOf({ at, seenAt }: ConsentWord): number {
  const ms = at.getTime();
  const isOfWhatsApp = seenAt !== undefined && seenAt.getTime() !== ms;
  return isOfWhatsApp ? ms : ms - (ms % 1000);
}

/** With an unknown arrival, a STOP is the last word of its second, and a START the first. */
function arrivalOf({ seenAt, optedOut }: ConsentWord): number {
  return seenAt?.getTime() ?? (optedOut ? Number.POSITIVE_INFINITY : Number.NEGATIVE_INFINITY);
}
