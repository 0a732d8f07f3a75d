import { makeTakeCallbacks } from '../lib/callbacks/handle-callbacks.ts';
import { makeTakeReply } from '../lib/callbacks/handle-reply.ts';
import { makeTakeStatus } from '../lib/callbacks/handle-status.ts';
import { makeWebhookDoor } from '../lib/callbacks/webhook-auth.ts';
import { api, bytesOf, jsonOf } from '../lib/http/api.ts';
import { readCallbacks } from '../lib/lipachat/parse-callbacks.ts';
import { wireLane, wireSecrets, wireStores } from '../lib/wiring/stores.ts';

/** API Gateway's own words, the same whatever was wrong. */
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const BODY_LIMIT = 1024 * 1024;

const stores = wireStores('webhook');
const secrets = wireSecrets(stores);
const door = makeWebhookDoor({ secret: secrets.webhookSecret(), hmacKey: secrets.webhookHmac() });
const { OPT_OUT_WORDS: stop, OPT_IN_WORDS: start } = stores.config;
const base = { ...stores, ...wireLane(stores) };
const takeCallbacks = makeTakeCallbacks({
  ...base,
  ...makeTakeStatus(base),
  ...makeTakeReply(base),
  words: { stop, start },
});

/** `POST /v1/webhooks/lipachat/{secret}` */
export const handler = api(stores.telemetry, async ({ event, path, headers, correlationId }) => {
  if (!(await door.knows(path['secret']))) return UNAUTHORIZED;
  const bytes = bytesOf(event, BODY_LIMIT);
  if (!(await door.accepts(headers['x-hub-signature-256'], bytes))) return UNAUTHORIZED;
  const callbacks = readCallbacks(jsonOf(bytes), bytes.toString('utf8'));
  await takeCallbacks(callbacks, correlationId);
  return { status: 200, body: { received: callbacks.length } };
});
