/** Phone numbers as they may appear on a screen. */
export type Show = 'masked' | 'numbers';

/** The country and the last three digits: enough to recognise a number, too little to call it. */
export const masked = (number: string): string =>
  number.length < 8
    ? '*'.repeat(number.length)
    : number.slice(0, 3) + '*'.repeat(number.length - 6) + number.slice(-3);

/** Masks anything that may be a phone number: texts of WhatsApp and LipaChat quote them. */
export const maskedText = (text: string): string => text.replace(/\d{7,}/g, masked);
