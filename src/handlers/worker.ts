import type { Context, SQSEvent } from 'aws-lambda';
import { isRecipientJob, parseRecipientJob } from '../lib/campaigns/contract.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { parseDelivery, parseFlow } from '../lib/sending/contract.ts';
import { wireRecipients } from '../lib/wiring/campaigns.ts';
import { wireSend, wireSendStores } from '../lib/wiring/sending.ts';

const stores = wireSendStores('worker');
const { sendFlow } = wireSend(stores);
const sendToRecipient = wireRecipients(stores, {
  sendFlow,
  readRequest: (body) => parseFlow(body, undefined),
});

/** The delivery queue, whose records name a message to send, and the campaign queue, whose records are a recipient's job each. */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context, stores.clock);
  return batch(stores.telemetry, (body, record) => {
    const run = { correlationId: record.messageId, deadlineAt };
    return isRecipientJob(body)
      ? sendToRecipient(parseRecipientJob(body), run)
      : sendFlow.work(parseDelivery(body), { ...run, source: 'worker' });
  })(event);
};
