import type { Context, SQSEvent } from 'aws-lambda';
import { isRecipientJob, parseRecipientJob } from '../lib/campaigns/queue-records.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { isWatch, parseDelivery, parseWatch } from '../lib/sending/contract.ts';
import { assertTimeForSend } from '../lib/sending/settle.ts';
import { wireRecipients } from '../lib/wiring/campaigns.ts';
import { wireWork } from '../lib/wiring/sending.ts';

const { stores, table, sendFlow, finishClaim } = wireWork('worker');
const { sendToRecipient } = wireRecipients(stores, table, sendFlow);

/**
 * The delivery queue, with one record per message to send or lease to watch, and the campaign queue, with one record per
 * recipient.
 */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context, stores.clock);
  return batch(stores.telemetry, (body, record) => {
    assertTimeForSend({ deadlineAt }, stores.clock.now());
    const run = { correlationId: record.messageId, deadlineAt };
    if (isRecipientJob(body)) return sendToRecipient(parseRecipientJob(body), run);
    if (isWatch(body)) return finishClaim(parseWatch(body), run);
    return sendFlow.work(parseDelivery(body), { ...run, source: 'worker' });
  })(event);
};
