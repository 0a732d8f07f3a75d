import type { Item, Table } from '../platform/dynamo-table.ts';

/** One token of an API client, as an operator sees it. A client may have several: that is how one is replaced. */
export interface RegisteredClient {
  readonly clientId: string;
  readonly scopes: readonly string[];
  /** SHA-256 of the token, in hex; the token itself is nowhere. */
  readonly tokenHash: string;
  readonly createdAt: Date;
  readonly revokedAt?: Date | undefined;
}

interface Row {
  readonly clientId: string;
  readonly scopes: Set<string>;
  readonly createdAt: number;
  readonly revokedAt?: number;
}

const PREFIX = 'client#';
/** The partition of the index of pairs in which clients are listed. */
const LISTED = 'clients';
const PAGE = 100;

export type ClientRegistry = ReturnType<typeof makeClientRegistry>;

/** The API clients for those who hand out their tokens. Functions only look one up (`clients.ts`). */
export function makeClientRegistry(table: Table) {
  return {
    /** All of them, revoked ones too, the newest first; a moment late, since it asks an index. */
    async list(): Promise<readonly RegisteredClient[]> {
      const found: RegisteredClient[] = [];
      let before: string | undefined;
      do {
        const keys = await table.listed(LISTED, { limit: PAGE, before });
        const items = await table.getMany(keys.map(({ pk }) => pk));
        found.push(...items.flatMap((item) => (item ? [clientOf(item)] : [])));
        before = keys.length === PAGE ? keys.at(-1)?.stage : undefined;
      } while (before !== undefined);
      return found;
    },
    /** False if there is such a token already. */
    async add(client: RegisteredClient): Promise<boolean> {
      return (await table.create(clientItem(client))).done;
    },
    /** From now on, or since it was first said. False if there is no such token. */
    async revoke(tokenHash: string, at: Date): Promise<boolean> {
      const change = {
        update: '',
        set: 'revokedAt = if_not_exists(revokedAt, :at)',
        condition: 'attribute_exists(pk)',
        values: { ':at': at.getTime() },
      };
      return (await table.update(PREFIX + tokenHash, change)).done;
    },
  };
}

/** How it lies in the table. */
export function clientItem(client: RegisteredClient): Item {
  const createdAt = client.createdAt.getTime();
  return {
    pk: PREFIX + client.tokenHash,
    clientId: client.clientId,
    scopes: new Set(client.scopes),
    createdAt,
    revokedAt: client.revokedAt?.getTime(),
    pair: LISTED,
    stage: `${String(createdAt).padStart(15, '0')}#${client.tokenHash}`,
  };
}

function clientOf(item: Item): RegisteredClient {
  const { pk, clientId, scopes, createdAt, revokedAt } = item as Item & Row;
  return {
    clientId,
    scopes: [...scopes],
    tokenHash: pk.slice(PREFIX.length),
    createdAt: new Date(createdAt),
    revokedAt: revokedAt === undefined ? undefined : new Date(revokedAt),
  };
}
