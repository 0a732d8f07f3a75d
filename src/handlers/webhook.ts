import { api, bytesOf, jsonOf } from '../lib/http/api.ts';
import { readCallbacks } from '../lib/lipachat/parse-callbacks.ts';
import { wireWebhook } from '../lib/wiring/webhook.ts';

/** API Gateway's own response, the same whichever check fails. */
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const BODY_LIMIT = 1024 * 1024;

const { stores, auth, handleCallbacks } = wireWebhook('webhook');

/** `POST /v1/webhooks/lipachat/{secret}` */
export const handler = api(stores, async ({ event, path, headers, correlationId }) => {
  if (!(await auth.knows(path['secret']))) return UNAUTHORIZED;
  const bytes = bytesOf(event, BODY_LIMIT);
  if (!(await auth.accepts(headers['x-hub-signature-256'], bytes))) return UNAUTHORIZED;
  const callbacks = readCallbacks(jsonOf(bytes), bytes.toString('utf8'));
  await handleCallbacks(callbacks, correlationId);
  return { status: 200, body: { received: callbacks.length } };
});
