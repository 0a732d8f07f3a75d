import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import type { Secret } from '../platform/ports.ts';

/** A secret shorter than this is no secret; a parameter that holds one lets nobody in. */
const SHORTEST_SECRET = 32;
const SIGNATURE = /^sha256=([0-9a-f]{64})$/;

/** Is this one of the secrets that count now (two, comma-separated, while rotating)? In constant time. */
export function isWebhookSecret(given: string, parameter: string): boolean {
  const secrets = parameter.split(',').map((secret) => secret.trim());
  // Every one is compared, so that the time does not tell which of them came near.
  return secrets.filter((secret) => secret.length >= SHORTEST_SECRET && sameText(given, secret)).length > 0;
}

/** Does `X-Hub-Signature-256` sign these very bytes? Lower-case hexadecimal, nothing before or after it. */
export function isSignedBy(keys: string, signature: string | undefined, bytes: Buffer): boolean {
  const hex = SIGNATURE.exec(signature ?? '')?.[1];
  if (hex === undefined) return false;
  const given = Buffer.from(hex, 'hex');
  const known = keys.split(',').map((key) => key.trim());
  // An empty key would let anybody sign: a comma at the end of the parameter must not make one.
  const digests = known
    .filter((key) => key !== '')
    .map((key) => createHmac('sha256', key).update(bytes).digest());
  return digests.filter((digest) => timingSafeEqual(given, digest)).length > 0;
}

function sameText(a: string, b: string): boolean {
  const digest = (text: string) => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(a), digest(b));
}

/** The two checks of LipaChat's door. A parameter that was changed a moment ago counts at once. */
export function makeWebhookAuth({ secret, hmacKey }: { secret: Secret; hmacKey: Secret | undefined }) {
  return {
    knows(given: string | undefined): Promise<boolean> {
      return fits(secret, (value) => isWebhookSecret(given ?? '', value));
    },
    /** Asked for only where a key is set; then without exception. */
    accepts(signature: string | undefined, bytes: Buffer): Promise<boolean> {
      return hmacKey ? fits(hmacKey, (value) => isSignedBy(value, signature, bytes)) : Promise.resolve(true);
    },
  };
}

async function fits(secret: Secret, check: (value: string) => boolean): Promise<boolean> {
  const known = await secret.get();
  return check(known) || check(await secret.newerThan(known));
}
