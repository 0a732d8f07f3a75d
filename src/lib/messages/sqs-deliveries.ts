import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { AppError } from '../platform/errors.ts';
import { withinMs } from '../platform/time-limit.ts';
import type { DeliveryQueue } from './ports.ts';

const CALL_LIMIT_MS = 5_000;
/** SQS's longest delay. */
const MAX_DELAY_S = 900;

/** The delivery queue. A record contains a messageId and nothing else. */
export function makeDeliveryQueue({
  client,
  queueUrl,
}: {
  client: SQSClient;
  queueUrl: string | undefined;
}): DeliveryQueue {
  return {
    async enqueue(messageId, delaySeconds) {
      try {
        const command = new SendMessageCommand({
          QueueUrl: queueUrl,
          MessageBody: JSON.stringify({ messageId }),
          DelaySeconds: Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(delaySeconds))),
        });
        await withinMs(CALL_LIMIT_MS, (abortSignal) => client.send(command, { abortSignal }));
      } catch (cause) {
        throw new AppError(
          'store-unavailable',
          'The queue did not respond. Repeat the request in a few seconds.',
          {
            retryAfter: 2,
            cause,
          },
        );
      }
    },
  };
}
