import { makeWebhookAuth } from '../callbacks/webhook-auth.ts';
import { wireQueue, wireSecrets, wireStores } from './stores.ts';
import { callbackUseCases } from './use-cases.ts';

export function wireWebhook(functionName: string) {
  const stores = wireStores(functionName);
  const {
    SESSION_MARGIN_SECONDS: sessionMarginSeconds,
    OPT_OUT_WORDS: stop,
    OPT_IN_WORDS: start,
  } = stores.config;
  const secrets = wireSecrets(stores);
  const auth = makeWebhookAuth({ secret: secrets.webhookSecret(), hmacKey: secrets.webhookHmac() });
  const ports = { ...stores, queue: wireQueue(stores) };
  const { handleCallbacks } = callbackUseCases(ports, { sessionMarginSeconds, words: { stop, start } });
  return { stores, auth, handleCallbacks };
}
