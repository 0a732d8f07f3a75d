import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import { type CustomerId, isUserId, type PhoneNumber, userIdIn } from './customer.ts';

export type { PhoneNumber } from './customer.ts';

/** One business number and one customer. Session windows and opt-outs belong to a pair. */
export interface Pair {
  readonly business: PhoneNumber;
  readonly customer: CustomerId;
}

/** Invisible marks, such as the directions that phones and address books put around a number. */
const MARKS = /\p{Cf}/gu;
const SPELLING = /^\+?[\d\s()\-\u2010-\u2015]+$/u;
// WhatsApp still writes some Mexican mobile numbers with a 1 that the numbering plan has dropped.
const MEXICAN_WHATSAPP_ID = /^521\d{10}$/;

/**
 * Parses a number as a caller may write it: with or without `+`, spaces, dashes and brackets. Undefined if
 * the digits are not a possible number of a known country.
 */
export function parsePhoneNumber(text: string): PhoneNumber | undefined {
  if (!SPELLING.test(text.replace(MARKS, ''))) return undefined;
  const digits = text.replace(/\D/g, '');
  if (MEXICAN_WHATSAPP_ID.test(digits)) return digits as PhoneNumber;
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  return parsed?.isPossible() ? (parsed.number.slice(1) as PhoneNumber) : undefined;
}

/**
 * Parses a number from the gateway. It is WhatsApp's id of a person, so only separators are removed and no
 * digit is rewritten: one person may have two ids (Brazil's ninth digit, Mexico's 521, Argentina's 549).
 * Undefined unless 5 to 20 digits remain.
 */
export function gatewayPhoneNumber(text: string): PhoneNumber | undefined {
  const digits = text
    .replace(MARKS, '')
    .trim()
    .replace(/^\+|[\s()\-\u2010-\u2015]/gu, '');
  return /^\d{5,20}$/.test(digits) ? (digits as PhoneNumber) : undefined;
}

/**
 * Parses a number that may be stored already. What is no possible number is taken as the digits that a callback
 * brought: the gateway knows numbers that the numbering plans do not, such as older lengths.
 */
export function storedPhoneNumber(text: string): PhoneNumber | undefined {
  return parsePhoneNumber(text) ?? gatewayPhoneNumber(text);
}

/** A customer as a caller may name them: by number, in any spelling, or by user id. */
export function customerIn(text: string): CustomerId | undefined {
  return userIdIn(text) ?? storedPhoneNumber(text);
}

/** Does the text contain the number, in any spelling, or inside base64 as in WhatsApp's message ids? Or the user id? */
export function isNamedIn(text: string, number: CustomerId): boolean {
  if (isUserId(number)) return isIdIn(text, number);
  return withoutSeparators(text).includes(number) || base64RunsIn(text).some((run) => run.includes(number));
}

export function withoutSeparators(text: string): string {
  return text.replace(/[\s()+\-.\u2010-\u2015\p{Cf}]/gu, '');
}

/** What may be base64 in the text, decoded. */
export function base64RunsIn(text: string): Buffer[] {
  const runs = text.replaceAll('\\', '').match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  return runs.map((run) => Buffer.from(run, 'base64'));
}

/** As a whole: `KE.77` is not in `KE.777`. */
function isIdIn(text: string, id: string): boolean {
  for (let at = text.indexOf(id); at >= 0; at = text.indexOf(id, at + 1)) {
    if (!/[A-Za-z0-9.]/.test(text[at - 1] ?? '') && !/[A-Za-z0-9]/.test(text[at + id.length] ?? ''))
      return true;
  }
  return false;
}
