import { parsePhoneNumberFromString } from 'libphonenumber-js/min';

declare const brand: unique symbol;

/** An international phone number as digits, country code first: `254717746565`. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' };

/** One business number and one customer: what a session window and an opt-out belong to. */
export interface Pair {
  readonly business: PhoneNumber;
  readonly customer: PhoneNumber;
}

const SPELLING = /^\+?[\d\s()\-\u2010-\u2015]+$/u;
// WhatsApp still writes some Mexican mobiles with the 1 that the numbering plan has dropped.
const MEXICAN_WHATSAPP_ID = /^521\d{10}$/;

/**
 * Reads a number as a caller may write it: with or without `+`, blanks, dashes and brackets.
 * Returns undefined where the digits are no possible number of a known country.
 */
export function parsePhoneNumber(text: string): PhoneNumber | undefined {
  if (!SPELLING.test(text)) return undefined;
  const digits = text.replace(/\D/g, '');
  if (MEXICAN_WHATSAPP_ID.test(digits)) return digits as PhoneNumber;
  const parsed = parsePhoneNumberFromString(`+${digits}`);
  return parsed?.isPossible() ? (parsed.number.slice(1) as PhoneNumber) : undefined;
}

/**
 * Reads a number as the gateway gives it. It is WhatsApp's id of a person, so nothing of it is rewritten
 * (whatsapp-rules, "People"): only what stands between the digits goes.
 */
export function gatewayPhoneNumber(text: string): PhoneNumber | undefined {
  const digits = text.replace(/^\+|[\s()\-\u2010-\u2015]/gu, '');
  return /^\d{5,20}$/.test(digits) ? (digits as PhoneNumber) : undefined;
}

/** Does the number stand in a text, however it is written, or inside base64 as in WhatsApp's ids? */
export function isNamedIn(text: string, number: PhoneNumber): boolean {
  if (text.replace(/[\s()+\-.\u2010-\u2015]/gu, '').includes(number)) return true;
  const runs = text.replaceAll('\\', '').match(/[A-Za-z0-9+/_-]{16,}/g) ?? [];
  return runs.some((run) => Buffer.from(run, 'base64').includes(number));
}
