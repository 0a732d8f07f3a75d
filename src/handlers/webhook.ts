import { signaturesIn } from '../lib/callbacks/auth/webhook-signature.ts';
import { type ApiRequest, type ApiResponse, api, bytesOf, jsonOf } from '../lib/http/api.ts';
import { wireWebhook } from '../lib/wiring/callbacks.ts';

/** API Gateway's own response, the same whichever check fails. */
const UNAUTHORIZED = { status: 401, body: { message: 'Unauthorized' } };
const BODY_LIMIT = 1024 * 1024;
/** A challenge comes from outside: no browser may take it for a page, and every body has `nosniff`. */
const AS_TEXT = { 'content-type': 'text/plain; charset=utf-8' };

const { entry, receive, verify } = wireWebhook('webhook');

/** `POST`, `GET` and `HEAD` of `/v1/webhooks/lipachat/{secret}` */
export const handler = api(entry, (request) => {
  const { method } = request.event.requestContext.http;
  return method === 'GET' || method === 'HEAD' ? registered(request) : received(request);
});

async function received({ event, path, headers, correlationId }: ApiRequest): Promise<ApiResponse> {
  const [secret, signatures] = [path['secret'], signaturesIn(headers)];
  const bytes = () => bytesOf(event, BODY_LIMIT);
  const count = await receive({ secret, signatures, correlationId, bytes, json: jsonOf });
  return count === undefined ? UNAUTHORIZED : { status: 200, body: { received: count } };
}

async function registered({ event, path }: ApiRequest): Promise<ApiResponse> {
  const challenge = await verify(path['secret'] ?? '', event.queryStringParameters ?? {});
  if (challenge === undefined) return UNAUTHORIZED;
  if (event.requestContext.http.method === 'HEAD') return { status: 200, body: undefined };
  return { status: 200, body: challenge || 'ok', headers: AS_TEXT };
}
