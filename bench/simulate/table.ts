/**
 * DynamoDB's write units: of the table, spread over partitions by the hash of the key, and of single keys, which are
 * never split. Burst capacity and the growth of a table under load are left out: both come late and are not promised.
 */
import { type Bucket, makeBucket, retrying } from './bucket.ts';
import type { Engine } from './engine.ts';

/** Write units a second of one partition, and so of one key. */
export const PARTITION_WRITES = 1_000;
/** Of a new table on demand. */
export const NEW_TABLE_WRITES = 4_000;
/** The SDK's attempts, and its first pause after a throttled one. */
const TRIES = 3;
const PAUSE_MS = 100;

export const partitionsOf = (tableWrites: number): number =>
  Math.max(NEW_TABLE_WRITES / PARTITION_WRITES, Math.ceil(tableWrites / PARTITION_WRITES));

export type Table = ReturnType<typeof makeTable>;

export function makeTable(engine: Engine, { tableWrites }: { readonly tableWrites: number }) {
  const count = partitionsOf(tableWrites);
  const partitions = Array.from({ length: count }, () => makeBucket(engine, tableWrites / count));
  const keys = new Map<string, Bucket>();
  let throttled = 0;

  const anyPartition = (): Bucket | undefined => partitions[Math.floor(engine.random() * count)];
  function bucketOf(key: string): Bucket {
    const known = keys.get(key) ?? makeBucket(engine, PARTITION_WRITES);
    keys.set(key, known);
    return known;
  }
  const counted = (isTaken: boolean): boolean => {
    if (!isTaken) throttled += 1;
    return isTaken;
  };

  return {
    /** Writes an item of its own key, with the SDK's retries. False: throttled each time. */
    write(end: (done: boolean) => void, units = 1): void {
      const partition = anyPartition();
      const take = () => counted(partition?.take(units) ?? false);
      retrying(engine, { take, tries: TRIES, pauseMs: PAUSE_MS }, end);
    },
    /** The same for an item, or an index entry, of a key that many share. */
    writeKey(key: string, end: (done: boolean) => void, units = 1): void {
      const take = () => counted(bucketOf(key).take(units));
      retrying(engine, { take, tries: TRIES, pauseMs: PAUSE_MS }, end);
    },
    throttled: () => throttled,
  };
}
