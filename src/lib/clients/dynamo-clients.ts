import { itemCodec, prefixed, record } from '../platform/dynamo-codec.ts';
import { instant, plain, stringSet } from '../platform/dynamo-fields.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { ClientStore, Namespace, RegisteredClient } from './ports.ts';

/** The partition of the index of pairs that lists clients. */
export const LISTED_CLIENTS = 'clients';

export const clientCodec = itemCodec<RegisteredClient, 'tokenHash'>({
  key: 'tokenHash',
  ...prefixed<string>('client#'),
  fields: {
    clientId: plain,
    scopes: stringSet,
    // A list, and no set: DynamoDB has no empty set, and a missing attribute allows every number.
    numbers: plain,
    namespace: record<Namespace>({ name: plain, key: plain }),
    createdAt: instant,
    revokedAt: instant,
  },
  derived: {
    pair: () => LISTED_CLIENTS,
    stage: ({ createdAt, tokenHash }) => `${String(createdAt.getTime()).padStart(15, '0')}#${tokenHash}`,
  },
});

export function makeClientStore(table: Table): ClientStore {
  return {
    async byTokenHash(hash) {
      const stored = await table.get(clientCodec.pkOf(hash));
      if (!stored) return undefined;
      const { clientId, scopes, namespace, numbers, revokedAt } = clientCodec.fromItem(stored.value);
      // A revoked client stays in the table as a record.
      return revokedAt === undefined ? { clientId, scopes, namespace, numbers } : undefined;
    },
  };
}
