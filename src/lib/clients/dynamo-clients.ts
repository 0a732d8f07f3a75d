import type { Item, Table } from '../platform/dynamo-table.ts';
import type { ClientStore } from './ports.ts';

interface Row {
  readonly clientId: string;
  readonly scopes: Set<string>;
  /** Epoch ms; a revoked client stays in the table for the record. */
  readonly revokedAt?: number;
}

export function makeClientStore(table: Table): ClientStore {
  return {
    async byTokenHash(hash) {
      const stored = await table.get(`client#${hash}`);
      if (!stored) return undefined;
      const { clientId, scopes, revokedAt } = stored.value as Item & Row;
      return revokedAt === undefined ? { clientId, scopes: [...scopes] } : undefined;
    },
  };
}
