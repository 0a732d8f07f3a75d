import { SendMessageBatchCommand, SendMessageCommand, type SQSClient } from '@aws-sdk/client-sqs';
import { groupOf } from '../clients/queue-group.ts';
import { mapEnded } from '../platform/all-ended.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock } from '../platform/ports.ts';
import { withinMs } from '../platform/time-limit.ts';
import type { CampaignQueue, PlanQueue, RecipientJob } from './ports.ts';

const CALL_LIMIT_MS = 5_000;
/** SQS's limits of a delay and of a batch. */
const MAX_DELAY_S = 900;
const BATCH = 10;
const AT_ONCE = 8;
const TRIES = 3;

interface QueueOptions {
  readonly client: SQSClient;
  readonly queueUrl: string | undefined;
}

/** The campaign queue. A record names a recipient's row in the plan, and contains no personal data. */
export function makeCampaignQueue({
  client,
  queueUrl,
  clock,
}: QueueOptions & { clock: Clock }): CampaignQueue {
  async function send(jobs: readonly RecipientJob[], clientId: string): Promise<readonly RecipientJob[]> {
    const now = clock.now().getTime();
    const Entries = jobs.map((job, k) => ({
      Id: String(k),
      MessageBody: recordOf(job),
      MessageGroupId: groupOf(clientId),
      // Rounded down: the worker waits for the rest of the second.
      DelaySeconds: Math.min(MAX_DELAY_S, Math.max(0, Math.floor((job.scheduledAt.getTime() - now) / 1000))),
    }));
    const command = new SendMessageBatchCommand({ QueueUrl: queueUrl, Entries });
    const { Failed = [] } = await withinMs(CALL_LIMIT_MS, (abortSignal) =>
      client.send(command, { abortSignal }),
    );
    return Failed.flatMap(({ Id }) => jobs[Number(Id)] ?? []);
  }

  return {
    async enqueue(jobs, clientId) {
      const parts = Array.from({ length: Math.ceil(jobs.length / BATCH) }, (_, k) =>
        jobs.slice(k * BATCH, (k + 1) * BATCH),
      );
      const sendAll = async (part: readonly RecipientJob[]) => {
        let left = part;
        for (let tries = 0; tries < TRIES && left.length > 0; tries += 1) left = await send(left, clientId);
        if (left.length > 0) throw new Error('SQS refused some of a batch');
      };
      await orUnavailable(() => mapEnded(parts, sendAll, { concurrency: AT_ONCE }));
    },
  };
}

/** The names are those of 0.1, so that records in flight survive an upgrade. `contract.ts` parses them. */
function recordOf({ enqueuedAt: wokenAt, scheduledAt: slotAt, ...job }: RecipientJob): string {
  return JSON.stringify({ ...job, wokenAt, slotAt });
}

export function makePlanQueue({ client, queueUrl }: QueueOptions): PlanQueue {
  return {
    async enqueue({ clientId, ...job }) {
      const command = new SendMessageCommand({
        QueueUrl: queueUrl,
        MessageBody: JSON.stringify(job),
        MessageGroupId: groupOf(clientId),
      });
      await orUnavailable(() =>
        withinMs(CALL_LIMIT_MS, (abortSignal) => client.send(command, { abortSignal })),
      );
    },
  };
}

async function orUnavailable(send: () => Promise<unknown>): Promise<void> {
  try {
    await send();
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
}
