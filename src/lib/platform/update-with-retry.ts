import { AppError } from './errors.ts';
import type { Stored, Versioned } from './ports.ts';

const TRIES = 12;

/**
 * Applies a pure change to a stored value with compare-and-set: compute the change and write it. After a
 * conflict, repeat with what is stored now, up to 12 times. `change` returns the same object if there is
 * nothing to write.
 *
 * Returns what is stored in the end; undefined if it is gone. Throws `store-unavailable` after too many
 * conflicts.
 */
export async function updateWithRetry<Key, T>(
  store: Versioned<Key, T>,
  stored: Stored<T> | undefined,
  change: (value: T) => T,
): Promise<Stored<T> | undefined> {
  let current = stored;
  for (let tries = 0; tries < TRIES && current; tries += 1) {
    const next = change(current.value);
    if (next === current.value) return current;
    const written = await store.replace(current, next);
    if (written.done) return written.stored;
    current = written.stored;
  }
  if (current)
    throw new AppError(
      'store-unavailable',
      'Too many concurrent updates. Repeat the request in a few seconds.',
      { retryAfter: 1 },
    );
  return undefined;
}

/** Like `updateWithRetry`, but starts from `fresh` if nothing is stored under the key. */
export async function updateOrCreate<Key, T>(
  store: Versioned<Key, T>,
  key: Key,
  fresh: T,
  change: (value: T) => T,
): Promise<T> {
  return updateFoundOrCreate(store, { found: await store.get(key), fresh }, change);
}

/** The same, with what a read of the key has found. */
export async function updateFoundOrCreate<Key, T>(
  store: Versioned<Key, T>,
  { found, fresh }: { readonly found: Stored<T> | undefined; readonly fresh: T },
  change: (value: T) => T,
): Promise<T> {
  const first = change(fresh);
  if (!found && first === fresh) return fresh;
  const written = found ? undefined : await store.create(first);
  if (written?.done) return written.stored.value;
  return (await updateWithRetry(store, found ?? written?.stored, change))?.value ?? first;
}
