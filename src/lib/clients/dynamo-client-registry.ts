import { attributes } from '../platform/dynamo-codec.ts';
import { plain } from '../platform/dynamo-fields.ts';
import type { Item, Reads, Table } from '../platform/dynamo-table.ts';
import { clientCodec, LISTED_CLIENTS } from './dynamo-clients.ts';
import type { RegisteredClient } from './ports.ts';

const PAGE = 100;

const keyAttribute = attributes<{ readonly key: string }>({ fields: { key: plain } });
const namespacePk = (name: string) => `namespace#${name}`;

/** All clients, revoked ones too, the newest first. Eventually consistent: it reads an index. */
export function makeClientList(table: Reads) {
  return async function list(): Promise<readonly RegisteredClient[]> {
    const found: RegisteredClient[] = [];
    let before: string | undefined;
    do {
      const keys = await table.listed(LISTED_CLIENTS, { limit: PAGE, before });
      const items = await table.getMany(keys.map(({ pk }) => pk));
      found.push(...items.flatMap((item) => (item ? [clientCodec.fromItem(item)] : [])));
      before = keys.length === PAGE ? keys.at(-1)?.stage : undefined;
    } while (before !== undefined);
    return found;
  };
}

export type ClientRegistry = ReturnType<typeof makeClientRegistry>;

/** API clients, for the commands that issue and revoke tokens. Functions look up one at a time (`dynamo-clients.ts`). */
export function makeClientRegistry(table: Table) {
  const own = table.owning('client#', 'namespace#');
  return {
    list: makeClientList(table),
    /** The key of a namespace; undefined if there is none of this name. */
    async namespaceKey(name: string): Promise<string | undefined> {
      const stored = await table.get(namespacePk(name));
      return stored && keyAttribute.decode(stored.value).key;
    },
    /** The key of a namespace. A new namespace gets `newKey`. */
    async openNamespace(name: string, newKey: string): Promise<string> {
      const { stored } = await own.create({
        ...keyAttribute.encode({ key: newKey }),
        pk: namespacePk(name),
      });
      if (!stored) throw new Error('the namespace was removed while it was read');
      return keyAttribute.decode(stored.value).key;
    },
    /** False if the token exists already. */
    async add(client: RegisteredClient): Promise<boolean> {
      return (await own.create(clientItem(client))).done;
    },
    /** Ends a token at this time, unless it ends earlier. False if there is no such token. */
    async expire(tokenHash: string, at: Date): Promise<boolean> {
      const change = {
        update: '',
        set: 'expiresAt = :at',
        condition: 'attribute_exists(pk) AND (attribute_not_exists(expiresAt) OR expiresAt > :at)',
        values: { ':at': at.getTime() },
      };
      const { stored } = await own.update(clientCodec.pkOf(tokenHash), change);
      return stored !== undefined;
    },
    /** Keeps the time of the first revocation. False if there is no such token. */
    async revoke(tokenHash: string, at: Date): Promise<boolean> {
      const change = {
        update: '',
        set: 'revokedAt = if_not_exists(revokedAt, :at)',
        condition: 'attribute_exists(pk)',
        values: { ':at': at.getTime() },
      };
      return (await own.update(clientCodec.pkOf(tokenHash), change)).done;
    },
  };
}

/** The item of a client. */
export function clientItem(client: RegisteredClient): Item {
  return { ...clientCodec.toItem(client), pk: clientCodec.pkOf(client.tokenHash) };
}
