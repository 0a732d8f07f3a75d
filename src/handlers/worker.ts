import type { Context, SQSEvent } from 'aws-lambda';
import { deadlineOf } from '../lib/edge/api.ts';
import { batch } from '../lib/edge/batch.ts';
import { parseDelivery } from '../lib/edge/contracts.ts';
import { wireStores } from '../lib/wiring.ts';
import { wireSend } from '../lib/wiring-send.ts';

const stores = wireStores('worker');
const { sendFlow } = wireSend(stores);

/** The delivery queue: each record names a message to send. */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context);
  return batch(stores.telemetry, (body, record) =>
    sendFlow.work(parseDelivery(body), { correlationId: record.messageId, deadlineAt, source: 'worker' }),
  )(event);
};
