/** client create, list, revoke: the API's clients. A token is shown once; only its SHA-256 is stored. */
import { createHash, randomBytes } from 'node:crypto';
import type { Namespace, RegisteredClient } from '../src/lib/clients/ports.ts';
import { SCOPES } from '../src/lib/clients/scopes.ts';
import type { Place } from './place.ts';
import { columns, command, misuse, OpsError, plural, type Report } from './report.ts';
import { openStores } from './stores.ts';

const NAME = /^[a-z0-9][a-z0-9._-]{0,63}$/;
/** The API's own names for callers without a token. A client of that name could read their messages. */
const RESERVED = ['iam', 'unnamed'];
/** How long the authorizer's decisions are cached. */
const CACHE_SECONDS = 60;

/** Enough of a token's hash to tell tokens apart. It grants no access. */
const idOf = ({ tokenHash }: { tokenHash: string }): string => tokenHash.slice(0, 8);
const isLive = ({ revokedAt }: RegisteredClient): boolean => revokedAt === undefined;

const scopesIn = (text: string): string[] => {
  const asked = [...new Set(text.split(',').map((scope) => scope.trim()))];
  const known: readonly string[] = SCOPES;
  const foreign = asked.filter((scope) => !known.includes(scope));
  if (foreign.length > 0) throw misuse(`--scopes takes ${SCOPES.join(', ')}, comma-separated`);
  return asked;
};

type Stores = ReturnType<typeof openStores>;

/** The namespace of a new token. A client keeps its own, revoked or not: otherwise one messageId would be two messages. */
const namespaceFor = async (
  { clients, random }: Stores,
  [first]: readonly RegisteredClient[],
  asked: string | undefined,
): Promise<Namespace | undefined> => {
  if (first) {
    if (asked === undefined || asked === first.namespace?.name) return first.namespace;
    const own = first.namespace ? `is in the namespace ${first.namespace.name}` : 'has no namespace';
    throw new OpsError(`${first.clientId} ${own}: for another one, create another client`);
  }
  if (asked === undefined) return undefined;
  if (!NAME.test(asked)) throw misuse('a namespace is up to 64 of a-z 0-9 . _ -');
  return { name: asked, key: await clients.openNamespace(asked, random.key()) };
};

export const createClient = async (
  place: Place,
  clientId: string,
  options: { scopes: string; anotherToken?: boolean; namespace?: string },
): Promise<Report> => {
  if (!NAME.test(clientId) || RESERVED.includes(clientId)) {
    throw misuse('a name is up to 64 of a-z 0-9 . _ -, and not `iam` or `unnamed`');
  }
  const scopes = scopesIn(options.scopes);
  const stores = openStores(place);
  const { clients, clock } = stores;
  const known = (await clients.list()).filter((client) => client.clientId === clientId);
  if (known.some(isLive) && !options.anotherToken) {
    throw new OpsError(
      `${clientId} already exists: --another-token gives it a second token beside the first`,
    );
  }
  const namespace = await namespaceFor(stores, known, options.namespace);
  const token = randomBytes(32).toString('hex');
  const tokenHash = createHash('sha256').update(token).digest('hex');
  await clients.add({ clientId, scopes, namespace, tokenHash, createdAt: clock.now() });
  const tokenId = idOf({ tokenHash });
  return {
    lines: [
      `${clientId} may ${scopes.join(', ')}${namespace ? `, in the namespace ${namespace.name}` : ''}. Its token ${tokenId}, shown only once:`,
      `  ${token}`,
      `It never expires. ${command(place.stage, `client revoke ${clientId}`)} revokes it.`,
    ],
    data: { clientId, scopes, namespace: namespace?.name ?? null, tokenId, token },
  };
};

export const listClients = async (place: Place): Promise<Report> => {
  const found = await openStores(place).clients.list();
  const data = found
    .map((client) => ({
      clientId: client.clientId,
      scopes: [...client.scopes].sort(),
      namespace: client.namespace?.name ?? null,
      tokenId: idOf(client),
      createdAt: client.createdAt.toISOString(),
      revokedAt: client.revokedAt?.toISOString() ?? null,
    }))
    .sort((a, b) => a.clientId.localeCompare(b.clientId) || a.createdAt.localeCompare(b.createdAt));
  if (data.length === 0) return { lines: ['There are no clients.'], data };
  const rows = data.map(({ clientId, scopes, namespace, tokenId, createdAt, revokedAt }) => [
    clientId,
    tokenId,
    scopes.join(','),
    namespace ?? '-',
    createdAt,
    revokedAt ? `revoked ${revokedAt}` : 'live',
  ]);
  return { lines: columns([['client', 'token', 'scopes', 'namespace', 'created', 'state'], ...rows]), data };
};

export const revokeClient = async (
  place: Place,
  clientId: string,
  options: { token?: string },
): Promise<Report> => {
  const { clients, clock } = openStores(place);
  const live = (await clients.list()).filter((client) => client.clientId === clientId && isLive(client));
  const meant = live.filter((client) => !options.token || idOf(client) === options.token);
  if (meant.length === 0) {
    const which = options.token ? ` with the token ${options.token}` : '';
    throw new OpsError(
      `there is no live client ${clientId}${which}: see ${command(place.stage, 'client list')}`,
    );
  }
  for (const { tokenHash } of meant) await clients.revoke(tokenHash, clock.now());
  const left = live.length - meant.length;
  return {
    lines: [
      `${plural(meant.length, 'token')} of ${clientId} revoked${left > 0 ? `, ${left} left` : ''}.`,
      `The authorizer may accept it from its cache for up to ${CACHE_SECONDS} seconds.`,
    ],
    data: { clientId, revoked: meant.map(idOf), left },
  };
};
