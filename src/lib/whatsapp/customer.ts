declare const brand: unique symbol;

/** An international phone number as digits, country code first: `254717746565`. */
export type PhoneNumber = string & { readonly [brand]: 'PhoneNumber' };

/** WhatsApp's id of a person for one business portfolio: `KE.1234abcd`, for people who hide their number. */
export type UserId = string & { readonly [brand]: 'UserId' };

/** How a customer is known: by number, or by user id if no number is known. */
export type CustomerId = PhoneNumber | UserId;

/** A customer as a callback names them: by number, by user id, or by both. At least one is there. */
export interface Customer {
  readonly number?: PhoneNumber | undefined;
  readonly userId?: UserId | undefined;
}

/** A person that a callback names by number and by user id at once. */
export interface NamedByBoth {
  readonly number: PhoneNumber;
  readonly userId: UserId;
  /** The business number that the callback names. A user id is unique per business. Default: that of the entry's pair. */
  readonly business?: PhoneNumber | undefined;
}

/**
 * A country code, a dot, and up to 128 letters and digits: `US.13491208655302741918`. With `ENT.` it is the id that
 * several portfolios share. Source: Meta, "Business-scoped user IDs", 2026.
 */
const USER_ID = /^[A-Z]{2}\.(?:ENT\.)?[A-Za-z0-9]{1,128}$/;

export function userIdIn(text: string): UserId | undefined {
  return USER_ID.test(text) ? (text as UserId) : undefined;
}

export function isUserId(customer: CustomerId): customer is UserId {
  return customer.includes('.');
}
