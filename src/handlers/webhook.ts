import { api, bytesOf, jsonOf } from '../lib/http/api.ts';
import { wireWebhook } from '../lib/wiring/callbacks.ts';

/** API Gateway's own response, the same whichever check fails. */
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const BODY_LIMIT = 1024 * 1024;

const { entry, receive } = wireWebhook('webhook');

/** `POST /v1/webhooks/lipachat/{secret}` */
export const handler = api(entry, async ({ event, path, headers, correlationId }) => {
  const [secret, signature] = [path['secret'], headers['x-hub-signature-256']];
  const bytes = () => bytesOf(event, BODY_LIMIT);
  const received = await receive({ secret, signature, correlationId, bytes, json: jsonOf });
  return received === undefined ? UNAUTHORIZED : { status: 200, body: { received } };
});
