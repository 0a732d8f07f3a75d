import { type CustomerId, isUserId } from './customer.ts';
import { base64RunsIn, withoutSeparators } from './phone.ts';

/*
 * The names under which a text is listed, so that all texts that name a customer are found without reading any other. For
 * each customer that `isNamedIn` finds in a text, `namesIn` has the one of `nameOf`. It may have it for others, too.
 *
 * A number is found wherever its digits are, even in the middle of more digits. So a text is listed by every eleven digits
 * in a row, and a number is looked for by its first eleven.
 */

const DIGITS = 11;

const RUNS = new RegExp(`\\d{${DIGITS},}`, 'g');
/** As a whole: what stands before and behind it ends it. */
const USER_IDS = /(?<![A-Za-z0-9.])(?=([A-Z]{2}\.[A-Za-z0-9]{1,128})(?![A-Za-z0-9]))/g;
const SHARED_IDS = /(?<![A-Za-z0-9.])(?=([A-Z]{2}\.ENT\.[A-Za-z0-9]{1,128})(?![A-Za-z0-9]))/g;

/** Undefined for a text with more than `most` names. */
export function namesIn(text: string, most: number): ReadonlySet<string> | undefined {
  const names = new Set<string>();
  for (const name of allNames(text)) {
    names.add(name);
    if (names.size > most) return undefined;
  }
  return names;
}

function* allNames(text: string): Iterable<string> {
  yield* rowsIn(withoutSeparators(text));
  for (const run of base64RunsIn(text)) yield* rowsIn(run.toString('latin1'));
  for (const ids of [USER_IDS, SHARED_IDS]) for (const [, id = ''] of text.matchAll(ids)) yield id;
}

function* rowsIn(text: string): Iterable<string> {
  for (const [run] of text.matchAll(RUNS)) yield* rowsOf(run);
}

function* rowsOf(digits: string): Iterable<string> {
  for (let at = 0; at + DIGITS <= digits.length; at += 1) yield digits.slice(at, at + DIGITS);
}

/** All names that a text has because it names the customer, the one to look for first; none for a short number. */
export function namesOf(customer: CustomerId): readonly string[] {
  return isUserId(customer) ? [customer] : [...rowsOf(customer)];
}
