import type { Item, Table } from '../platform/dynamo-table.ts';
import { clientCodec, LISTED_CLIENTS } from './dynamo-clients.ts';
import type { RegisteredClient } from './ports.ts';

const PAGE = 100;

export type ClientRegistry = ReturnType<typeof makeClientRegistry>;

/** API clients, for the commands that issue and revoke tokens. Functions look up one at a time (`dynamo-clients.ts`). */
export function makeClientRegistry(table: Table) {
  return {
    /** All clients, revoked ones too, the newest first. Eventually consistent: it reads an index. */
    async list(): Promise<readonly RegisteredClient[]> {
      const found: RegisteredClient[] = [];
      let before: string | undefined;
      do {
        const keys = await table.listed(LISTED_CLIENTS, { limit: PAGE, before });
        const items = await table.getMany(keys.map(({ pk }) => pk));
        found.push(...items.flatMap((item) => (item ? [clientCodec.fromItem(item)] : [])));
        before = keys.length === PAGE ? keys.at(-1)?.stage : undefined;
      } while (before !== undefined);
      return found;
    },
    /** False if the token exists already. */
    async add(client: RegisteredClient): Promise<boolean> {
      return (await table.create(clientItem(client))).done;
    },
    /** Keeps the time of the first revocation. False if there is no such token. */
    async revoke(tokenHash: string, at: Date): Promise<boolean> {
      const change = {
        update: '',
        set: 'revokedAt = if_not_exists(revokedAt, :at)',
        condition: 'attribute_exists(pk)',
        values: { ':at': at.getTime() },
      };
      return (await table.update(clientCodec.pkOf(tokenHash), change)).done;
    },
  };
}

/** The item of a client. */
export function clientItem(client: RegisteredClient): Item {
  return { ...clientCodec.toItem(client), pk: clientCodec.pkOf(client.tokenHash) };
}
