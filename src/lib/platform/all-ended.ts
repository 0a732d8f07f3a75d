import pMap, { type Options } from 'p-map';

/*
 * `Promise.all` and p-map reject at the first fault and leave the rest running. Lambda freezes it with the answer, and
 * it would go on in a later invocation. These wait for what has begun, and reject then.
 */

/** `Promise.all`, but it rejects only when every promise has ended. */
export async function allEnded<const T extends readonly unknown[]>(
  promises: T,
): Promise<{ -readonly [K in keyof T]: Awaited<T[K]> }> {
  await Promise.allSettled(promises);
  return Promise.all(promises);
}

/** p-map, but it rejects only when every call that has begun has ended. After a fault it begins no more. */
export async function mapEnded<T, R>(
  items: Iterable<T> | AsyncIterable<T>,
  map: (item: T) => Promise<R>,
  options: Pick<Options, 'concurrency'>,
): Promise<R[]> {
  const running = new Set<Promise<R>>();
  const one = (item: T): Promise<R> => {
    const call = map(item);
    running.add(call);
    const over = () => void running.delete(call);
    call.then(over, over);
    return call;
  };
  try {
    return (await pMap(items, one, options)) as R[];
  } finally {
    await Promise.allSettled(running);
  }
}
