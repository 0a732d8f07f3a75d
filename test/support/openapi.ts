/** openapi.yaml for tests: its operations with every `$ref` followed, and where an answer differs from it. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { parse } from 'yaml';
import type { Scope } from '../../src/lib/clients/scopes.ts';
import { type ApiResponse, api } from '../../src/lib/http/api.ts';
import type { ErrorCode } from '../../src/lib/platform/errors.ts';
import type { Telemetry } from '../../src/lib/platform/ports.ts';
import { entryPorts } from './fakes/api.ts';
import { httpEvent } from './http-event.ts';

export type Json = Record<string, unknown>;
export type Schema = Json & {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  oneOf?: Schema[];
  required?: string[];
  enum?: unknown[];
  const?: unknown;
  maxLength?: number;
  default?: unknown;
};
type Examples = Record<string, { value: unknown }>;
type Content = Record<string, { schema: Schema; examples: Examples }>;
type Header = { required?: boolean; schema: Schema };
type Response = { headers?: Record<string, Header>; content?: Content };
export type Operation = {
  security?: { client: Scope[] }[];
  parameters?: { name: string; schema: Schema }[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
};

export const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

export const document = parse(read('openapi.yaml')) as {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
  webhooks: Record<string, { post: Required<Pick<Operation, 'requestBody'>> }>;
  components: { schemas: Record<string, Schema> };
};

/** Follows a `$ref`; what stands beside it stays. */
function resolved<T>(node: T): T {
  const { $ref, ...beside } = node as Json;
  if (typeof $ref !== 'string') return node;
  const steps = $ref.replace('#/', '').split('/');
  const target = steps.reduce<unknown>((at, step) => (at as Json)[step], document);
  if (target === undefined) throw new Error(`${$ref} leads nowhere`);
  return { ...resolved(target as Json), ...beside } as T;
}

export function bundled<T>(node: T): T {
  if (Array.isArray(node)) return node.map(bundled) as T;
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(resolved(node)).map(([k, v]) => [k, bundled(v)])) as T;
}

/** Whatever a schema does not name is refused; callers may be more tolerant, this test is not. */
export function closed(schema: Schema): Schema {
  const { properties, items, ...rest } = schema;
  return {
    ...rest,
    ...(items ? { items: closed(items) } : {}),
    ...(properties ? { properties: mapValues(properties, closed) } : {}),
    ...(properties || rest.allOf ? { unevaluatedProperties: false } : {}),
  };
}

export function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

// Fields that go together are required, or refused, beside the place where they are described.
// Formats are hints here, beside patterns: what counts is what the code takes.
const formats = { phone: true, customer: true, 'date-time': true } as const;
const ajv = new Ajv2020({
  ...{ strict: true, strictTypes: false, strictRequired: false, allErrors: true },
  formats,
});

/** What is wrong with `value`; empty if nothing is. */
export function faultsOf(schema: Schema, value: unknown): string[] {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

export const operations = new Map<string, Operation>(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, bundled(operation)] as const,
    ),
  ),
);

export function operationOf(routeKey: string): Operation {
  const operation = operations.get(routeKey);
  if (!operation) throw new Error(`openapi.yaml has no ${routeKey}`);
  return operation;
}

export function schemaOf(routeKey: string, status: number, type = 'application/json'): Schema {
  const schema = operationOf(routeKey).responses[status]?.content?.[type]?.schema;
  if (!schema) throw new Error(`openapi.yaml has no ${routeKey} ${status} ${type}`);
  return schema;
}

/** The codes that a problem's schema allows. */
export function codesIn(schema: Schema | undefined): ErrorCode[] {
  const narrowed = schema?.allOf?.find((part) => part.properties?.['code'] && !part.properties['title']);
  return (narrowed?.properties?.['code']?.enum ?? []) as ErrorCode[];
}

const nothing = () => {};
const silent: Telemetry = {
  info: nothing,
  warn: nothing,
  error: nothing,
  count: nothing,
  counts: nothing,
  measure: nothing,
};
const context = { getRemainingTimeInMillis: () => 5000 } as Context;

/** The whole answer, by the one stack of all HTTP handlers. */
export const answered = (routeKey: string, handle: () => ApiResponse | Promise<ApiResponse>) => {
  const [method = '', path = ''] = routeKey.split(' ');
  const handler = api({ ...entryPorts(), telemetry: silent }, async () => handle());
  const authorizer = { clientId: 'client-1', scopes: 'send read campaigns consent' };
  return handler(httpEvent({ method, path, routeKey, authorizer }), context);
};

/** A body of text is the value itself; any other is JSON. */
const valueIn = (type: string, body: string): unknown => (type.startsWith('text/') ? body : JSON.parse(body));

/** On every body of ours, as `info.description` says once for all. An operation may describe its own value. */
const OF_BODIES: Record<string, Header> = {
  'cache-control': { schema: { const: 'no-store' } },
  'x-content-type-options': { schema: { const: 'nosniff' } },
};

/** Where an answer and openapi.yaml differ: status, type, headers, body. */
export const differences = (routeKey: string, answer: APIGatewayProxyStructuredResultV2): string[] => {
  const status = String(answer.statusCode);
  const headers = mapValues(answer.headers ?? {}, String);
  const { 'content-type': type = '', ...others } = headers;
  const documented = operationOf(routeKey).responses[status];
  const media = documented?.content?.[type];
  const isDescribed = answer.body === undefined ? !documented?.content && type === '' : media;
  if (!documented || !isDescribed) return [`${status} ${type} is not described`];
  const described = Object.fromEntries(
    Object.entries(documented.headers ?? {}).map(([name, header]) => [name.toLowerCase(), header]),
  );
  // API Gateway's own responses have no correlation id, and it takes the body from a response to HEAD.
  const isOurs = answer.body !== undefined && 'x-correlation-id' in others;
  const ofBodies = mapValues(OF_BODIES, (header) => ({ ...header, required: isOurs }));
  const known = { ...ofBodies, ...described };
  const missing = Object.keys(known).filter((name) => known[name]?.required && !(name in others));
  const wrong = Object.entries(others).flatMap(([name, value]) => {
    const header = known[name];
    return header ? faultsOf(header.schema, value).map((f) => `${name}: ${f}`) : [`${name} is not described`];
  });
  return [
    ...missing.map((name) => `${name} is missing`),
    ...wrong,
    ...(media ? faultsOf(closed(media.schema), valueIn(type, answer.body ?? '')) : []),
  ];
};

/** `session.open`, `timeline.at`: the properties that a schema names. */
export function documentedNames(schema: Schema): string[] {
  const parts = [schema, ...(schema.allOf ?? [])];
  return parts.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, inner]) => [
      name,
      ...documentedNames(inner.items ?? inner).map((below) => `${name}.${below}`),
    ]),
  );
}

/** The same names for a value; a list's are those of its entries. */
export function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...namesIn(inner).map((below) => `${name}.${below}`),
  ]);
}
