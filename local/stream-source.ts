/** An event source mapping from a table's stream to a function: what Lambda's pollers do. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadStream, StreamRecord } from './aws-stream.ts';
import { failedItems } from './batch-answer.ts';

export type GivenUp = { records: StreamRecord[]; attempts: number; error: unknown };

export type StreamSourceOptions = {
  read: ReadStream;
  /** Calls the function; its answer names what failed, a rejection fails the batch. */
  invoke: (event: { Records: StreamRecord[] }) => Promise<unknown>;
  batchSize: number;
  /** How many batches may be in flight: as on AWS, all records of one item are in the same lane. */
  parallelizationFactor: number;
  maximumRetryAttempts: number;
  maximumRecordAgeInSeconds: number;
  bisectBatchOnFunctionError: boolean;
  /** The first pause before a retry; each is twice as long as the one before, up to ten seconds. Default 200. */
  backoffMs?: number;
  /** What was tried for the last time, in the order of the stream. The records after it go on. */
  onGivenUp: (givenUp: GivenUp) => void | Promise<void>;
};

export type StreamSource = {
  close: () => Promise<void>;
  /** The SequenceNumber up to which everything is published or given up; `undefined` before the first. */
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

/** Publishes one batch until it is done, given up, or `signal` says stop. */
const createDelivery = (options: StreamSourceOptions, signal: AbortSignal) => {
  const { invoke, onGivenUp, backoffMs = 200, maximumRetryAttempts, maximumRecordAgeInSeconds } = options;

  /** What is still to be done: from the first record that failed on, as AWS reads a partial failure. */
  const attempt = async (batch: StreamRecord[]): Promise<Attempt> => {
    try {
      const failed = failedItems(await invoke({ Records: batch }), batch.map(sequenceOf));
      const first = batch.findIndex((record) => failed.has(sequenceOf(record)));
      const rest = first < 0 ? [] : batch.slice(first);
      return { rest, error: 'reported as failed', nextSize: rest.length };
    } catch (error) {
      // Halves, so that in the end a poisonous record is alone and takes no others along.
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

/** Reads from the oldest record on, until `close`, which waits for no invocation. */
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
