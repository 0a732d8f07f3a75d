/** Events in the shape that their AWS service gives them. */
import { randomUUID } from 'node:crypto';
import type { SQSEvent } from 'aws-lambda';
import { queueArn } from '../../local/aws/queues.ts';
import { type AuthorizerEvent, authorizerEvent, type ProxyEvent } from '../../local/gateway/event.ts';
import { ACCOUNT_ID, REGION } from '../../local/lambda.ts';
import { httpEvent } from '../support/http-event.ts';

const CALLER = { clientId: 'runtime', scopes: 'send read campaigns admin' };

type Request = { parameters?: Record<string, string>; headers?: Record<string, string>; body?: object };

/** A request to a route such as `GET /v1/messages/{messageId}`. */
export const request = (
  routeKey: string,
  { parameters = {}, headers = {}, body }: Request = {},
): ProxyEvent => {
  const [method = '', route = ''] = routeKey.split(' ');
  return httpEvent({
    method,
    path: route.replaceAll(/\{(\w+)\}/g, (_, name: string) => parameters[name] ?? ''),
    routeKey,
    headers,
    pathParameters: parameters,
    authorizer: CALLER,
    ...(body ? { body } : {}),
  });
};

/** What the HTTP API asks its authorizer about a request with that token. */
export const authorization = (routeKey: string, token: string): AuthorizerEvent => {
  const [method = '', rawPath = ''] = routeKey.split(' ');
  const bearer = `Bearer ${token}`;
  const asked = { method, rawPath, routeKey, pathParameters: {}, headers: { authorization: bearer } };
  const rest = { rawQueryString: '', cookies: [], body: Buffer.alloc(0), sourceIp: '127.0.0.1' };
  return authorizerEvent({ ...asked, ...rest, requestId: randomUUID(), at: new Date() }, [
    bearer,
    routeKey,
    rest.sourceIp,
  ]);
};

/** One record of a queue, by its logical id. */
export const record = (queueName: string, body: string): SQSEvent => {
  const at = `${Date.now()}`;
  const attributes = {
    ApproximateReceiveCount: '1',
    SentTimestamp: at,
    SenderId: ACCOUNT_ID,
    ApproximateFirstReceiveTimestamp: at,
  };
  const ids = { messageId: randomUUID(), receiptHandle: randomUUID() };
  const source = { eventSource: 'aws:sqs', eventSourceARN: queueArn(queueName), awsRegion: REGION };
  return { Records: [{ ...ids, body, attributes, messageAttributes: {}, md5OfBody: '', ...source }] };
};

/** A minute of a rule of infra/schedules.yml. */
export const tick = (): object => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT_ID,
  time: new Date().toISOString(),
  region: REGION,
  resources: [`arn:aws:events:${REGION}:${ACCOUNT_ID}:rule/tick`],
  detail: {},
});
