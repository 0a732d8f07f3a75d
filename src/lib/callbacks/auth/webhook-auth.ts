import { createHash, timingSafeEqual } from 'node:crypto';
import { isUnavailable } from '../../platform/errors.ts';
import type { Secret } from '../../platform/ports.ts';
import { type Presented, type Signatures, secretHashOf } from '../received-callback.ts';
import { isSignedBy, maySign } from './webhook-signature.ts';

/** Shorter secrets are ignored. A parameter that holds only such secrets admits no request. */
const SHORTEST_SECRET = 32;

/** Is this one of the current secrets (two, comma-separated, during a rotation)? Compares in constant time. */
export function isWebhookSecret(given: string, parameter: string): boolean {
  const secrets = parameter.split(',').map((secret) => secret.trim());
  // `filter` compares every secret, so that the duration doesn't reveal which one matched.
  return secrets.filter((secret) => secret.length >= SHORTEST_SECRET && sameText(given, secret)).length > 0;
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

export interface WebhookAuthDeps {
  readonly secret: Secret;
  /** One key, or two during a rotation. Undefined: callbacks need no signature. */
  readonly hmacKey: Secret | undefined;
  /** How far a signed timestamp may be from the arrival, either way. */
  readonly toleranceSeconds: number;
}

/**
 * The webhook's two checks: the secret in the path and the signature. A failed check rereads the parameter, at most
 * every 30 s. A changed one takes effect at once, or at most 30 s after a wrong value was tried.
 */
export function makeWebhookAuth({ secret, hmacKey, toleranceSeconds }: WebhookAuthDeps) {
  /** Without a configured key every request passes; with one, each needs a valid signature, and no wrong one. */
  function isSigned(given: Signatures, bytes: Buffer, receivedAt: Date): Promise<boolean> {
    if (!hmacKey) return Promise.resolve(true);
    if (!maySign(given, { receivedAt, toleranceSeconds })) return Promise.resolve(false);
    return fits(hmacKey, (value) => isSignedBy(value, given, bytes));
  }

  return {
    checkSecret: (given: string) => checked(fits(secret, (value) => isWebhookSecret(given, value))),
    checkSignature: (given: Signatures, bytes: Buffer, receivedAt: Date) =>
      checked(isSigned(given, bytes, receivedAt)),
    /**
     * Both checks, of a callback that was stored unchecked at `receivedAt`, however much later it is judged. Throws
     * `store-unavailable`.
     */
    async confirms({ secretHash, ...given }: Presented, bytes: Buffer, receivedAt: Date): Promise<boolean> {
      return (
        (await fits(secret, (value) => isHashOfSecret(secretHash, value))) &&
        (await isSigned(given, bytes, receivedAt))
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
