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
    // Lists, and no sets: DynamoDB has no empty set, and a missing attribute allows all.
    numbers: plain,
    recipientSources: plain,
    sources: plain,
    namespace: record<Namespace>({ name: plain, key: plain }),
    createdAt: instant,
    revokedAt: instant,
    // Not `expires`: that is TTL's. An expired token stays in the table as a record, as a revoked one does.
    expiresAt: instant,
    lastUsedOn: plain,
  },
  derived: {
    pair: () => LISTED_CLIENTS,
    stage: ({ createdAt, tokenHash }) => `${String(createdAt.getTime()).padStart(15, '0')}#${tokenHash}`,
  },
});

export function makeClientStore(table: Table): ClientStore {
  const own = table.owning('client#');

  return {
    async byTokenHash(hash) {
      const stored = await table.get(clientCodec.pkOf(hash));
      return stored && clientCodec.fromItem(stored.value);
    },
    async noteUse(hash, day) {
      await own.update(clientCodec.pkOf(hash), {
        update: '',
        set: 'lastUsedOn = :day',
        condition: 'attribute_exists(pk) AND (attribute_not_exists(lastUsedOn) OR lastUsedOn < :day)',
        values: { ':day': day },
      });
    },
  };
}
