import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { groupOf } from '../clients/queue-group.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock } from '../platform/ports.ts';
import { withinMs } from '../platform/time-limit.ts';
import type { DeliveryQueue, Watch, WatchQueue } from './ports.ts';

const CALL_LIMIT_MS = 5_000;
/** SQS's longest delay. */
const MAX_DELAY_S = 900;
/** SQS delays by whole seconds, and a watch that comes early has to be enqueued again. */
const AFTER_LEASE_MS = 1_000;

/** The delivery queue. A record has a messageId, or the messageId and the owner of a lease, and nothing else. */
export function makeDeliveryQueue({
  client,
  queueUrl,
  clock,
}: {
  client: SQSClient;
  queueUrl: string | undefined;
  clock: Clock;
}): DeliveryQueue & WatchQueue {
  const entryOf = ({ messageId, clientId, owner, until }: Watch, n: number) => ({
    Id: String(n),
    MessageBody: JSON.stringify({ watch: messageId, owner }),
    MessageGroupId: groupOf(clientId),
    DelaySeconds: delayOf((until.getTime() + AFTER_LEASE_MS - clock.now().getTime()) / 1000),
  });

  return {
    async enqueue({ messageId, clientId }, delaySeconds) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify({ messageId }),
        MessageGroupId: groupOf(clientId),
        DelaySeconds: delayOf(delaySeconds),
      });
      await called((abortSignal) => client.send(command, { abortSignal }));
    },
    async watch(watches) {
      const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries: watches.map(entryOf) });
      const { Successful = [] } = await called((abortSignal) => client.send(command, { abortSignal }));
      const accepted = new Set(Successful.map(({ Id }) => Id));
      return watches.map((_, n) => accepted.has(String(n)));
    },
  };
}

const delayOf = (seconds: number) => Math.min(MAX_DELAY_S, Math.max(0, Math.ceil(seconds)));

async function called<T>(call: (abortSignal: AbortSignal) => Promise<T>): Promise<T> {
  try {
    return await withinMs(CALL_LIMIT_MS, call);
  } catch (cause) {
    const detail = 'The queue did not respond. Repeat the request in a few seconds.';
    throw new AppError('store-unavailable', detail, { retryAfter: 2, cause });
  }
}
