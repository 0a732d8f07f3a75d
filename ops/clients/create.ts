/** client create: a client with its first token, or another token of one. */
import type { ApiClient, Namespace, RegisteredClient } from '../../src/lib/clients/ports.ts';
import { isLive } from '../../src/lib/clients/token-rules.ts';
import { systemClock } from '../../src/lib/platform/clock.ts';
import type { Place } from '../place.ts';
import { command, misuse, OpsError, type Report } from '../report.ts';
import { openStores } from '../stores.ts';
import { expiryIn, NAME, numbersIn, recipientSourcesIn, scopesIn, sourcesIn } from './options.ts';
import { endOf, issue, rightsOf, type Stores, shownOf, tokensOf } from './tokens.ts';

/** The API's own names for callers without a token. A client of that name could read their messages. */
const RESERVED = ['iam', 'unnamed', 'anyone'];

export type CreateOptions = {
  scopes: string;
  anotherToken?: boolean;
  namespace?: string;
  sharedIds?: boolean;
  numbers?: string;
  expires?: string;
  sources?: string;
  recipientSources?: string;
};

/** The options, read. Throws a misuse. */
const parsed = (clientId: string, options: CreateOptions, now: Date) => {
  const { namespace, sharedIds = false, scopes, numbers, expires, sources, recipientSources } = options;
  if (!NAME.test(clientId) || RESERVED.includes(clientId))
    throw misuse('a name is up to 64 of a-z 0-9 . _ -, and not `iam`, `unnamed` or `anyone`');
  if (namespace !== undefined && !NAME.test(namespace))
    throw misuse('a namespace is up to 64 of a-z 0-9 . _ -');
  if (namespace !== undefined && sharedIds) throw misuse('--namespace and --shared-ids exclude each other');
  const maybe = <T>(text: string | undefined, read: (text: string) => T) =>
    text === undefined ? undefined : read(text);
  return {
    clientId,
    namespace,
    sharedIds,
    scopes: scopesIn(scopes),
    numbers: { named: numbers !== undefined, only: maybe(numbers, numbersIn) },
    sources: maybe(sources, sourcesIn),
    recipientSources: maybe(recipientSources, recipientSourcesIn),
    expiresAt: maybe(expires, (text) => expiryIn(text, now)),
  };
};
type Asked = ReturnType<typeof parsed>;

/** A client keeps its namespace, whatever its tokens: otherwise one messageId would be two messages. */
const keptNamespace = (
  { namespace: own }: RegisteredClient,
  { clientId, namespace, sharedIds }: Asked,
): Namespace | undefined => {
  const isKept = sharedIds ? own === undefined : namespace === undefined || namespace === own?.name;
  if (isKept) return own;
  const has = own ? `is in the namespace ${own.name}` : 'has no namespace';
  throw new OpsError(`${clientId} ${has}: for another one, create another client`);
};

/** The namespace that a client gets by itself is its own, so no other client may be in one of this name. */
const assertFree = async ({ clients }: Stores, name: string): Promise<void> => {
  const other = (await clients.list()).find(({ namespace }) => namespace?.name === name);
  if (!other) return;
  throw new OpsError(
    `${other.clientId} is in the namespace ${name}: name one with --namespace, this one to share its messageIds`,
  );
};

const newNamespace = async (
  stores: Stores,
  { clientId, namespace, sharedIds, numbers }: Asked,
): Promise<Namespace | undefined> => {
  const isDefault = namespace === undefined && !sharedIds && numbers.only !== undefined;
  if (isDefault) await assertFree(stores, clientId);
  const name = isDefault ? clientId : namespace;
  if (name === undefined) return undefined;
  return { name, key: await stores.clients.openNamespace(name, stores.random.key()) };
};

const aboutIds = ({ namespace, numbers }: Pick<ApiClient, 'namespace' | 'numbers'>): string[] => {
  if (namespace) return ['LipaChat and logs have a UUID in place of its messageId.'];
  if (!numbers) return [];
  return [
    'It shares its messageIds with all clients without a namespace, which can take one first: use UUIDs. They go to LipaChat unchanged.',
  ];
};

/** What is not named stays that of the client's newest token: no token gets more than the one before by an omission. */
const clientFor = async (stores: Stores, [first]: readonly RegisteredClient[], asked: Asked) => ({
  clientId: asked.clientId,
  scopes: asked.scopes,
  numbers: asked.numbers.named ? asked.numbers.only : first?.numbers,
  recipientSources: asked.recipientSources ?? first?.recipientSources,
  namespace: first ? keptNamespace(first, asked) : await newNamespace(stores, asked),
  sources: asked.sources,
  expiresAt: asked.expiresAt,
});

export const createClient = async (
  place: Place,
  clientId: string,
  options: CreateOptions,
): Promise<Report> => {
  const now = systemClock.now();
  const asked = parsed(clientId, options, now);
  const stores = openStores(place);
  const known = await tokensOf(stores, clientId);
  if (known.some((token) => isLive(token, now)) && !options.anotherToken) {
    throw new OpsError(
      `${clientId} already exists: --another-token gives it a second token beside the first`,
    );
  }
  const client = await clientFor(stores, known, asked);
  const { token, tokenId } = await issue(stores, client);
  return {
    lines: [
      `${rightsOf(client)}. Its token ${tokenId}, shown only once:`,
      `  ${token}`,
      ...aboutIds(client),
      `${endOf(client)} ${command(place.stage, `client revoke ${clientId}`)} revokes it.`,
    ],
    data: { ...shownOf(client), scopes: asked.scopes, tokenId, token },
  };
};
