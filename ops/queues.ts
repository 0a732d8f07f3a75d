/** The stack's queues: their state, and moving dead letters. */
import {
  DeleteMessageBatchCommand,
  GetQueueAttributesCommand,
  type Message,
  ReceiveMessageCommand,
  SendMessageBatchCommand,
  SQSClient,
} from '@aws-sdk/client-sqs';
import { type Connection, clientConfig } from './connection.ts';
import { isNamed } from './explain.ts';

export type QueueState = {
  waiting: number;
  /** Received and not deleted yet. */
  inFlight: number;
  /** The name of its dead-letter queue, and after how many receives a message goes there. */
  redrive: { target: string; maxReceiveCount: number } | undefined;
};

export type Queues = {
  /** undefined if there is no such queue. */
  state: (url: string) => Promise<QueueState | undefined>;
  /** The send time of the oldest of at most ten messages. It counts as a receive, so use it for dead-letter queues only. */
  oldest: (url: string) => Promise<Date | undefined>;
  /** Moves at most ten messages: sends first, then deletes. Returns 0 when none is left. */
  moveSome: (from: string, to: string, sentBefore: Date) => Promise<number>;
};

const BATCH = 10;

const redriveOf = (policy: string | undefined): QueueState['redrive'] => {
  if (!policy) return undefined;
  const { deadLetterTargetArn: arn, maxReceiveCount } = JSON.parse(policy) as Record<string, unknown>;
  return { target: String(arn).split(':').at(-1) ?? '', maxReceiveCount: Number(maxReceiveCount) };
};

/** The queue's name: the last part of its URL. */
export const nameOf = (url: string): string => url.split('/').at(-1) ?? '';

export const openQueues = (connection: Connection): Queues => {
  const client = new SQSClient(clientConfig(connection, 'sqsUrl'));

  const state: Queues['state'] = async (QueueUrl) => {
    try {
      const command = new GetQueueAttributesCommand({ QueueUrl, AttributeNames: ['All'] });
      const { Attributes: found = {} } = await client.send(command);
      const { ApproximateNumberOfMessages: waiting, ApproximateNumberOfMessagesNotVisible: inFlight } = found;
      const { RedrivePolicy: policy } = found;
      return { waiting: Number(waiting), inFlight: Number(inFlight), redrive: redriveOf(policy) };
    } catch (error) {
      if (isNamed(error, 'QueueDoesNotExist', 'AWS.SimpleQueueService.NonExistentQueue')) return undefined;
      throw error;
    }
  };

  const oldest: Queues['oldest'] = async (QueueUrl) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: 0,
        WaitTimeSeconds: 0,
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    const sent = Messages.map(({ Attributes }) => Number(Attributes?.SentTimestamp));
    return sent.length > 0 ? new Date(Math.min(...sent)) : undefined;
  };

  /** Returns the messages that SQS accepted. The others become visible in their queue again. */
  const sendAll = async (QueueUrl: string, messages: Message[]): Promise<Message[]> => {
    const Entries = messages.map(({ Body, MessageAttributes }, index) => ({
      Id: String(index),
      MessageBody: Body,
      ...(MessageAttributes ? { MessageAttributes } : {}),
    }));
    const { Successful = [] } = await client.send(new SendMessageBatchCommand({ QueueUrl, Entries }));
    return Successful.flatMap(({ Id }) => messages[Number(Id)] ?? []);
  };

  const deleteAll = async (QueueUrl: string, messages: Message[]): Promise<void> => {
    const Entries = messages.map(({ ReceiptHandle }, index) => ({ Id: String(index), ReceiptHandle }));
    await client.send(new DeleteMessageBatchCommand({ QueueUrl, Entries }));
  };

  const moveSome: Queues['moveSome'] = async (from, to, sentBefore) => {
    const { Messages = [] } = await client.send(
      new ReceiveMessageCommand({
        QueueUrl: from,
        MaxNumberOfMessages: BATCH,
        VisibilityTimeout: 60,
        WaitTimeSeconds: 1,
        MessageAttributeNames: ['All'],
        MessageSystemAttributeNames: ['SentTimestamp'],
      }),
    );
    const meant = Messages.filter(
      ({ Attributes }) => Number(Attributes?.SentTimestamp) < sentBefore.getTime(),
    );
    if (meant.length === 0) return 0;
    const sent = await sendAll(to, meant);
    if (sent.length > 0) await deleteAll(from, sent);
    return sent.length;
  };

  return { state, oldest, moveSome };
};
