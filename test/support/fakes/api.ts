/** The HTTP stack with a handler from a test, and minimal events. */
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';
import { type ApiRequest, type ApiResponse, api, type EntryPorts } from '../../../src/lib/http/api.ts';
import { jsonEvent } from '../json-event.ts';
import { manualClock, namedRandom } from './clock.ts';
import { NOW } from './samples.ts';
import { type FakeTelemetry, fakeTelemetry } from './telemetry.ts';

/** What an entry needs: time that stands still at `NOW`, ids `entry~1`, `entry~2`, and logs that a test can read. */
export const entryPorts = (telemetry = fakeTelemetry()): EntryPorts & { telemetry: FakeTelemetry } => ({
  telemetry,
  clock: manualClock(NOW),
  random: namedRandom('entry'),
});

interface PlainEvent {
  readonly headers?: Record<string, string>;
  readonly body?: string;
  readonly isBase64Encoded?: boolean;
  /** By default that of a client; null for none. */
  readonly authorizer?: unknown;
  readonly routeKey?: string;
  readonly pathParameters?: Record<string, string>;
  readonly requestId?: string;
  readonly sourceIp?: string;
}

const CLIENT = { lambda: { clientId: 'client-1', scopes: 'send read' } };

export const plainEvent = ({
  authorizer = CLIENT,
  requestId = 'request-1',
  sourceIp,
  ...given
}: PlainEvent = {}) =>
  jsonEvent<APIGatewayProxyEventV2>({
    version: '2.0',
    routeKey: 'POST /v1/flows',
    rawPath: '/v1/webhooks/lipachat/secret-canary',
    requestContext: {
      requestId,
      http: { method: 'POST', ...(sourceIp === undefined ? {} : { sourceIp }) },
      ...(authorizer === null ? {} : { authorizer }),
    },
    ...given,
  });

export type Handle = (request: ApiRequest) => Promise<ApiResponse>;

export const answering =
  (answer: ApiResponse = { status: 200, body: { ok: true } }): Handle =>
  () =>
    Promise.resolve(answer);

const NO_CONTEXT: unknown = undefined;

/** The response of the stack, invoked without a context; `json` is the parsed body. */
export async function answerTo(telemetry: FakeTelemetry, event: APIGatewayProxyEventV2, handle: Handle) {
  const answer = await api(entryPorts(telemetry), handle)(event, NO_CONTEXT as Context);
  return { ...answer, json: JSON.parse(answer.body ?? 'null') as Record<string, unknown> };
}
