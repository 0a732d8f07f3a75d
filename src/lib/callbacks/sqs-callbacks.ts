import { ChangeMessageVisibilityCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { AppError } from '../platform/errors.ts';
import { withinMs } from '../platform/time-limit.ts';
import type { CallbackQueue, UnmatchedQueue } from './ports.ts';
import { encodeLookup, encodeRecord } from './received-callback.ts';

const CALL_LIMIT_MS = 5_000;

/** The callback queue, with one record per callback, and one per status to look up again. */
export function makeCallbackQueue({
  client,
  queueUrl,
}: {
  client: SQSClient;
  queueUrl: string | undefined;
}): CallbackQueue & UnmatchedQueue {
  return {
    async put(received) {
      const MessageBody = encodeRecord(received);
      const command = new SendMessageCommand({ QueueUrl: queueUrl, MessageBody });
      await call((limit) => client.send(command, limit));
    },
    async lookUpIn(unmatched, DelaySeconds) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: encodeLookup(unmatched),
        DelaySeconds,
      });
      await call((limit) => client.send(command, limit));
    },
    async retryIn(receiptHandle, seconds) {
      const command = new ChangeMessageVisibilityCommand({
        QueueUrl: queueUrl,
        ReceiptHandle: receiptHandle,
        VisibilityTimeout: seconds,
      });
      await call((limit) => client.send(command, limit));
    },
  };
}

type Send = (limit: { readonly abortSignal: AbortSignal }) => Promise<unknown>;

async function call(send: Send): Promise<void> {
  try {
    await withinMs(CALL_LIMIT_MS, (abortSignal) => send({ abortSignal }));
  } catch (cause) {
    const detail = 'The callback could not be stored. Repeat the request in a few seconds.';
    throw new AppError('store-unavailable', detail, { retryAfter: 2, cause });
  }
}
