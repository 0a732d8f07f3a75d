import { isLookup, parseCallbackRecord, parseLookup } from '../lib/callbacks/callback-records.ts';
import { pauseAfter } from '../lib/callbacks/process-received.ts';
import { receivesOf, records } from '../lib/http/sqs-batch.ts';
import { wireCallbacks } from '../lib/wiring/callbacks.ts';

const { stores, tally, callbackQueue, processReceived, lookUp } = wireCallbacks('callbacks');

/** The callback queue, with one record per callback that the webhook stored, and one per status to look up again. */
export const handler = records(stores.telemetry, {
  handle: ({ body }) =>
    isLookup(body) ? lookUp(parseLookup(body)) : processReceived(parseCallbackRecord(body)),
  onFailure: (record) => callbackQueue.retryIn(record.receiptHandle, pauseAfter(receivesOf(record))),
  onEnd: tally.flush,
});
