/** Checks of apiKeys and webhook secrets, and the webhook URL. Pure; no fault quotes the value. */
import { randomBytes } from 'node:crypto';
import { isSigningKey } from '../src/lib/callbacks/auth/webhook-signature.ts';

export const MIN_SECRET = 32;
const PLACEHOLDER =
  /^(your|my|the|some|test|dummy|example|sample|placeholder|change|insert|todo|xxx|<|\$|\{)/i;
const TELLTALE = /api[-_ ]?key|placeholder|change[-_ ]?me|^(.)\1+$/i;

/** Why it can't be LipaChat's apiKey; undefined if it looks like one. */
export const apiKeyFault = (key: string): string | undefined => {
  if (key === '') return 'it is empty';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'it has spaces or characters that an HTTP header cannot carry';
  if (key.length < 8) return 'it is shorter than 8 characters';
  if (PLACEHOLDER.test(key) || TELLTALE.test(key)) return 'it looks like a placeholder';
  return undefined;
};

const ERASURE_KEY_BYTES = 32;
/** Of the bytes above in base64url. A shorter key was not made by setup. */
const ERASURE_KEY_LENGTH = 43;

export const newErasureKey = (): string => randomBytes(ERASURE_KEY_BYTES).toString('base64url');

/** Why it can't be the key of erasures; undefined if it can. */
export const erasureKeyFault = (value: string): string | undefined =>
  value.trim().length < ERASURE_KEY_LENGTH
    ? `it is shorter than ${ERASURE_KEY_LENGTH} characters`
    : undefined;

export const newSecret = (): string => randomBytes(32).toString('hex');

/** The secrets in a parameter: one, or two during a rotation, the newer first. */
export const secretsIn = (value: string): string[] =>
  value
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

/** Why the webhook can't use this value; undefined if it can. */
export const webhookSecretFault = (value: string): string | undefined => {
  const secrets = secretsIn(value);
  if (secrets.length === 0) return 'it is empty';
  if (secrets.some((secret) => secret.length < MIN_SECRET))
    return `it has a secret of under ${MIN_SECRET} characters`;
  if (secrets.length > 2) return `it has ${secrets.length} secrets; a rotation needs two at most`;
  return undefined;
};

/** How many of a parameter's HMAC keys the webhook uses, and how many it ignores. */
export const signingKeysIn = (value: string): { usable: number; ignored: number } => {
  const keys = secretsIn(value);
  const usable = keys.filter(isSigningKey).length;
  return { usable, ignored: keys.length - usable };
};

/** The URL for LipaChat's settings. */
export const webhookUrl = (apiUrl: string, secret: string): string =>
  `${apiUrl}/v1/webhooks/lipachat/${secret}`;

/** The same for a stored secret, which must not be shown. */
export const hiddenWebhookUrl = (apiUrl: string): string => webhookUrl(apiUrl, '<the stored secret>');
