import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

/** Enough for a send to start: with little time left it would refuse. */
const TIME_LEFT_MS = 29_000;

/** A POST of a client, as the HTTP API invokes a function with it, and its context. For a rehearsal (ADR 020). */
export function rehearsedPost(path: string, body: object) {
  const authorizer = { lambda: { clientId: 'rehearsal', scopes: '' } };
  const routeKey = `POST ${path}`;
  const http = { method: 'POST', path, protocol: 'HTTP/1.1', sourceIp: '127.0.0.1', userAgent: '' };
  const event: APIGatewayProxyEventV2 = {
    version: '2.0',
    routeKey,
    rawPath: path,
    rawQueryString: '',
    headers: { 'content-type': 'application/json' },
    requestContext: {
      ...{ accountId: '', apiId: '', domainName: '', domainPrefix: '', stage: '$default' },
      ...{ http, requestId: 'rehearsal', routeKey, time: '', timeEpoch: 0, authorizer },
    },
    body: JSON.stringify(body),
    isBase64Encoded: false,
  };
  const ends = () => {};
  const context: Context = {
    ...{ functionName: '', functionVersion: '', invokedFunctionArn: '', memoryLimitInMB: '' },
    ...{ awsRequestId: 'rehearsal', logGroupName: '', logStreamName: '' },
    ...{ callbackWaitsForEmptyEventLoop: true, done: ends, fail: ends, succeed: ends },
    getRemainingTimeInMillis: () => TIME_LEFT_MS,
  };
  return { event, context };
}
