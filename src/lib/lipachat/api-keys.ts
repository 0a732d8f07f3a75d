import { isMissingParameter } from '../platform/errors.ts';
import type { Secret } from '../platform/ports.ts';
import type { PhoneNumber } from '../whatsapp/phone.ts';
import type { ApiKeys } from './ports.ts';

export interface ApiKeysOptions {
  /** The stage's key, for all numbers without a key of their own. */
  readonly shared: Secret;
  /** Only these have a key of their own; undefined: every number may have one, which its parameter tells. */
  readonly numbersWithOwnKey: readonly PhoneNumber[] | undefined;
  readonly ownKeyOf: (business: PhoneNumber) => Secret;
}

/** So many numbers keep a cached key in a process that asks for each; more push out the one that was used longest ago. */
const MOST_CACHED = 1_000;

/** Where a number's own apiKey is stored. */
export const ownKeyParameter = (stage: string, business: string): string =>
  `/lipaflow/${stage}/lipachat/numbers/${business}/api-key`;

/**
 * One secret for each account, with a cache and a forced refresh of its own. With a list, a made-up `from` causes no call to
 * the parameter store, and a listed number never uses another key than its own. Without one, a number without a parameter
 * uses the shared key.
 */
export function makeApiKeys({ shared, numbersWithOwnKey, ownKeyOf }: ApiKeysOptions): ApiKeys {
  if (!numbersWithOwnKey) return askingForEach(shared, ownKeyOf);
  const own = new Map(numbersWithOwnKey.map((business) => [business, ownKeyOf(business)]));
  return { of: (business) => own.get(business) ?? shared };
}

function askingForEach(shared: Secret, ownKeyOf: ApiKeysOptions['ownKeyOf']): ApiKeys {
  const cached = new Map<PhoneNumber, Secret>();
  return {
    of(business) {
      const secret = cached.get(business) ?? ownOrShared(ownKeyOf(business), shared);
      // A Map keeps the order of insertion, so the first is the one that was used longest ago.
      cached.delete(business);
      cached.set(business, secret);
      for (const oldest of cached.keys()) {
        if (cached.size <= MOST_CACHED) break;
        cached.delete(oldest);
      }
      return secret;
    },
  };
}

/** The number's own key; the shared one only if the parameter store says that there is no own one. */
function ownOrShared(own: Secret, shared: Secret): Secret {
  const orShared = async (use: (secret: Secret) => Promise<string>): Promise<string> => {
    try {
      await own.get();
    } catch (fault) {
      if (isMissingParameter(fault)) return use(shared);
      throw fault;
    }
    return use(own);
  };
  return {
    get: () => orShared((secret) => secret.get()),
    newerThan: (refused) => orShared((secret) => secret.newerThan(refused)),
  };
}
