/** Plain events of an HTTP API, payload format 2.0, made by what makes them in the local gateway. */
import { randomUUID } from 'node:crypto';
import { type AuthorizerContext, type ProxyEvent, proxyEvent } from '../../local/gateway/event.ts';

export type HttpEventOptions = {
  method: string;
  path: string;
  /** `POST /v1/flows`; by default method and path, which fits a route without parameters. */
  routeKey?: string;
  headers?: Record<string, string>;
  /** An object is sent as JSON. Text or base64 is decided by the content type, as on AWS. */
  body?: string | Buffer | object;
  rawQueryString?: string;
  pathParameters?: Record<string, string>;
  /** What the authorizer gave as context; without it the event is that of an open route. */
  authorizer?: AuthorizerContext;
};

const bytesOf = (body: HttpEventOptions['body']): Buffer => {
  if (Buffer.isBuffer(body)) return body;
  return Buffer.from(typeof body === 'object' ? JSON.stringify(body) : (body ?? ''));
};

const lowerCased = (headers: Record<string, string>): Record<string, string> =>
  Object.fromEntries(Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]));

/** One event, with a request id of its own. A body is `application/json` unless `headers` say otherwise. */
export const httpEvent = (options: HttpEventOptions): ProxyEvent => {
  const { method, path, headers = {}, body, authorizer } = options;
  const type = body === undefined ? {} : { 'content-type': 'application/json' };
  return proxyEvent(
    {
      requestId: randomUUID(),
      at: new Date(),
      method,
      rawPath: path,
      rawQueryString: options.rawQueryString ?? '',
      headers: { ...type, ...lowerCased(headers) },
      cookies: [],
      body: bytesOf(body),
      sourceIp: '127.0.0.1',
      routeKey: options.routeKey ?? `${method} ${path}`,
      pathParameters: options.pathParameters ?? {},
    },
    authorizer,
  );
};
