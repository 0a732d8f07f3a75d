import { makeWebhookAuth } from '../callbacks/webhook-auth.ts';
import { sendSettings, wireQueue, wireSecrets, wireStores } from './stores.ts';
import { callbackUseCases } from './use-cases.ts';

export function wireWebhook(functionName: string) {
  const stores = wireStores(functionName);
  const { OPT_OUT_WORDS: stop, OPT_IN_WORDS: start } = stores.config;
  const secrets = wireSecrets(stores);
  const auth = makeWebhookAuth({ secret: secrets.webhookSecret(), hmacKey: secrets.webhookHmac() });
  const ports = { ...stores, queue: wireQueue(stores) };
  const settings = { ...sendSettings(stores.config), words: { stop, start } };
  const { handleCallbacks } = callbackUseCases(ports, settings);
  return { stores, auth, handleCallbacks };
}
