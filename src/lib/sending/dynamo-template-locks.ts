import { makeVersioned } from '../platform/dynamo-store.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import type { TemplateLock, TemplateLockStore } from './ports.ts';

interface Row {
  readonly holder: TemplateLock['holder'];
  readonly at: number;
  readonly expires: number;
}

const PREFIX = 'invitation#';

export function makeTemplateLockStore(table: Table): TemplateLockStore {
  const slots = makeVersioned<string, TemplateLock>(table, {
    pkOf: (slot) => PREFIX + slot,
    keyOf: ({ slot }) => slot,
    toItem: ({ holder, at, until }) => ({
      holder,
      at: at.getTime(),
      expires: Math.ceil(until.getTime() / 1000),
    }),
    fromItem: (item) => {
      const { pk, holder, at, expires } = item as Item & Row;
      return { slot: pk.slice(PREFIX.length), holder, at: new Date(at), until: new Date(expires * 1000) };
    },
  });
  return { ...slots, drop: (slot) => table.drop(PREFIX + slot) };
}
