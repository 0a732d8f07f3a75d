import { AppError } from './errors.ts';
import type { Stored, Versioned } from './ports.ts';

const TRIES = 12;

/**
 * Applies a pure change to a stored thing: decide on what is stored, write it if it still is what was read,
 * else decide again on what is stored now. `change` gives the same object back where there is nothing to write.
 * Returns what is stored in the end; undefined if it is gone.
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
  if (current) throw new AppError('store-unavailable', 'too many writers at once', { retryAfter: 1 });
  return undefined;
}

/** The same for a thing that may not be there yet: then `fresh` is what the change starts from. */
export async function updateOrCreate<Key, T>(
  store: Versioned<Key, T>,
  key: Key,
  fresh: T,
  change: (value: T) => T,
): Promise<T> {
  const first = change(fresh);
  const found = await store.get(key);
  if (!found && first === fresh) return fresh;
  const written = found ? undefined : await store.create(first);
  if (written?.done) return written.stored.value;
  return (await updateWithRetry(store, found ?? written?.stored, change))?.value ?? first;
}
