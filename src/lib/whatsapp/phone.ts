import { parsePhoneNumberFromString } from 'libphonenumber-js/min';
import type { CustomerId } from './customer.ts';

declare const brand: unique symbol;

/** An international phone number as digits, country code first: `254717746565`. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' };

/** One business number and one customer. Session windows and opt-outs belong to a pair. */
export interface Pair {
  readonly business: PhoneNumber;
  readonly customer: CustomerId;
}

const SPELLING = /^\+?[\d\s()\-\u2010-\u2015]+$/u;
// WhatsApp still writes some Mexican mobile numbers with a 1 that the numbering plan has dropped.
const MEXICAN_WHATSAPP_ID = /^521\d{10}$/;

/**
 * Parses a number as a caller may write it: with or without `+`, spaces, dashes and brackets. Undefined if
 * the digits are not a possible number of a known country.
 */
export function parsePhoneNumber(text: string): PhoneNumber | undefined {
  if (!SPELLING.test(text)) return undefined;
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
  const digits = text.replace(/^\+|[\s()\-\u2010-\u2015]/gu, '');
  return /^\d{5,20}$/.test(digits) ? (digits as PhoneNumber) : undefined;
}

/** Does the text contain the number, in any spelling, or inside base64 as in WhatsApp's message ids? */
export function isNamedIn(text: string, number: CustomerId): boolean {
  if (text.replace(/[\s()+\-.\u2010-\u2015]/gu, '').includes(number)) return true;
  const runs = text.replaceAll('\\', '').match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  return runs.some((run) => Buffer.from(run, 'base64').includes(number));
}
