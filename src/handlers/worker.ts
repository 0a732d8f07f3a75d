import type { Context, SQSEvent } from 'aws-lambda';
import { isTurn, parseTurn } from '../lib/campaigns/contract.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { parseDelivery, parseFlow } from '../lib/sending/contract.ts';
import { wireRecipients } from '../lib/wiring/campaigns.ts';
import { wireSend, wireSendStores } from '../lib/wiring/sending.ts';

const stores = wireSendStores('worker');
const { sendFlow } = wireSend(stores);
const workRecipient = wireRecipients(stores, { sendFlow, readRequest: (body) => parseFlow(body, undefined) });

/** The delivery queue, whose records name a message to send, and the campaign queue: a recipient's turn each. */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context);
  return batch(stores.telemetry, (body, record) => {
    const run = { correlationId: record.messageId, deadlineAt };
    return isTurn(body)
      ? workRecipient(parseTurn(body), run)
      : sendFlow.work(parseDelivery(body), { ...run, source: 'worker' });
  })(event);
};
