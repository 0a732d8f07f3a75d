/** A client's tokens, as commands name and make them. A token is shown once; only its SHA-256 is stored. */
import { randomBytes } from 'node:crypto';
import { tokenHashOf } from '../../src/lib/clients/authorize.ts';
import type { ApiClient, ClientToken, RegisteredClient } from '../../src/lib/clients/ports.ts';
import { masked } from '../masks.ts';
import { OpsError, plural } from '../report.ts';
import type { openStores } from '../stores.ts';

export type Stores = ReturnType<typeof openStores>;

/** How long the authorizer's decisions are cached. */
export const CACHE_SECONDS = 60;

/** Enough of a token's hash to tell tokens apart. It grants no access. */
export const idOf = ({ tokenHash }: { tokenHash: string }): string => tokenHash.slice(0, 8);

/** The rights of a new token, and what limits it. */
type Rights = ApiClient & Pick<ClientToken, 'expiresAt' | 'sources'>;

/** Makes a token, and stores its hash. */
export const issue = async (
  { clients, clock }: Pick<Stores, 'clients' | 'clock'>,
  rights: Rights,
): Promise<{ token: string; tokenId: string }> => {
  const token = randomBytes(32).toString('hex');
  const tokenHash = tokenHashOf(token);
  const fresh = { revokedAt: undefined, lastUsedOn: undefined };
  if (!(await clients.add({ ...rights, ...fresh, tokenHash, createdAt: clock.now() })))
    throw new OpsError('the token exists already: try again');
  return { token, tokenId: idOf({ tokenHash }) };
};

export const endOf = ({ expiresAt }: Pick<ClientToken, 'expiresAt'>): string =>
  expiresAt ? `It expires at ${expiresAt.toISOString()}.` : 'It never expires.';

/** The business numbers of a client, in words. */
export const numbersOf = (
  { numbers }: Pick<ApiClient, 'numbers'>,
  show: (number: string) => string = masked,
): string => (numbers ? numbers.map(show).join(',') || 'none' : 'all');

/** What a token allows, in words. */
export const rightsOf = (token: Rights): string => {
  const { clientId, scopes, numbers, namespace, sources, recipientSources } = token;
  return [
    `${clientId} may ${[...scopes].sort().join(', ')}`,
    ...(numbers ? [`with ${plural(numbers.length, 'business number')} (${numbersOf(token)})`] : []),
    ...(namespace ? [`in the namespace ${namespace.name}`] : []),
    ...(sources ? [`from ${sources.join(', ')}`] : []),
    ...(recipientSources ? [`with recipients in ${recipientSources.join(', ')}`] : []),
  ].join(', ');
};

/** A token's rights and limits for scripts. Null: no limit. */
export const shownOf = (token: Rights, show: (number: string) => string = masked) => ({
  clientId: token.clientId,
  scopes: [...token.scopes].sort(),
  numbers: token.numbers?.map(show) ?? null,
  namespace: token.namespace?.name ?? null,
  sources: token.sources ?? null,
  recipientSources: token.recipientSources ?? null,
  expiresAt: token.expiresAt?.toISOString() ?? null,
});

/** Those of a client, the newest first. */
export const tokensOf = async ({ clients }: Stores, clientId: string): Promise<RegisteredClient[]> =>
  (await clients.list()).filter((client) => client.clientId === clientId);
