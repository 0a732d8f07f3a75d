/** Conditional storage as the table provides it: `create`, `replace` and `remove` of port `Versioned`. */
import type { Clock, Stored, Versioned, Written } from '../../../src/lib/platform/ports.ts';
import type { Link } from './link.ts';

/** How one kind of item is stored. */
export interface Kind<Key, T> {
  idOf(key: Key): string;
  keyOf(value: T): Key;
  /** Epoch seconds, as in the table, from which the item is gone. Undefined: never. */
  expiresOf(value: T): number | undefined;
  /** The value as a reader gets it. Never the same object. */
  copy(value: T): T;
}

/** Sees each write when it is applied; `after` is undefined for a removal. */
export type Watcher<T> = (write: { before: T | undefined; after: T | undefined; by: Link }) => void;

export function makeShelf<Key, T>(kind: Kind<Key, T>, clock: Clock) {
  const cells = new Map<string, { value: T; revision: string }>();
  const watchers: Watcher<T>[] = [];
  let writes = 0;

  const nextRevision = () => {
    writes += 1;
    return `revision-${writes}`;
  };
  const isOver = (value: T) => (kind.expiresOf(value) ?? Infinity) * 1000 <= clock.now().getTime();

  function read(id: string): Stored<T> | undefined {
    const cell = cells.get(id);
    return cell && !isOver(cell.value)
      ? { value: kind.copy(cell.value), revision: cell.revision }
      : undefined;
  }

  function watched(by: Link, before: T | undefined, after: T | undefined): void {
    for (const watch of watchers) watch({ before, after, by });
  }

  function view(
    link: Link,
  ): Versioned<Key, T> & { remove(stored: Stored<T>): Promise<boolean>; drop(key: Key): Promise<void> } {
    /** One write. A repeat recognizes by the revision that it was applied before. */
    function put(
      value: T,
      revision: string,
      condition: (there: { value: T; revision: string } | undefined) => boolean,
    ): Written<T> {
      const id = kind.idOf(kind.keyOf(value));
      const there = cells.get(id);
      if (condition(there)) {
        cells.set(id, { value: kind.copy(value), revision });
        watched(link, there?.value, value);
        return { done: true, stored: { value: kind.copy(value), revision } };
      }
      const beaten = read(id);
      return beaten?.revision === revision ? { done: true, stored: beaten } : { done: false, stored: beaten };
    }

    return {
      get: (key) => link('get', () => read(kind.idOf(key))),
      create: (value) => {
        const revision = nextRevision();
        return link('create', () => put(value, revision, (there) => !there || isOver(there.value)));
      },
      replace: (stored, value) => {
        const revision = nextRevision();
        return link('replace', () => put(value, revision, (there) => there?.revision === stored.revision));
      },
      remove: (stored) =>
        link('remove', () => {
          const id = kind.idOf(kind.keyOf(stored.value));
          const there = cells.get(id);
          if (there?.revision !== stored.revision) return read(id) === undefined;
          cells.delete(id);
          watched(link, there.value, undefined);
          return true;
        }),
      drop: (key) =>
        link('drop', () => {
          const there = cells.get(kind.idOf(key));
          cells.delete(kind.idOf(key));
          if (there) watched(link, there.value, undefined);
        }),
    };
  }

  return {
    view,
    /** Everything that is stored, expired or not. */
    all: (): readonly T[] => [...cells.values()].map(({ value }) => kind.copy(value)),
    watch: (watcher: Watcher<T>) => {
      watchers.push(watcher);
    },
  };
}
