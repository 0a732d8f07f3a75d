import type { Item, Table } from './dynamo-table.ts';
import type { Stored, Versioned, Written } from './ports.ts';

/** How one kind of value is stored (`dynamo-codec.ts`). */
export interface Codec<Key, T> {
  pkOf(key: Key): string;
  keyOf(value: T): Key;
  /** Everything but the key. */
  toItem(value: T): Record<string, unknown>;
  fromItem(item: Item): T;
}

/** A store of one kind of value in the table. */
export function makeVersioned<Key, T>(table: Table, codec: Codec<Key, T>) {
  const item = (value: T): Item => ({ ...codec.toItem(value), pk: codec.pkOf(codec.keyOf(value)) });
  const read = (stored: Stored<Item>): Stored<T> => ({
    value: codec.fromItem(stored.value),
    revision: stored.revision,
  });
  const written = (result: Written<Item>): Written<T> =>
    result.done
      ? { done: true, stored: read(result.stored) }
      : { done: false, stored: result.stored && read(result.stored) };

  return {
    async get(key: Key): Promise<Stored<T> | undefined> {
      const stored = await table.get(codec.pkOf(key));
      return stored && read(stored);
    },
    async create(value: T): Promise<Written<T>> {
      return written(await table.create(item(value)));
    },
    async replace({ revision }: Stored<T>, value: T): Promise<Written<T>> {
      return written(await table.replace(item(value), revision));
    },
    remove({ value, revision }: Stored<T>): Promise<boolean> {
      return table.remove(codec.pkOf(codec.keyOf(value)), revision);
    },
  } satisfies Versioned<Key, T> & { remove(stored: Stored<T>): Promise<boolean> };
}
