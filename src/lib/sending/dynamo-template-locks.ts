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
  const locks = makeVersioned<string, TemplateLock>(table, {
    pkOf: (key) => PREFIX + key,
    keyOf: ({ key }) => key,
    toItem: ({ holder, at, until }) => ({
      holder,
      at: at.getTime(),
      expires: Math.ceil(until.getTime() / 1000),
    }),
    fromItem: (item) => {
      const { pk, holder, at, expires } = item as Item & Row;
      return { key: pk.slice(PREFIX.length), holder, at: new Date(at), until: new Date(expires * 1000) };
    },
  });
  return { ...locks, drop: (key) => table.drop(PREFIX + key) };
}
