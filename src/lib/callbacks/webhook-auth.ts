import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { isUnavailable } from '../platform/errors.ts';
import type { Secret } from '../platform/ports.ts';
import { type Presented, secretHashOf } from './received-callback.ts';

/** Shorter secrets are ignored. A parameter that holds only such secrets admits no request. */
const SHORTEST_SECRET = 32;
const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

/** Is this one of the current secrets (two, comma-separated, during a rotation)? Compares in constant time. */
export function isWebhookSecret(given: string, parameter: string): boolean {
  const secrets = parameter.split(',').map((secret) => secret.trim());
  // `filter` compares every secret, so that the duration doesn't reveal which one matched.
  return secrets.filter((secret) => secret.length >= SHORTEST_SECRET && sameText(given, secret)).length > 0;
}

/**
 * Is `X-Hub-Signature-256` a valid signature of exactly these bytes? Accepts lower-case hexadecimal and
 * nothing around it.
 */
export function isSignedBy(keys: string, signature: string | undefined, bytes: Buffer): boolean {
  const hex = SIGNATURE.exec(signature ?? '')?.[1];
  if (hex === undefined) return false;
  const given = Buffer.from(hex, 'hex');
  const known = keys.split(',').map((key) => key.trim());
  // A trailing comma in the parameter must not become an empty key, which would let anyone sign.
  const digests = known
    .filter((key) => key !== '')
    .map((key) => createHmac('sha256', key).update(bytes).digest());
  return digests.filter((digest) => timingSafeEqual(given, digest)).length > 0;
}

/** Is this the SHA-256 of one of the current secrets? */
function isHashOfSecret(hash: string, parameter: string): boolean {
  const secrets = parameter.split(',').map((secret) => secret.trim());
  return (
    secrets.filter((secret) => secret.length >= SHORTEST_SECRET && sameText(secretHashOf(secret), hash))
      .length > 0
  );
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/**
 * The webhook's two checks: the secret in the path and the signature. A failed check rereads the parameter, at most
 * every 30 s. A changed one takes effect at once, or at most 30 s after a wrong value was tried.
 */
export function makeWebhookAuth({ secret, hmacKey }: { secret: Secret; hmacKey: Secret | undefined }) {
  /** Without a configured key every request passes; with one, each needs a valid signature. */
  const isSigned = (signature: string | undefined, bytes: Buffer): Promise<boolean> =>
    hmacKey ? fits(hmacKey, (value) => isSignedBy(value, signature, bytes)) : Promise.resolve(true);

  return {
    checkSecret: (given: string) => checked(fits(secret, (value) => isWebhookSecret(given, value))),
    checkSignature: (signature: string | undefined, bytes: Buffer) => checked(isSigned(signature, bytes)),
    /** Both checks, of a callback that was stored unchecked. Throws `store-unavailable`. */
    async confirms({ secretHash, signature }: Presented, bytes: Buffer): Promise<boolean> {
      return (
        (await fits(secret, (value) => isHashOfSecret(secretHash, value))) &&
        (await isSigned(signature, bytes))
      );
    },
  };
}

export type WebhookAuth = ReturnType<typeof makeWebhookAuth>;

/** `unreadable`: the parameter store can't say now. */
type Check = 'right' | 'wrong' | 'unreadable';

async function checked(check: Promise<boolean>): Promise<Check> {
  try {
    return (await check) ? 'right' : 'wrong';
  } catch (fault) {
    if (isUnavailable(fault)) return 'unreadable';
    throw fault;
  }
}

async function fits(secret: Secret, check: (value: string) => boolean): Promise<boolean> {
  const known = await secret.get();
  return check(known) || check(await secret.newerThan(known));
}
