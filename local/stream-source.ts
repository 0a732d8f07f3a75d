/** An event source mapping from a table's stream to a function, as Lambda's pollers work. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadStream, StreamRecord } from './aws/stream.ts';
import { failedItems } from './batch-answer.ts';

export type GivenUp = { records: StreamRecord[]; attempts: number; error: unknown };

export type StreamSourceOptions = {
  read: ReadStream;
  /** Calls the function. Its response names what failed; a rejection fails the whole batch. */
  invoke: (event: { Records: StreamRecord[] }) => Promise<unknown>;
  batchSize: number;
  /** How many batches may be in flight. As on AWS, all records of one item are in the same lane. */
  parallelizationFactor: number;
  maximumRetryAttempts: number;
  maximumRecordAgeInSeconds: number;
  bisectBatchOnFunctionError: boolean;
  /** The pause before the first retry. It doubles with each retry, up to ten seconds. Default 200. */
  backoffMs?: number;
  /** Called with records after their last try, in stream order. Later records continue. */
  onGivenUp: (givenUp: GivenUp) => void | Promise<void>;
};

export type StreamSource = {
  close: () => Promise<void>;
  /** Everything up to this SequenceNumber is published or given up; `undefined` before the first. */
  position: () => string | undefined;
};

type Attempt = { rest: StreamRecord[]; error: unknown; nextSize: number };

const LONGEST_BACKOFF_MS = 10_000;
const READ_LIMIT = 1000;
const WAIT_MS = 20_000;

const sequenceOf = ({ dynamodb }: StreamRecord): string => dynamodb.SequenceNumber;

const laneOf = ({ dynamodb }: StreamRecord, lanes: number): number => {
  let hash = 0;
  for (const byte of Buffer.from(JSON.stringify(dynamodb.Keys))) hash = (hash * 31 + byte) >>> 0;
  return hash % lanes;
};

const chunksOf = <Value>(values: Value[], size: number): Value[][] =>
  Array.from({ length: Math.ceil(values.length / size) }, (_, n) => values.slice(n * size, (n + 1) * size));

const isTooOld = ({ dynamodb }: StreamRecord, maximumSeconds: number): boolean =>
  Date.now() / 1000 - dynamodb.ApproximateCreationDateTime > maximumSeconds;

/** Delivers one batch until it is done or given up, or until `signal` aborts. */
const createDelivery = (options: StreamSourceOptions, signal: AbortSignal) => {
  const { invoke, onGivenUp, backoffMs = 200, maximumRetryAttempts, maximumRecordAgeInSeconds } = options;

  /** Returns the rest of the batch, from the first failed record on, as AWS handles a partial failure. */
  const attempt = async (batch: StreamRecord[]): Promise<Attempt> => {
    try {
      const failed = failedItems(await invoke({ Records: batch }), batch.map(sequenceOf));
      const first = batch.findIndex((record) => failed.has(sequenceOf(record)));
      const rest = first < 0 ? [] : batch.slice(first);
      return { rest, error: 'reported as failed', nextSize: rest.length };
    } catch (error) {
      // Halve the batch, so that a poisonous record ends up alone and doesn't take others with it.
      const half = Math.ceil(batch.length / 2);
      return { rest: batch, error, nextSize: options.bisectBatchOnFunctionError ? half : batch.length };
    }
  };

  const deliver = async (batch: StreamRecord[], attempts = 0): Promise<void> => {
    const [first] = batch;
    if (!first || signal.aborted) return;
    const { rest, error, nextSize } = await attempt(batch);
    const [stuck] = rest;
    if (!stuck || signal.aborted) return;
    const tried = stuck === first ? attempts + 1 : 1;
    if (tried > maximumRetryAttempts || isTooOld(stuck, maximumRecordAgeInSeconds)) {
      return onGivenUp({ records: rest, attempts: tried, error });
    }
    const pause = Math.min(LONGEST_BACKOFF_MS, backoffMs * 2 ** (tried - 1));
    await delay(pause, undefined, { signal }).catch(() => {});
    await deliver(rest.slice(0, nextSize), tried);
    await deliver(rest.slice(nextSize));
  };

  return deliver;
};

/** Reads from the oldest record on until `close`, which doesn't wait for invocations. */
export const startStreamSource = (options: StreamSourceOptions): StreamSource => {
  const { read, batchSize, parallelizationFactor: lanes } = options;
  const closed = new AbortController();
  const { signal } = closed;
  const deliver = createDelivery(options, signal);
  const positions: (string | undefined)[] = Array.from({ length: lanes }, () => undefined);

  const step = async (lane: number): Promise<void> => {
    const records = await read({ after: positions[lane], limit: READ_LIMIT, waitMs: WAIT_MS, signal });
    const own = records.filter((record) => laneOf(record, lanes) === lane);
    for (const batch of chunksOf(own, batchSize)) await deliver(batch);
    const last = records.at(-1);
    if (last && !signal.aborted) positions[lane] = sequenceOf(last);
  };

  const run = async (lane: number): Promise<void> => {
    while (!signal.aborted) {
      try {
        await step(lane);
      } catch (error) {
        if (signal.aborted) return;
        console.error('stream:', error);
        await delay(1000, undefined, { signal }).catch(() => {});
      }
    }
  };

  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const running = Promise.all(positions.map((_, lane) => Promise.race([run(lane), aborted])));
  return {
    close: async () => {
      closed.abort();
      await running;
    },
    position: () => {
      const known = positions.filter((position) => position !== undefined);
      return known.length < lanes ? undefined : known.sort()[0];
    },
  };
};
