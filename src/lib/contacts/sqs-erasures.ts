import { SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { AppError } from '../platform/errors.ts';
import { withinMs } from '../platform/time-limit.ts';
import type { ErasureQueue } from './ports.ts';

const CALL_LIMIT_MS = 5_000;

/** In the planner's queue: it has the bucket, and a quarter of an hour. `contract.ts` parses a record. */
export function makeErasureQueue(deps: {
  readonly client: SQSClient;
  readonly queueUrl: string | undefined;
}): ErasureQueue {
  return {
    async enqueue(erasureId, afterSeconds = 0) {
      const command = new SendMessageCommand({
        QueueUrl: deps.queueUrl,
        MessageBody: JSON.stringify({ erasureId }),
        DelaySeconds: afterSeconds,
        // A group of its own: no client's plans keep it waiting.
        MessageGroupId: 'erasures',
      });
      try {
        await withinMs(CALL_LIMIT_MS, (abortSignal) => deps.client.send(command, { abortSignal }));
      } catch (cause) {
        const detail = 'The queue did not respond. Repeat the request in a few seconds.';
        throw new AppError('store-unavailable', detail, { retryAfter: 2, cause });
      }
    },
  };
}
