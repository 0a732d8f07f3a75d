import { makeWebhookAuth } from '../callbacks/auth/webhook-auth.ts';
import { makeCallbackStore } from '../callbacks/dynamo-callbacks.ts';
import { makeProcessReceived } from '../callbacks/process-received.ts';
import { makeReceive, makeVerify } from '../callbacks/receive.ts';
import { makeTally } from '../platform/tally.ts';
import {
  type Entry,
  messageStoresOf,
  sendSettings,
  tableOf,
  wireCallbackQueue,
  wireEntry,
  wireQueue,
  wireSecrets,
} from './stores.ts';
import { callbackUseCases } from './use-cases.ts';

function wireDoor(entry: Entry) {
  const secrets = wireSecrets(entry);
  return {
    auth: makeWebhookAuth({
      secret: secrets.webhookSecret(),
      hmacKey: secrets.webhookHmac(),
      toleranceSeconds: entry.config.WEBHOOK_TOLERANCE_SECONDS,
    }),
    callbackQueue: wireCallbackQueue(entry),
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
  const table = tableOf(entry);
  const own = { ...entry, telemetry: tally.telemetry };
  const messageStores = messageStoresOf(own, table);
  const { marker } = messageStores;
  // As long as 0.1 may come back, its erasure has to find them.
  const keyOfLists = entry.config.PACK_MESSAGES ? marker.keyOfLists : undefined;
  const stores = { ...own, ...messageStores, callbacks: makeCallbackStore(table, keyOfLists) };
  const { OPT_OUT_WORDS: stop, OPT_IN_WORDS: start } = stores.config;
  const settings = { ...sendSettings(stores.config), words: { stop, start } };
  const { auth, callbackQueue } = wireDoor(stores);
  const ports = { ...stores, queue: wireQueue(stores), unmatchedQueue: callbackQueue };
  const { handleCallbacks, lookUp } = callbackUseCases(ports, settings);
  return {
    stores,
    tally,
    callbackQueue,
    lookUp,
    processReceived: makeProcessReceived({ ...stores, auth, handleCallbacks }),
  };
}
