/** client check: whether a token is good, and if not, why. The token comes on standard input, and goes nowhere. */
import { isIP } from 'node:net';
import { tokenHashOf } from '../../src/lib/clients/authorize.ts';
import type { ClientToken } from '../../src/lib/clients/ports.ts';
import { ROUTES } from '../../src/lib/clients/scopes.ts';
import { refusalOf, type TokenRefusal } from '../../src/lib/clients/token-rules.ts';
import { mayUseNumber } from '../../src/lib/platform/caller.ts';
import { storedPhoneNumber } from '../../src/lib/whatsapp/phone.ts';
import { askSecretly } from '../ask.ts';
import type { Place } from '../place.ts';
import { type Io, misuse, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { endOf, idOf, rightsOf } from './tokens.ts';

type Verdict = 'good' | TokenRefusal | 'number';

const WORDS: Record<Verdict, string> = {
  good: 'The token is good.',
  unknown: 'The stage has no such token. Was it cut off, or made for another stage?',
  revoked: 'The token was revoked. The client needs another one.',
  expired: 'The token has expired. The client needs another one.',
  source: 'The token is not for that address.',
  scope: 'The token lacks the scope of that route.',
  number: 'The token is not for that business number.',
};

type CheckOptions = { route?: string; from?: string; source?: string };

/** The question, read from the options. Throws a misuse. */
const parsed = ({ route, from, source }: CheckOptions) => {
  if (route !== undefined && !ROUTES.includes(route))
    throw misuse(`--route takes one of these:\n${ROUTES.join('\n')}`);
  if (source !== undefined && isIP(source) === 0) throw misuse('--source takes an IP address');
  const number = from === undefined ? undefined : storedPhoneNumber(from);
  if (from !== undefined && !number) throw misuse('--from takes a phone number with its country code');
  return { routeKey: route, sourceIp: source, number };
};

/** Of what is not asked, nothing is judged. */
const verdictOf = (
  token: ClientToken | undefined,
  { routeKey, sourceIp, number }: ReturnType<typeof parsed>,
  now: Date,
): Verdict => {
  const judged = token && sourceIp === undefined ? { ...token, sources: undefined } : token;
  const refusal = refusalOf(judged, { routeKey, sourceIp, now });
  if (refusal || !token) return refusal ?? 'unknown';
  return number === undefined || mayUseNumber(token, number) ? 'good' : 'number';
};

export const checkToken = async (place: Place, options: CheckOptions, io: Io): Promise<Report> => {
  const question = parsed(options);
  const text = await askSecretly('Token: ', io);
  if (text === '') throw misuse('there is no token on standard input');
  const tokenHash = tokenHashOf(text.replace(/^(?:authorization: *)?bearer +/i, ''));
  const { tokens, clock } = openStores(place);
  const token = await tokens.byTokenHash(tokenHash);
  const verdict = verdictOf(token, question, clock.now());
  return {
    lines: [
      WORDS[verdict],
      ...(token ? [`${idOf({ tokenHash })}: ${rightsOf(token)}. ${endOf(token)}`] : []),
    ],
    data: { verdict, clientId: token?.clientId ?? null, tokenId: token ? idOf({ tokenHash }) : null },
    faulty: verdict !== 'good',
  };
};
