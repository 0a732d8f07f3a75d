/** SQS and S3 in a process of its own, with the queues and the bucket of infra/. */
import { queueUrl } from '../../local/aws/queues.ts';
import { callSqs } from '../../local/aws/sqs-call.ts';
import { readStack } from '../../local/stack.ts';
import { type Child, lineAfter, spawnChild, whenReady } from './children.ts';
import { callJson } from './json-http.ts';

type QueueCounts = { ready: number; delayed: number; inFlight: number };

export type SqsProcess = Child & {
  url: string;
  bucketName: string;
  /** By the queue's logical id. Default DeliveryQueue, here and below. */
  queueUrl: (queueName?: string) => string;
  /** Puts a message into a queue: JSON, unless it is a string. */
  send: (body: unknown, options?: { queueName?: string; delaySeconds?: number }) => Promise<void>;
  counts: (queueName?: string) => Promise<QueueCounts>;
  /** The bodies of all that is in a queue, whatever its state. */
  bodies: (queueName?: string) => Promise<string[]>;
};

export type SpawnSqsOptions = {
  visibilityTimeoutSeconds?: number;
  maxReceiveCount?: number;
  bucketName?: string;
};

type Inspected = {
  messages: {
    ready: { body: string }[];
    delayed: { body: string }[];
    inflight: { message: { body: string } }[];
  };
};

const DELIVERY = 'DeliveryQueue';

type Counted = {
  name: string;
  approximateMessageCount: number;
  approximateDelayedCount: number;
  approximateInflightCount: number;
};

const environment = ({ visibilityTimeoutSeconds, maxReceiveCount }: SpawnSqsOptions) => ({
  SQS_PORT: '0',
  SQS_VISIBILITY_SECONDS: visibilityTimeoutSeconds?.toString() ?? '',
  SQS_MAX_RECEIVES: maxReceiveCount?.toString() ?? '',
});

/** Starts it on a free port. Messages come back, and are given up, as infra/queues.yml says, or as `options` do. */
export const spawnSqs = async (options: SpawnSqsOptions = {}): Promise<SqsProcess> => {
  const { bucketName = readStack().environment.RECIPIENTS_BUCKET } = options;
  const env = { ...environment(options), RECIPIENTS_BUCKET: bucketName };
  const { process: child, ...rest } = spawnChild({ file: 'local/aws/sqs-main.ts', env });
  const url = await whenReady(rest, lineAfter(child, 'sqs '));
  const inspect = async (queueName = DELIVERY): Promise<Inspected['messages']> =>
    (await callJson<Inspected>('GET', `${url}/_fauxqs/queues/${queueName}`)).messages;
  return {
    ...rest,
    url,
    bucketName,
    queueUrl: (queueName = DELIVERY) => queueUrl(url, queueName),
    send: async (body, { queueName = DELIVERY, delaySeconds = 0 } = {}) => {
      const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
      const QueueUrl = queueUrl(url, queueName);
      await callSqs('SendMessage', { QueueUrl, MessageBody, DelaySeconds: delaySeconds });
    },
    // Not by its messages: of a campaign's queue there are thousands.
    counts: async (queueName = DELIVERY) => {
      const queues = await callJson<Counted[]>('GET', `${url}/_fauxqs/queues`);
      const queue = queues.find(({ name }) => name === queueName);
      if (!queue) throw new Error(`there is no queue ${queueName}`);
      return {
        ready: queue.approximateMessageCount,
        delayed: queue.approximateDelayedCount,
        inFlight: queue.approximateInflightCount,
      };
    },
    bodies: async (queueName) => {
      const { ready, delayed, inflight } = await inspect(queueName);
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(({ body }) => body);
    },
  };
};
