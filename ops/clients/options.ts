/** The options that limit a token, as an operator types them. Pure. */
import { cidrIn } from '../../src/lib/clients/addresses.ts';
import { SCOPES } from '../../src/lib/clients/scopes.ts';
import { parsePhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { misuse } from '../report.ts';

/** Of a name: of a client, or of a namespace. */
export const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;

/** API Gateway takes 8 KB from an authorizer; the lists go there. */
const MOST = 100;
const MOST_CHARACTERS = 3_000;
const HOUR_MS = 3_600_000;
/** Has to end in a slash: `s3://exports/crm` would be `s3://exports/crm-of-another/a.csv`, too. */
const PREFIX = /^s3:\/\/[a-z0-9.-]{3,63}\/(?:[!-+\--~]{1,200}\/)?$/;

const listIn = (text: string): string[] => [...new Set(text.split(',').map((one) => one.trim()))];

/** All entries of a list, each read by `read`. Throws a misuse if there is none, or one can't be read. */
const parsedList = (text: string, read: (one: string) => string | undefined, takes: string): string[] => {
  const found = listIn(text).map(read);
  const good = found.filter((one) => one !== undefined);
  if (good.length < found.length || good.length > MOST || good.join(' ').length > MOST_CHARACTERS)
    throw misuse(`${takes}, comma-separated, at most ${MOST} and ${MOST_CHARACTERS} characters in all`);
  return [...new Set(good)];
};

export const scopesIn = (text: string): string[] => {
  const known: readonly string[] = SCOPES;
  const read = (scope: string): string | undefined => (known.includes(scope) ? scope : undefined);
  return parsedList(text, read, `--scopes takes ${SCOPES.join(', ')}`);
};

/** Business numbers as digits; undefined for `all`. */
export const numbersIn = (text: string): string[] | undefined =>
  text === 'all'
    ? undefined
    : parsedList(text, parsePhoneNumber, '--numbers takes `all`, or phone numbers with their country codes');

export const sourcesIn = (text: string): string[] =>
  parsedList(text, cidrIn, '--sources takes addresses and CIDR blocks such as 203.0.113.0/24');

export const recipientSourcesIn = (text: string): string[] =>
  parsedList(
    text,
    (one) => (PREFIX.test(one) ? one : undefined),
    '--recipient-sources takes prefixes such as s3://crm-exports/whatsapp/, with a slash at the end',
  );

/** Milliseconds of `90d` or `12h`; undefined if it is neither. */
export const durationIn = (text: string): number | undefined => {
  const [, count, unit] = /^(\d{1,4})([hd])$/.exec(text) ?? [];
  return count === undefined ? undefined : Number(count) * (unit === 'd' ? 24 : 1) * HOUR_MS;
};

/** `90d`, `12h`, or an instant of ISO 8601; a date is its beginning in UTC. */
export const expiryIn = (text: string, now: Date): Date => {
  const ms = durationIn(text);
  const isInstant = /^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}(:\d{2})?(Z|[+-]\d{2}:\d{2}))?$/.test(text);
  const at = ms === undefined ? (isInstant ? new Date(text) : undefined) : new Date(now.getTime() + ms);
  if (at && at > now) return at;
  throw misuse('--expires takes a time to come: 90d, 12h, or a date such as 2027-01-31');
};
