/** SQS in a process of its own, with the queues of infra/. */
import { queueUrl } from '../../local/sqs.ts';
import { callSqs } from '../../local/sqs-call.ts';
import { type Child, lineAfter, spawnChild, whenReady } from './children.ts';
import { callJson } from './json-http.ts';

type QueueCounts = { ready: number; delayed: number; inFlight: number };

export type SqsProcess = Child & {
  url: string;
  /** By the queue's logical id. Default DeliveryQueue, here and below. */
  queueUrl: (queueName?: string) => string;
  /** Puts a message into a queue: JSON, unless it is a string. */
  send: (body: unknown, options?: { queueName?: string; delaySeconds?: number }) => Promise<void>;
  counts: (queueName?: string) => Promise<QueueCounts>;
  /** The bodies of all that is in a queue, whatever its state. */
  bodies: (queueName?: string) => Promise<string[]>;
};

export type SpawnSqsOptions = { visibilityTimeoutSeconds?: number; maxReceiveCount?: number };

type Inspected = {
  messages: {
    ready: { body: string }[];
    delayed: { body: string }[];
    inflight: { message: { body: string } }[];
  };
};

const DELIVERY = 'DeliveryQueue';

const environment = ({ visibilityTimeoutSeconds, maxReceiveCount }: SpawnSqsOptions) => ({
  SQS_PORT: '0',
  SQS_VISIBILITY_SECONDS: visibilityTimeoutSeconds?.toString() ?? '',
  SQS_MAX_RECEIVES: maxReceiveCount?.toString() ?? '',
});

/** Starts it on a free port. Messages come back, and are given up, as infra/queues.yml says, or as `options` do. */
export const spawnSqs = async (options: SpawnSqsOptions = {}): Promise<SqsProcess> => {
  const { process: child, ...rest } = spawnChild({ file: 'local/sqs-main.ts', env: environment(options) });
  const url = await whenReady(rest, lineAfter(child, 'sqs '));
  const inspect = async (queueName = DELIVERY): Promise<Inspected['messages']> =>
    (await callJson<Inspected>('GET', `${url}/_fauxqs/queues/${queueName}`)).messages;
  return {
    ...rest,
    url,
    queueUrl: (queueName = DELIVERY) => queueUrl(url, queueName),
    send: async (body, { queueName = DELIVERY, delaySeconds = 0 } = {}) => {
      const MessageBody = typeof body === 'string' ? body : JSON.stringify(body);
      const QueueUrl = queueUrl(url, queueName);
      await callSqs('SendMessage', { QueueUrl, MessageBody, DelaySeconds: delaySeconds });
    },
    counts: async (queueName) => {
      const { ready, delayed, inflight } = await inspect(queueName);
      return { ready: ready.length, delayed: delayed.length, inFlight: inflight.length };
    },
    bodies: async (queueName) => {
      const { ready, delayed, inflight } = await inspect(queueName);
      return [...ready, ...delayed, ...inflight.map(({ message }) => message)].map(({ body }) => body);
    },
  };
};
