/** Lambda's poller of the table's stream, before publishers in processes of their own. */
import { setTimeout as delay } from 'node:timers/promises';
import type { ReadStream } from '../../local/aws/stream.ts';
import { createRandom } from '../../local/random.ts';
import { readStack } from '../../local/stack.ts';
import { type GivenUp, type StreamSourceOptions, startStreamSource } from '../../local/stream-source.ts';
import type { AwsProcess } from './aws.ts';
import { createWorkerPool, type PoolWorker } from './worker-pool.ts';

export type StreamPumpOptions = {
  aws: AwsProcess;
  /** Read at every batch: push the successor of a publisher that was killed. */
  workers: PoolWorker[];
  /** Default `publisher`, the function whose mapping is that of serverless.yml. */
  functionName?: string;
  /** With this probability a batch is processed a second time, right after it was done. */
  duplicates?: number;
  seed?: number;
  /** How long a worker may take for a batch. Default: the function's time. */
  timeoutMs?: number;
  /** Instead of serverless.yml's; the first pause before a retry is 20 ms. */
  settings?: Partial<
    Pick<
      StreamSourceOptions,
      | 'batchSize'
      | 'parallelizationFactor'
      | 'maximumRetryAttempts'
      | 'maximumRecordAgeInSeconds'
      | 'backoffMs'
    >
  >;
};

export type StreamPump = {
  close: () => Promise<void>;
  /** What was given up after the last retry. */
  failures: () => GivenUp[];
  /** Resolves once every record that is in the stream by then is published or given up. Rejects after `ms` (60 000). */
  caughtUp: (ms?: number) => Promise<void>;
};

const LOOK_AGAIN_MS = 50;
const WAIT_MS = 1000;

const mappingOf = (functionName: string) => {
  const stack = readStack();
  const mapping = stack.streams.find((stream) => stream.functionName === functionName);
  const definition = stack.functions[functionName];
  if (!mapping || !definition) throw new Error(`no stream of serverless.yml feeds ${functionName}`);
  return { mapping, timeoutMs: definition.timeoutMs };
};

/** Starts at the stream's oldest record. A batch whose worker died is tried again by the next one that lives. */
export const startStreamPump = (options: StreamPumpOptions): StreamPump => {
  const { aws, duplicates = 0, settings = {} } = options;
  const { mapping, timeoutMs } = mappingOf(options.functionName ?? 'publisher');
  const pool = createWorkerPool(options.workers, options.timeoutMs ?? timeoutMs);
  const random = createRandom(options.seed ?? 1);
  const failures: GivenUp[] = [];

  // Waits are short: the other process cannot be told that nobody waits any more.
  const read: ReadStream = ({ after, limit }) => aws.stream({ after, limit, waitMs: WAIT_MS });

  const invoke: StreamSourceOptions['invoke'] = async (event) => {
    const answer = await pool.invoke(event);
    return random() < duplicates ? pool.invoke(event) : answer;
  };

  const source = startStreamSource({
    ...mapping,
    backoffMs: 20,
    ...settings,
    read,
    invoke,
    onGivenUp: (givenUp) => {
      failures.push(givenUp);
    },
  });

  return {
    close: source.close,
    failures: () => [...failures],
    caughtUp: async (ms = 60_000) => {
      const end = performance.now() + ms;
      while ((await aws.stream({ after: source.position(), limit: 1 })).length > 0) {
        if (performance.now() > end) throw new Error(`not caught up: at ${source.position()}`);
        await delay(LOOK_AGAIN_MS);
      }
    },
  };
};
