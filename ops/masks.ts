import { withoutNumbers } from '../src/lib/platform/text.ts';

/** Phone numbers as they may appear on a screen. */
export type Show = 'masked' | 'numbers';

/** The country and the last three digits: enough to recognise a number, too little to call it. */
export const masked = (number: string): string =>
  number.length < 8
    ? '*'.repeat(number.length)
    : number.slice(0, 3) + '*'.repeat(number.length - 6) + number.slice(-3);

/** Masks anything that may be a phone number: texts of WhatsApp and LipaChat quote them. */
export const maskedText = (text: string): string => text.replace(/\d{7,}/g, masked);

const USER_ID = /\b[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{4,}/g;

/** A callback without anything that names a person: numbers in any spelling, WhatsApp's message ids, and user ids. */
export const maskedJson = (text: string): string => withoutNumbers(text.replace(USER_ID, '…'));
