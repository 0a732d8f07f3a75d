/** client list: all tokens of all clients, without the tokens themselves. */
import type { RegisteredClient } from '../../src/lib/clients/ports.ts';
import { hasExpired } from '../../src/lib/clients/token-rules.ts';
import { masked } from '../masks.ts';
import type { Place } from '../place.ts';
import { columns, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { idOf, numbersOf, shownOf } from './tokens.ts';

const HEAD = [
  'client',
  'token',
  'scopes',
  'numbers',
  'namespace',
  'sources',
  'created',
  'last used',
  'state',
];

const stateOf = (token: RegisteredClient, now: Date): string => {
  const { revokedAt, expiresAt } = token;
  if (revokedAt) return `revoked ${revokedAt.toISOString()}`;
  if (!expiresAt) return 'live';
  return `${hasExpired(token, now) ? 'expired' : 'live until'} ${expiresAt.toISOString()}`;
};

export const listClients = async (
  place: Place,
  { showNumbers }: { showNumbers?: boolean },
): Promise<Report> => {
  const { clients, clock } = openStores(place);
  const show = showNumbers ? (number: string) => number : masked;
  const found = (await clients.list()).toSorted(
    (a, b) => a.clientId.localeCompare(b.clientId) || a.createdAt.getTime() - b.createdAt.getTime(),
  );
  const data = found.map((token) => ({
    ...shownOf(token, show),
    tokenId: idOf(token),
    createdAt: token.createdAt.toISOString(),
    lastUsedOn: token.lastUsedOn ?? null,
    revokedAt: token.revokedAt?.toISOString() ?? null,
  }));
  if (found.length === 0) return { lines: ['There are no clients.'], data };
  const rows = found.map((token) => [
    token.clientId,
    idOf(token),
    [...token.scopes].sort().join(','),
    numbersOf(token, show),
    token.namespace?.name ?? '-',
    token.sources?.join(',') ?? 'all',
    token.createdAt.toISOString(),
    token.lastUsedOn ?? '-',
    stateOf(token, clock.now()),
  ]);
  return { lines: columns([HEAD, ...rows]), data };
};
