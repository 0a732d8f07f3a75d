import type { APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

export interface ApiResponse {
  readonly status: number;
  /** An object to serialise as JSON, or JSON text or bytes to send as they are; undefined for no body. */
  readonly body: unknown;
  readonly headers?: { readonly [name: string]: string };
}

/** Bodies hold phone numbers and texts: no cache keeps one, and no browser takes it for a page. */
const OF_BODIES = { 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' } as const;

/** The response as the HTTP API takes it. */
export function rendered(
  { status, body, headers }: ApiResponse,
  correlationId: string,
): APIGatewayProxyStructuredResultV2 {
  if (body === undefined)
    return { statusCode: status, headers: { 'x-correlation-id': correlationId, ...headers } };
  const own = { 'content-type': 'application/json', 'x-correlation-id': correlationId };
  const all = { ...own, ...OF_BODIES, ...headers };
  if (body instanceof Uint8Array) {
    const text = Buffer.from(body).toString('base64');
    return { statusCode: status, headers: all, body: text, isBase64Encoded: true };
  }
  return {
    statusCode: status,
    headers: all,
    body: typeof body === 'string' ? body : JSON.stringify(body),
  };
}
