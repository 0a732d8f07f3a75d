/**
 * An in-process stand-in for an API Gateway HTTP API: routes, authorizers, events of payload format 2.0,
 * and API Gateway's own error responses.
 */
import { randomUUID } from 'node:crypto';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { guarded } from '../guard.ts';
import { listen, readBody } from '../http-server.ts';
import { invoke, type LambdaFunction, within } from '../lambda.ts';
import { type Authorizer, type AuthorizerDefinition, createAuthorizer } from './authorizer.ts';
import { type AuthorizerContext, type GatewayRequest, proxyEvent } from './event.ts';
import { answerOf, type GatewayAnswer, gatewayMessage, internalServerError } from './response.ts';
import { createRouter, type Route, type RouteMatch } from './routes.ts';

export type ApiGatewayOptions = {
  /** 0 for any free port. */
  port: number;
  routes: Route[];
  authorizers: Record<string, AuthorizerDefinition>;
  functions: Record<string, LambdaFunction>;
  /** How long the API waits for a function. Default: AWS's hard limit, 30 000. */
  integrationTimeoutMs?: number;
};

export type ApiGateway = { url: string; close: () => Promise<void> };

const MAX_BODY_BYTES = 10 * 1024 * 1024;
const INTEGRATION_TIMEOUT_MS = 30_000;
const TOO_SLOW = 'the integration timed out';

const functionOf = (functions: Record<string, LambdaFunction>, name: string): LambdaFunction => {
  const found = functions[name];
  if (!found) throw new Error(`a route or authorizer names the function ${name}, which does not exist`);
  return found;
};

const createAuthorizers = ({ authorizers, functions }: ApiGatewayOptions): Map<string, Authorizer> =>
  new Map(
    Object.entries(authorizers).map(([name, definition]) => [
      name,
      createAuthorizer(definition, functionOf(functions, definition.functionName)),
    ]),
  );

const headersOf = (request: IncomingMessage): Record<string, string> => {
  const headers: Record<string, string> = {};
  for (const [name, values] of Object.entries(request.headersDistinct)) {
    // In format 2.0, cookies have their own field. `connection` concerns the proxy, not the function.
    if (values && name !== 'cookie' && name !== 'connection') headers[name] = values.join(',');
  }
  return headers;
};

const gatewayRequest = (request: IncomingMessage, body: Buffer, match: RouteMatch): GatewayRequest => {
  const [rawPath = '/', rawQueryString = ''] = (request.url ?? '/').split(/\?(.*)/s);
  const sourceIp = request.socket.remoteAddress ?? '127.0.0.1';
  const forwarded = { 'x-forwarded-for': sourceIp, 'x-forwarded-proto': 'https', 'x-forwarded-port': '443' };
  return {
    requestId: randomUUID(),
    at: new Date(),
    method: request.method ?? 'GET',
    rawPath,
    rawQueryString,
    headers: { ...headersOf(request), ...forwarded },
    cookies: request.headers.cookie?.split(/; */) ?? [],
    body,
    sourceIp,
    routeKey: match.routeKey,
    pathParameters: match.pathParameters,
  };
};

const integrate = async (
  lambda: LambdaFunction,
  request: GatewayRequest,
  authorizer: AuthorizerContext | undefined,
  timeoutMs: number,
): Promise<GatewayAnswer> => {
  try {
    const answer = invoke(lambda, proxyEvent(request, authorizer));
    return answerOf(await within(timeoutMs, answer, TOO_SLOW));
  } catch (error) {
    if (error instanceof Error && error.message === TOO_SLOW)
      return gatewayMessage(503, 'Service Unavailable');
    console.error(`${lambda.name}:`, error);
    return internalServerError();
  }
};

const send = (response: ServerResponse, requestId: string, answer: GatewayAnswer): void => {
  const { statusCode, headers, cookies, body } = answer;
  response.writeHead(statusCode, {
    ...headers,
    'content-length': body.length,
    'apigw-requestid': requestId,
    ...(cookies.length > 0 ? { 'set-cookie': cookies } : {}),
  });
  response.end(body);
};

/**
 * Starts the API on 127.0.0.1. Its own error responses, all `{"message":"…"}`: 400 for a path with invalid
 * percent-encoding, 401 without an identity, 403 if the authorizer denies, 404 without a route, 413 for a body
 * over 10 MB, 500 if a function throws, exceeds its timeout or returns a malformed response, 503 if the
 * integration times out. Rejects with EADDRINUSE if the port is taken.
 */
export const startApiGateway = async (options: ApiGatewayOptions): Promise<ApiGateway> => {
  const router = createRouter(options.routes);
  const authorizers = createAuthorizers(options);
  const timeoutMs = options.integrationTimeoutMs ?? INTEGRATION_TIMEOUT_MS;
  for (const { functionName } of options.routes) functionOf(options.functions, functionName);

  const answerTo = async ({ route }: RouteMatch, request: GatewayRequest): Promise<GatewayAnswer> => {
    const lambda = functionOf(options.functions, route.functionName);
    if (route.authorizer === null) return integrate(lambda, request, undefined, timeoutMs);
    const authorizer = authorizers.get(route.authorizer);
    if (!authorizer) throw new Error(`no authorizer ${route.authorizer}`);
    const decision = await authorizer(request);
    if (decision.outcome === 'unauthorized') return gatewayMessage(401, 'Unauthorized');
    if (decision.outcome === 'forbidden') return gatewayMessage(403, 'Forbidden');
    return integrate(lambda, request, decision.context, timeoutMs);
  };

  const handle = async (incoming: IncomingMessage, response: ServerResponse): Promise<void> => {
    const body = await readBody(incoming, MAX_BODY_BYTES);
    if (!body) return send(response, randomUUID(), gatewayMessage(413, 'Request Entity Too Large'));
    const path = (incoming.url ?? '/').split('?')[0] ?? '/';
    const match = router(incoming.method ?? 'GET', path);
    if (!match) return send(response, randomUUID(), gatewayMessage(404, 'Not Found'));
    const request = gatewayRequest(incoming, body, match);
    send(response, request.requestId, await answerTo(match, request));
  };

  const answerAll: RequestListener = (incoming, response) => {
    handle(incoming, response).catch((error: unknown) => {
      if (incoming.destroyed && !incoming.complete) return;
      if (error instanceof URIError) return send(response, randomUUID(), gatewayMessage(400, 'Bad Request'));
      console.error('gateway:', error);
      send(response, randomUUID(), internalServerError());
    });
  };
  // A real HTTP API takes any type, and curl sends JSON as a form unless it is given another.
  const server = createServer(guarded(answerAll, { plainBodies: 'refused-from-browsers' }));
  const { url, close } = await listen(server, options.port);
  return { url, close };
};
