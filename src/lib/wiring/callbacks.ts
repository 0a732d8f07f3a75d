import { makeProcessReceived } from '../callbacks/process-received.ts';
import { makeReceive, makeVerify } from '../callbacks/receive.ts';
import { makeCallbackQueue } from '../callbacks/sqs-callbacks.ts';
import { makeWebhookAuth } from '../callbacks/webhook-auth.ts';
import { makeTally } from '../platform/tally.ts';
import {
  type Entry,
  sendSettings,
  sqsClient,
  storesOf,
  wireEntry,
  wireQueue,
  wireSecrets,
} from './stores.ts';
import { callbackUseCases } from './use-cases.ts';

function wireDoor(entry: Entry) {
  const secrets = wireSecrets(entry);
  const queueUrl = entry.config.CALLBACK_QUEUE_URL;
  return {
    auth: makeWebhookAuth({ secret: secrets.webhookSecret(), hmacKey: secrets.webhookHmac() }),
    callbackQueue: makeCallbackQueue({ client: sqsClient(entry), queueUrl }),
  };
}

/** Receives callbacks and stores them. Needs no table. */
export function wireWebhook(functionName: string) {
  const entry = wireEntry(functionName);
  const door = wireDoor(entry);
  return { entry, receive: makeReceive({ ...entry, ...door }), verify: makeVerify(door) };
}

/** Handles the callbacks that the webhook stored. */
export function wireCallbacks(functionName: string) {
  const entry = wireEntry(functionName);
  const tally = makeTally(entry.telemetry);
  const stores = storesOf({ ...entry, telemetry: tally.telemetry });
  const { OPT_OUT_WORDS: stop, OPT_IN_WORDS: start } = stores.config;
  const settings = { ...sendSettings(stores.config), words: { stop, start } };
  const { handleCallbacks } = callbackUseCases({ ...stores, queue: wireQueue(stores) }, settings);
  const { auth, callbackQueue } = wireDoor(stores);
  return {
    stores,
    tally,
    callbackQueue,
    processReceived: makeProcessReceived({ ...stores, auth, handleCallbacks }),
  };
}
