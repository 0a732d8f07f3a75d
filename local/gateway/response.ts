/** How an HTTP API turns a function's result into a response (payload format 2.0). */
export type GatewayAnswer = {
  statusCode: number;
  headers: Record<string, string>;
  cookies: string[];
  body: Buffer;
};

const JSON_TYPE = 'application/json';
// API Gateway's default for a response without a type.
const DEFAULT_TYPE = 'text/plain;charset=UTF-8';
// API Gateway sets these itself: they concern the connection.
const OWN_HEADERS = new Set(['connection', 'keep-alive', 'transfer-encoding', 'content-length']);

/** API Gateway's own responses, such as `{"message":"Not Found"}`. */
export const gatewayMessage = (statusCode: number, message: string): GatewayAnswer => ({
  statusCode,
  headers: { 'content-type': JSON_TYPE },
  cookies: [],
  body: Buffer.from(JSON.stringify({ message })),
});

export const internalServerError = (): GatewayAnswer => gatewayMessage(500, 'Internal Server Error');

type ProxyResult = {
  statusCode: unknown;
  headers?: unknown;
  cookies?: unknown;
  body?: unknown;
  isBase64Encoded?: unknown;
};

const isResult = (value: unknown): value is ProxyResult =>
  typeof value === 'object' && value !== null && 'statusCode' in value;

const isStatus = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 200 && value <= 599;

const headersOf = (headers: unknown): Record<string, string> | undefined => {
  if (headers === undefined || headers === null) return {};
  if (typeof headers !== 'object' || Array.isArray(headers)) return undefined;
  const entries = Object.entries(headers);
  if (entries.some(([, value]) => typeof value === 'object')) return undefined;
  return Object.fromEntries(
    entries
      .map(([name, value]) => [name.toLowerCase(), String(value)] as const)
      .filter(([name]) => !OWN_HEADERS.has(name)),
  );
};

const inferred = (value: unknown): GatewayAnswer => ({
  statusCode: 200,
  headers: { 'content-type': JSON_TYPE },
  cookies: [],
  body: Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)),
});

const isStrings = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((entry) => typeof entry === 'string');

/**
 * A value without `statusCode` becomes a 200 with that value as JSON. A malformed response becomes a 500, as on AWS:
 * an invalid status, a body that is not a string, headers that are not plain values.
 */
export const answerOf = (value: unknown): GatewayAnswer => {
  if (!isResult(value)) return inferred(value);
  const { statusCode, body = '', cookies = [], isBase64Encoded } = value;
  const headers = headersOf(value.headers);
  if (!isStatus(statusCode) || !headers || !isStrings(cookies)) return internalServerError();
  if (typeof body !== 'string' && body !== null) return internalServerError();
  return {
    statusCode,
    headers: { 'content-type': DEFAULT_TYPE, ...headers },
    cookies,
    body: Buffer.from(body ?? '', isBase64Encoded === true ? 'base64' : 'utf8'),
  };
};
