import { api, bytesOf, jsonOf } from '../lib/edge/api.ts';
import { readCallbacks } from '../lib/edge/lipachat-callbacks.ts';
import { makeWebhookDoor } from '../lib/edge/webhook-door.ts';
import { makeTakeCallbacks } from '../lib/usecases/take-callbacks.ts';
import { makeTakeReply } from '../lib/usecases/take-reply.ts';
import { makeTakeStatus } from '../lib/usecases/take-status.ts';
import { wireLane, wireSecrets, wireStores } from '../lib/wiring.ts';

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
