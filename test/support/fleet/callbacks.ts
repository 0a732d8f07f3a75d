/**
 * The worker of LipaChat's callbacks behind a fleet's webhook. A test sees the effects of a callback as soon as the
 * webhook has answered it, unless it asks for answers alone.
 */
import type { SQSRecord } from 'aws-lambda';
import { failedItems } from '../../../local/batch-answer.ts';
import { isLookup } from '../../../src/lib/callbacks/callback-records.ts';
import type { QueuePump, QueuePumpOptions } from '../queue-pump.ts';
import { startQueuePump } from '../queue-pump.ts';
import type { HttpResult, Worker } from '../worker.ts';

export type CallbackOptions = Partial<Pick<QueuePumpOptions, 'duplicates' | 'duplicateWithinMs' | 'seed'>> & {
  /** Default true. */
  waitForEffects?: boolean;
};

export type CallbackPump = QueuePump & {
  /** Calls the webhook, then waits for its callback's worker. */
  throughWebhook: (webhook: Worker, event: unknown) => Promise<HttpResult>;
  /** Has the unmatched statuses looked up now that wait for it. They stay in the queue, and come again in their time. */
  lookUpNow: () => Promise<void>;
};

/** Below the webhook's own time. */
const LONGEST_WAIT_MS = 4_000;

/** Undefined for a status to look up again. */
const correlationIdOf = ({ body }: SQSRecord): string | undefined =>
  isLookup(body)
    ? undefined
    : (JSON.parse(body.slice(0, body.indexOf('\n'))) as { correlationId: string }).correlationId;

/** Starts it. Give it the fleet's processes of `callbacks`. */
export const startCallbackPump = (
  options: Pick<QueuePumpOptions, 'sqs' | 'workers'> & CallbackOptions,
): CallbackPump => {
  const { waitForEffects = true, ...pumping } = options;
  const handled = new Map<string, () => void>();
  const pump = startQueuePump({
    ...pumping,
    queueName: 'CallbackQueue',
    onHandled: (records) => records.forEach((record) => void handled.get(correlationIdOf(record) ?? '')?.()),
  });

  /** Resolves once the record with this id is handled, or after a while: then the effects are not there. */
  const whenHandled = (correlationId: string): Promise<void> =>
    new Promise((resolve) => {
      const done = () => {
        clearTimeout(timer);
        handled.delete(correlationId);
        resolve();
      };
      const timer = setTimeout(done, LONGEST_WAIT_MS);
      handled.set(correlationId, done);
    });

  const throughWebhook: CallbackPump['throughWebhook'] = async (webhook, event) => {
    const id = (event as { requestContext: { requestId: string } }).requestContext.requestId;
    const effects = waitForEffects ? whenHandled(id) : Promise.resolve();
    const answer = await webhook.invoke<HttpResult>(event);
    if (answer.statusCode === 200) await effects;
    else handled.get(id)?.();
    return answer;
  };

  const lookUpNow = async (): Promise<void> => {
    const bodies = (await options.sqs.bodies('CallbackQueue')).filter(isLookup);
    const records = bodies.map((body, n) => ({ messageId: `lookup-${n}`, attributes: {}, body }));
    for (const record of records) {
      const answer = await options.workers[0]?.invoke({ Records: [record] });
      if (failedItems(answer, [record.messageId]).size > 0) throw new Error('a lookup failed');
    }
  };

  return { ...pump, throughWebhook, lookUpNow };
};
