import type { Secret } from '../platform/ports.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { ApiKeys } from './ports.ts';

export interface ApiKeysOptions {
  /** The stage's key, for all numbers without a key of their own. */
  readonly shared: Secret;
  readonly numbersWithOwnKey: readonly PhoneNumber[];
  readonly ownKeyOf: (business: PhoneNumber) => Secret;
}

/** Where a number's own apiKey is stored. */
export const ownKeyParameter = (stage: string, business: string): string =>
  `/lipaflow/${stage}/lipachat/numbers/${business}/api-key`;

/**
 * One secret for each account, with a cache and a forced refresh of its own. Only the listed numbers have one, so a
 * made-up `from` causes no call to the parameter store. A listed number never uses another key than its own.
 */
export function makeApiKeys({ shared, numbersWithOwnKey, ownKeyOf }: ApiKeysOptions): ApiKeys {
  const own = new Map(numbersWithOwnKey.map((business) => [business, ownKeyOf(business)]));
  return { of: (business) => own.get(business) ?? shared };
}
