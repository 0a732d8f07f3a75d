/** The HTTP stack with a handler in it that a test wrote, and events as plain as they may come. */
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { type ApiRequest, type ApiResponse, api } from '../../../src/lib/http/api.ts';
import type { Telemetry } from '../../../src/lib/platform/ports.ts';

interface PlainEvent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  readonly authorizer?: unknown;
  readonly pathParameters?: Record<string, string>;
  readonly requestId?: string;
}

export const plainEvent = ({ authorizer, requestId = 'request-1', ...given }: PlainEvent = {}) =>
  ({
    version: '2.0',
    routeKey: 'POST /v1/flows',
    rawPath: '/v1/webhooks/lipachat/secret-canary',
    requestContext: {
      requestId,
      http: { method: 'POST' },
      ...(authorizer === undefined ? {} : { authorizer }),
    },
    ...given,
  }) as unknown as APIGatewayProxyEventV2;

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

export const answering =
  (answer: ApiResponse = { status: 200, body: { ok: true } }): Handle =>
  () =>
    Promise.resolve(answer);

/** What the stack answers, invoked without a context; `json` is the body. */
export async function answerTo(telemetry: Telemetry, event: APIGatewayProxyEventV2, handle: Handle) {
  const handler = api(telemetry, handle) as unknown as (
    event: APIGatewayProxyEventV2,
  ) => Promise<APIGatewayProxyStructuredResultV2>;
  const answer = await handler(event);
  return { ...answer, json: JSON.parse(answer.body ?? 'null') as Record<string, unknown> };
}
