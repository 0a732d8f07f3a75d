/** What makes an apiKey or a webhook secret worth storing, and the address that holds one. Pure; nothing is quoted. */
import { randomBytes } from 'node:crypto';

const MIN_SECRET = 32;
const PLACEHOLDER =
  /^(your|my|the|some|test|dummy|example|sample|placeholder|change|insert|todo|xxx|<|\$|\{)/i;
const TELLTALE = /api[-_ ]?key|placeholder|change[-_ ]?me|^(.)\1+$/i;

/** Why it can't be LipaChat's apiKey; undefined if it may be. */
export const apiKeyFault = (key: string): string | undefined => {
  if (key === '') return 'it is empty';
  if (!/^[\x21-\x7e]+$/.test(key)) return 'it has blanks or characters that no HTTP header takes';
  if (key.length < 8) return 'it is shorter than 8 characters';
  if (PLACEHOLDER.test(key) || TELLTALE.test(key)) return 'it looks like a placeholder';
  return undefined;
};

export const newSecret = (): string => randomBytes(32).toString('hex');

/** The secrets of a parameter: one, or two while rotating, the newer first. */
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
  if (secrets.length > 2) return `it has ${secrets.length} secrets, and no rotation needs more than two`;
  return undefined;
};

/** What LipaChat's settings take. */
export const webhookUrl = (apiUrl: string, secret: string): string =>
  `${apiUrl}/v1/webhooks/lipachat/${secret}`;

/** The same for a secret that is stored and not to be shown. */
export const hiddenWebhookUrl = (apiUrl: string): string => webhookUrl(apiUrl, '<the secret that is stored>');
