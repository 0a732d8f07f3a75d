/** An event source mapping from a queue to a function, as Lambda's pollers work. */
import { setTimeout as delay } from 'node:timers/promises';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { queueArn } from './aws/queues.ts';
import { callSqs, type SqsMessage } from './aws/sqs-call.ts';
import { failedItems } from './batch-answer.ts';
import { REGION } from './lambda.ts';

export type QueueSourceOptions = {
  queueUrl: string;
  /** The queue's logical id. */
  queueName: string;
  batchSize: number;
  /** How many batches may be in flight. */
  maximumConcurrency: number;
  /**
   * How long a poll waits for messages; with 0, it polls every 25 ms. Default 20. fauxqs doesn't notice an aborted
   * poll and still gives it messages, so use 0 if you stop polling a queue that lives on.
   */
  waitSeconds?: number;
  /** Calls the function. Its response names what failed; a rejection fails the whole batch. */
  invoke: (event: SQSEvent) => Promise<unknown>;
  /** Called if a whole batch failed or the queue didn't respond. Default: prints to the console. */
  onError?: (error: unknown) => void;
};

export type QueueSource = { close: () => Promise<void> };

const AFTER_ERROR_MS = 250;
const LOOK_AGAIN_MS = 25;

const recordOf = (message: SqsMessage, queueName: string): SQSRecord => ({
  messageId: message.MessageId,
  receiptHandle: message.ReceiptHandle,
  body: message.Body,
  attributes: message.Attributes,
  messageAttributes: {},
  md5OfBody: message.MD5OfBody,
  eventSource: 'aws:sqs',
  eventSourceARN: queueArn(queueName),
  awsRegion: REGION,
});

/**
 * Polls until `close`, which aborts the poll, doesn't wait for batches in flight, and deletes nothing more.
 * Failed messages stay in the queue and reappear after their visibility timeout.
 */
export const startQueueSource = (options: QueueSourceOptions): QueueSource => {
  const { queueUrl, queueName, batchSize, maximumConcurrency, invoke } = options;
  const { waitSeconds = 20, onError = console.error } = options;
  const closed = new AbortController();
  const { signal } = closed;
  const aborted = new Promise<void>((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
  const inFlight = new Set<Promise<void>>();

  const receive = async (): Promise<SQSRecord[]> => {
    const input = {
      QueueUrl: queueUrl,
      MaxNumberOfMessages: batchSize,
      WaitTimeSeconds: waitSeconds,
      MessageSystemAttributeNames: ['All'],
    };
    const { Messages: messages = [] } = await callSqs('ReceiveMessage', input, signal);
    return messages.map((message) => recordOf(message, queueName));
  };

  const remove = async (done: SQSRecord[]): Promise<void> => {
    if (done.length === 0 || signal.aborted) return;
    const Entries = done.map(({ receiptHandle }, n) => ({ Id: String(n), ReceiptHandle: receiptHandle }));
    await callSqs('DeleteMessageBatch', { QueueUrl: queueUrl, Entries }, signal);
  };

  const work = async (records: SQSRecord[]): Promise<void> => {
    try {
      const answer = await invoke({ Records: records });
      const failed = failedItems(
        answer,
        records.map(({ messageId }) => messageId),
      );
      await remove(records.filter(({ messageId }) => !failed.has(messageId)));
    } catch (error) {
      if (!signal.aborted) onError(error);
    }
  };

  const start = (records: SQSRecord[]): void => {
    const batch = work(records).finally(() => inFlight.delete(batch));
    inFlight.add(batch);
  };

  const pause = (ms: number) => delay(ms, undefined, { signal }).catch(() => {});

  const poll = async (): Promise<void> => {
    while (!signal.aborted) {
      try {
        const records = await receive();
        if (records.length > 0) start(records);
        else if (waitSeconds === 0) await pause(LOOK_AGAIN_MS);
        if (inFlight.size >= maximumConcurrency) await Promise.race([aborted, ...inFlight]);
      } catch (error) {
        if (signal.aborted) return;
        onError(error);
        await pause(AFTER_ERROR_MS);
      }
    }
  };

  const polling = poll();
  return {
    close: () => {
      closed.abort();
      return polling;
    },
  };
};
