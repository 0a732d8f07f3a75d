/** Lambda's poller of a queue, before workers in processes of their own. */
import { setTimeout as delay } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { failedItems } from '../../local/batch-answer.ts';
import { startQueueSource } from '../../local/queue-source.ts';
import { createRandom } from '../../local/random.ts';
import { readStack } from '../../local/stack.ts';
import { isLookup } from '../../src/lib/callbacks/callback-records.ts';
import type { SqsProcess } from './sqs.ts';
import { createWorkerPool, type PoolWorker } from './worker-pool.ts';

export type QueuePumpOptions = {
  sqs: SqsProcess;
  /** Read at every batch: push the successor of a worker that was killed. */
  workers: PoolWorker[];
  /** Default DeliveryQueue. Its function, batch size and concurrency are those of serverless.yml. */
  queueName?: string;
  /** With this probability a message is delivered a second time, up to `duplicateWithinMs` (200) later. */
  duplicates?: number;
  duplicateWithinMs?: number;
  seed?: number;
  /** How many batches may be under way. Default: the mapping's maximum concurrency. */
  environments?: number;
  /** How long a worker may take for a batch. Default: the function's time. */
  timeoutMs?: number;
  /** Called with the messages that a batch has handled. */
  onHandled?: (records: SQSRecord[]) => void;
};

export type QueuePump = {
  /** Stops polling; what is in flight goes on unwatched. */
  close: () => Promise<void>;
  /** How often so far: messages delivered, lookups of unmatched statuses apart, those of them delivered twice, batches that failed as a whole. */
  counts: () => { delivered: number; duplicated: number; failedBatches: number };
  /** Is nothing ready or in flight? There may be delayed messages. */
  isIdle: () => Promise<boolean>;
  /**
   * Resolves once the queue has nothing: nothing ready, delayed or in flight. The watch of a lease that still runs, or
   * an unmatched status between lookups, is nothing to do. Rejects after `ms` (100 000).
   */
  drained: (ms?: number) => Promise<void>;
};

const LOOK_AGAIN_MS = 50;

/** A record that comes only if something else didn't. */
const isForLater = (body: string): boolean => body.startsWith('{"watch":') || isLookup(body);

const mappingOf = (queueName: string) => {
  const stack = readStack();
  const mapping = stack.queues.find((queue) => queue.queueName === queueName);
  const definition = stack.functions[mapping?.functionName ?? ''];
  if (!mapping || !definition) throw new Error(`no function of serverless.yml takes from ${queueName}`);
  return { mapping, timeoutMs: definition.timeoutMs };
};

/**
 * Starts polling. A batch whose worker died, or answered that messages failed, comes back by SQS's visibility
 * timeout: give `spawnSqs` one that is short, but longer than a batch takes, or the batch comes back under way.
 */
export const startQueuePump = (options: QueuePumpOptions): QueuePump => {
  const { sqs, duplicates = 0, duplicateWithinMs = 200 } = options;
  const { mapping, timeoutMs } = mappingOf(options.queueName ?? 'DeliveryQueue');
  const pool = createWorkerPool(options.workers, options.timeoutMs ?? timeoutMs);
  const random = createRandom(options.seed ?? 1);
  const counts = { delivered: 0, duplicated: 0, failedBatches: 0 };
  const repeating = new Set<Promise<unknown>>();

  const repeat = async (records: SQSRecord[], afterMs: number): Promise<void> => {
    await delay(afterMs);
    // SQS deletes a message for good once one of its deliveries was: the answer to this one counts for nothing.
    await pool.invoke({ Records: records }).catch(() => {});
  };

  const invoke = async ({ Records: records }: SQSEvent): Promise<unknown> => {
    const twice = records.filter(() => random() < duplicates);
    counts.delivered += records.filter(({ body }) => !isLookup(body)).length;
    counts.duplicated += twice.length;
    if (twice.length > 0) {
      const repetition = repeat(twice, random() * duplicateWithinMs).finally(() =>
        repeating.delete(repetition),
      );
      repeating.add(repetition);
    }
    const answer = await pool.invoke({ Records: records });
    const ids = records.map(({ messageId }) => messageId);
    const failed = failedItems(answer, ids);
    options.onHandled?.(records.filter(({ messageId }) => !failed.has(messageId)));
    return answer;
  };

  const { functionName: _, ...rest } = mapping;
  const source = startQueueSource({
    ...rest,
    ...(options.environments === undefined ? {} : { maximumConcurrency: options.environments }),
    queueUrl: sqs.queueUrl(mapping.queueName),
    // The queue outlives the pump.
    waitSeconds: 0,
    invoke,
    onError: () => {
      counts.failedBatches += 1;
    },
  });

  const isIdle = async (): Promise<boolean> => {
    const { ready, inFlight } = await sqs.counts(mapping.queueName);
    return ready + inFlight + repeating.size === 0;
  };
  const isEmpty = async (): Promise<boolean> => {
    if (!(await isIdle())) return false;
    const { delayed } = await sqs.counts(mapping.queueName);
    return delayed === 0 || (await sqs.bodies(mapping.queueName)).every(isForLater);
  };

  return {
    close: source.close,
    counts: () => ({ ...counts }),
    isIdle,
    drained: async (ms = 100_000) => {
      const end = performance.now() + ms;
      while (!(await isEmpty())) {
        if (performance.now() > end) throw new Error(`not drained: ${await sqs.bodies(mapping.queueName)}`);
        await delay(LOOK_AGAIN_MS);
      }
    },
  };
};
