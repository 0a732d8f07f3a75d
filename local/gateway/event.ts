/** The events of an HTTP API, payload format 2.0. */
import type {
  APIGatewayProxyEventV2WithLambdaAuthorizer,
  APIGatewayRequestAuthorizerEventV2,
} from 'aws-lambda';
import { ACCOUNT_ID, REGION } from '../lambda.ts';

/** A request that is matched to a route, in the form that the events need. */
export type GatewayRequest = {
  requestId: string;
  at: Date;
  method: string;
  rawPath: string;
  rawQueryString: string;
  /** Lower-case names, duplicates joined by commas, no cookies. */
  headers: Record<string, string>;
  cookies: string[];
  body: Buffer;
  sourceIp: string;
  routeKey: string;
  pathParameters: Record<string, string>;
};

/** `context` of the authorizer's response; null if it has none. */
export type AuthorizerContext = Record<string, unknown> | null;
export type ProxyEvent = APIGatewayProxyEventV2WithLambdaAuthorizer<AuthorizerContext>;
export type AuthorizerEvent = APIGatewayRequestAuthorizerEventV2;

const API_ID = 'local';
const DOMAIN_NAME = `${API_ID}.execute-api.${REGION}.amazonaws.com`;

const isFilled = (record: object): boolean => Object.keys(record).length > 0;

// Measured on AWS (ministackorg/ministack#766): these types come as text. All others come as base64, including a
// form and a body without a content type. The suffixes +json and +xml are our assumption, not measured.
const TEXT_TYPE = /^(text\/.*|application\/(json|javascript|xml)|[^/]+\/[^/]+\+(json|xml))$/;

const isText = (headers: Record<string, string>): boolean => {
  const contentType = headers['content-type']?.split(';')[0]?.trim().toLowerCase() ?? '';
  // Compressed text is not text: API Gateway does not decompress it.
  return TEXT_TYPE.test(contentType) && (headers['content-encoding'] ?? 'identity') === 'identity';
};

const bodyFields = ({ headers, body }: GatewayRequest) => {
  if (body.length === 0) return { isBase64Encoded: false };
  const isBase64Encoded = !isText(headers);
  return { body: body.toString(isBase64Encoded ? 'base64' : 'utf8'), isBase64Encoded };
};

const queryFields = (rawQueryString: string) => {
  const parameters: Record<string, string> = {};
  for (const [name, value] of new URLSearchParams(rawQueryString)) {
    parameters[name] = name in parameters ? `${parameters[name]},${value}` : value;
  }
  return isFilled(parameters) ? { queryStringParameters: parameters } : {};
};

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The format of access logs: 12/Mar/2020:19:03:58 +0000 */
const logTime = (at: Date): string => {
  const [date = '', time = ''] = at.toISOString().split('T');
  const [year, , day] = date.split('-');
  return `${day}/${MONTHS[at.getUTCMonth()]}/${year}:${time.slice(0, 8)} +0000`;
};

const requestContext = (request: GatewayRequest) => ({
  accountId: ACCOUNT_ID,
  apiId: API_ID,
  domainName: DOMAIN_NAME,
  domainPrefix: API_ID,
  http: {
    method: request.method,
    path: request.rawPath,
    protocol: 'HTTP/1.1',
    sourceIp: request.sourceIp,
    userAgent: request.headers['user-agent'] ?? '',
  },
  requestId: request.requestId,
  routeKey: request.routeKey,
  stage: '$default',
  time: logTime(request.at),
  timeEpoch: request.at.getTime(),
});

const commonFields = (request: GatewayRequest) => ({
  version: '2.0',
  routeKey: request.routeKey,
  rawPath: request.rawPath,
  rawQueryString: request.rawQueryString,
  headers: request.headers,
  ...queryFields(request.rawQueryString),
  ...(isFilled(request.pathParameters) ? { pathParameters: request.pathParameters } : {}),
});

/**
 * The event of a Lambda proxy integration. Empty fields are omitted, as on AWS.
 * `authorizer` is the context from the route's authorizer. On an open route it is undefined, and requestContext has
 * no `authorizer`, as on AWS.
 */
export const proxyEvent = (request: GatewayRequest, authorizer?: AuthorizerContext): ProxyEvent => {
  const context = requestContext(request);
  const event = {
    ...commonFields(request),
    ...(request.cookies.length > 0 ? { cookies: request.cookies } : {}),
    requestContext: authorizer === undefined ? context : { ...context, authorizer: { lambda: authorizer } },
    ...bodyFields(request),
  };
  return event as ProxyEvent;
};

/** The event of a REQUEST authorizer. `identitySource`: the values in the order of the configuration. */
export const authorizerEvent = (request: GatewayRequest, identitySource: string[]): AuthorizerEvent => {
  const path = request.rawPath.replace(/^\//, '');
  return {
    ...commonFields(request),
    type: 'REQUEST',
    routeArn: `arn:aws:execute-api:${REGION}:${ACCOUNT_ID}:${API_ID}/$default/${request.method}/${path}`,
    identitySource,
    cookies: request.cookies,
    requestContext: requestContext(request) as AuthorizerEvent['requestContext'],
  };
};
