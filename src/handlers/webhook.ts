import { makeHandleCallbacks } from '../lib/callbacks/handle-callbacks.ts';
import { makeHandleReply } from '../lib/callbacks/handle-reply.ts';
import { makeHandleStatus } from '../lib/callbacks/handle-status.ts';
import { makeWebhookAuth } from '../lib/callbacks/webhook-auth.ts';
import { api, bytesOf, jsonOf } from '../lib/http/api.ts';
import { readCallbacks } from '../lib/lipachat/parse-callbacks.ts';
import { wireRecipientQueue, wireSecrets, wireStores } from '../lib/wiring/stores.ts';

/** API Gateway's own words, the same whatever was wrong. */
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const BODY_LIMIT = 1024 * 1024;

const stores = wireStores('webhook');
const secrets = wireSecrets(stores);
const auth = makeWebhookAuth({ secret: secrets.webhookSecret(), hmacKey: secrets.webhookHmac() });
const { OPT_OUT_WORDS: stop, OPT_IN_WORDS: start } = stores.config;
const base = { ...stores, ...wireRecipientQueue(stores) };
const handleCallbacks = makeHandleCallbacks({
  ...base,
  ...makeHandleStatus(base),
  ...makeHandleReply(base),
  words: { stop, start },
});

/** `POST /v1/webhooks/lipachat/{secret}` */
export const handler = api(stores, async ({ event, path, headers, correlationId }) => {
  if (!(await auth.knows(path['secret']))) return UNAUTHORIZED;
  const bytes = bytesOf(event, BODY_LIMIT);
  if (!(await auth.accepts(headers['x-hub-signature-256'], bytes))) return UNAUTHORIZED;
  const callbacks = readCallbacks(jsonOf(bytes), bytes.toString('utf8'));
  await handleCallbacks(callbacks, correlationId);
  return { status: 200, body: { received: callbacks.length } };
});
