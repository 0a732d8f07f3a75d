import { createHmac } from 'node:crypto';
import { AppError, isUnavailable } from '../platform/errors.ts';
import type { Clock, Secret } from '../platform/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';

/*
 * What outlives an erasure is stored under keyed hashes (ADR 035). The key is a parameter outside of the table, so someone
 * who can read the table alone can test no number.
 */

export interface ErasureKey {
  /** Throws `store-unavailable` if the key can't be read. */
  get(): Promise<string>;
  /** Undefined if the key can't be read. Asks at most once a minute for one that is missing. */
  find(): Promise<string | undefined>;
}

/** What `find` waits after a failure. */
const MISSING_MS = 60_000;

export function makeErasureKey(secret: Pick<Secret, 'get'>, clock: Clock): ErasureKey {
  let missingUntil = 0;

  async function find(): Promise<string | undefined> {
    if (clock.now().getTime() < missingUntil) return undefined;
    try {
      return await secret.get();
    } catch (fault) {
      if (!isUnavailable(fault)) throw fault;
      missingUntil = clock.now().getTime() + MISSING_MS;
      return undefined;
    }
  }

  return { get: () => secret.get(), find };
}

/** `purpose` keeps the hashes of different kinds of items apart. */
export function keyedHash(key: string, purpose: string, text: string): string {
  return createHmac('sha256', key).update(`${purpose} ${text}`).digest('hex');
}

export function hashOfPair(key: string, { business, customer }: Pair): string {
  return keyedHash(key, 'pair', `${business} ${customer}`);
}

/** Tells this key from another one. Stored in the table, so that a key that was replaced is noticed. */
export function proofOf(key: string): string {
  return keyedHash(key, 'proof', '').slice(0, 16);
}

/** The hashes of another key would find nothing, and opt-outs would be lifted without a word. */
export function assertSameKey(key: string, proof: string): void {
  if (proofOf(key) === proof) return;
  const detail =
    "The erasure key isn't the one that this table's hashes were made with. Restore its parameter.";
  throw new AppError('store-unavailable', detail, { retryAfter: 60 });
}
