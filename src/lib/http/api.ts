import { isUtf8 } from 'node:buffer';
import middy from '@middy/core';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { addressPrefix } from '../platform/address-prefix.ts';
import type { Caller } from '../platform/caller.ts';
import { AppError, invalidRequest } from '../platform/errors.ts';
import { MAY_BE_ROUNDED, parseExactJson } from '../platform/exact-json.ts';
import type { Clock, LogFields, Random, Telemetry } from '../platform/ports.ts';
import { authorizerOf, clientOf } from './client-of-event.ts';
import { problemOf } from './problem.ts';
import { type ApiResponse, rendered } from './rendered.ts';

export type { ApiResponse };

/** The caller of an invocation, and its deadline. */
export interface Run extends Caller {
  readonly correlationId: string;
  readonly deadlineAt: Date;
}

export interface ApiRequest extends Run {
  readonly path: { readonly [name: string]: string | undefined };
  readonly headers: { readonly [name: string]: string | undefined };
  readonly event: APIGatewayProxyEventV2;
}

/** The ports that every entry needs. `wireStores` has all of them. */
export interface EntryPorts {
  readonly telemetry: Telemetry;
  readonly clock: Clock;
  readonly random: Random;
}

export type LambdaContext = Partial<Pick<Context, 'awsRequestId' | 'getRemainingTimeInMillis'>>;

const CORRELATION_ID = /^[A-Za-z0-9._:-]{1,128}$/;
const BODY_LIMIT = 256 * 1024;
/** The HTTP API's limit, for a context without a remaining time. */
const DEFAULT_TIME_MS = 29_000;

export function isHttpEvent(event: unknown): event is APIGatewayProxyEventV2 {
  const { requestContext } = (event ?? {}) as { requestContext?: { http?: unknown } };
  return requestContext?.http !== undefined;
}

/** Wraps every HTTP handler: correlation id, response format, problems, and one log line per client's request. */
export function api(ports: EntryPorts, handle: (request: ApiRequest) => Promise<ApiResponse>) {
  const { telemetry } = ports;
  return middy<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2>({ timeoutEarlyResponse: outOfTime })
    .use(problems(ports))
    .handler(async (event, context: LambdaContext) => {
      const request = requestOf(ports, event, context);
      const answer = await handle(request);
      const fields = { ...asked(event), status: answer.status, correlationId: request.correlationId };
      // Of a request without a client that is not refused, the API's access log says as much.
      if (authorizerOf(event)) telemetry.info('api.answered', fields);
      else if (answer.status >= 400) telemetry.info('api.refused', fields);
      return rendered(answer, request.correlationId);
    });
}

/** The invocation ends in a few milliseconds. The response comes from here, because Lambda's own says nothing. */
function outOfTime(): never {
  const detail = 'The request could not be completed in time. Repeat it in a few seconds.';
  throw new AppError('store-unavailable', detail, { retryAfter: 2 });
}

/** Handlers by route key: `GET /v1/messages/{messageId}`. */
export type Routes = Readonly<Record<string, (request: ApiRequest) => Promise<ApiResponse>>>;

/** Calls the handler of the request's route. */
export function byRoute(routes: Routes): (request: ApiRequest) => Promise<ApiResponse> {
  return (request) => {
    const handle = routes[request.event.routeKey];
    if (handle) return handle(request);
    return Promise.reject(new AppError('not-found', 'Route not found.'));
  };
}

function problems({
  telemetry,
  random,
}: EntryPorts): middy.MiddlewareObj<APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2> {
  return {
    onError: (request) => {
      const { event, error } = request;
      const correlationId = correlationIdOf(event, random);
      const { problem, headers } = problemOf(error, correlationId);
      const fields = { ...asked(event), status: problem.status, code: problem.code, correlationId };
      if (problem.status >= 500) telemetry.error('api.failed', error, fields);
      else telemetry.info('api.refused', fields);
      const type = { 'content-type': 'application/problem+json' };
      request.response = rendered(
        { status: problem.status, body: problem, headers: { ...type, ...headers } },
        correlationId,
      );
    },
  };
}

function requestOf(
  { clock, random }: EntryPorts,
  event: APIGatewayProxyEventV2,
  context: LambdaContext | undefined,
): ApiRequest {
  return {
    correlationId: correlationIdOf(event, random),
    deadlineAt: deadlineOf(context, clock),
    ...clientOf(event),
    path: event.pathParameters ?? {},
    headers: event.headers ?? {},
    event,
  };
}

export function deadlineOf(context: LambdaContext | undefined, clock: Clock): Date {
  return new Date(clock.now().getTime() + (context?.getRemainingTimeInMillis?.() ?? DEFAULT_TIME_MS));
}

function correlationIdOf(event: APIGatewayProxyEventV2, random: Random): string {
  const given = event.headers?.['x-correlation-id'];
  return given && CORRELATION_ID.test(given) ? given : (event.requestContext?.requestId ?? random.uuid());
}

/** What was asked for, by which client, and from which network. API Gateway's own log can't mask an address. */
function asked(event: APIGatewayProxyEventV2): LogFields {
  const clientId = authorizerOf(event)?.lambda?.['clientId'];
  return {
    route: event.routeKey,
    ...(typeof clientId === 'string' ? { clientId } : {}),
    source: addressPrefix(event.requestContext?.http?.sourceIp),
  };
}

/**
 * The body's bytes, decoded if API Gateway encoded them as binary. Throws `payload-too-large` above `limit`
 * bytes.
 */
export function bytesOf(event: APIGatewayProxyEventV2, limit: number): Buffer {
  const bytes = Buffer.from(event.body ?? '', event.isBase64Encoded ? 'base64' : 'utf8');
  if (bytes.length <= limit) return bytes;
  throw new AppError('payload-too-large', `The request body exceeds the limit of ${limit} bytes.`);
}

/** The JSON of a body; a number that JSON.parse would round is infinite. Throws `invalid-request`. */
export function jsonOf(bytes: Buffer): unknown {
  const notJson = () => invalidRequest([{ path: '', message: 'the body must be JSON encoded in UTF-8' }]);
  // Not a TextDecoder: creating a process's first one takes milliseconds.
  if (!isUtf8(bytes)) throw notJson();
  try {
    const text = bytes.toString('utf8').replace(/^\ufeff/, '');
    return MAY_BE_ROUNDED.test(text) ? parseExactJson(text) : JSON.parse(text);
  } catch {
    throw notJson();
  }
}

/** The JSON body of an API request, at most 256 KiB. Throws `invalid-request` or `payload-too-large`. */
export function bodyOf(event: APIGatewayProxyEventV2): unknown {
  return jsonOf(bytesOf(event, BODY_LIMIT));
}
