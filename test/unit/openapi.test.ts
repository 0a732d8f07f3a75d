/** openapi.yaml and the code say the same, in both directions: what one side adds alone fails here. */
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import type { APIGatewayProxyStructuredResultV2, Context } from 'aws-lambda';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { gatewayMessage } from '../../local/gateway-response.ts';
import { readStack } from '../../local/stack.ts';
import { mayUse, type Scope } from '../../src/lib/domain/access.ts';
import { type ClaimTerms, fenceOf, newClaim } from '../../src/lib/domain/claim.ts';
import { AppError, type ErrorCode } from '../../src/lib/domain/errors.ts';
import type { Status } from '../../src/lib/domain/ladder.ts';
import { afterReport, type Message, pairOf, type TimelineEntry } from '../../src/lib/domain/message.ts';
import { receiptOf, viewOf } from '../../src/lib/domain/receipt.ts';
import { afterInbound, type Session } from '../../src/lib/domain/session.ts';
import { settledRejected, settledSent, settledUnknown } from '../../src/lib/domain/settlement.ts';
import { type ApiAnswer, api } from '../../src/lib/edge/api.ts';
import { flowBody, parseFlow, refuseRespondAsync } from '../../src/lib/edge/contracts.ts';
import { problemOf } from '../../src/lib/edge/problem.ts';
import { sendAnswer } from '../../src/lib/edge/send-answer.ts';
import type { MessageStore, SessionStore, Telemetry } from '../../src/lib/ports.ts';
import { makeRead } from '../../src/lib/usecases/read.ts';
import { httpEvent } from '../support/http-event.ts';

type Json = Record<string, unknown>;
type Schema = Json & {
  $ref?: string;
  properties?: Record<string, Schema>;
  items?: Schema;
  allOf?: Schema[];
  required?: string[];
  enum?: unknown[];
  const?: unknown;
  maxLength?: number;
  default?: unknown;
};
type Examples = Record<string, { value: unknown }>;
type Content = Record<string, { schema: Schema; examples: Examples }>;
type Header = { required?: boolean; schema: Schema };
type Response = { headers?: Record<string, Header>; content: Content };
type Operation = {
  security?: { client: Scope[] }[];
  requestBody?: { content: Content };
  responses: Record<string, Response>;
};

const read = (path: string): string => readFileSync(new URL(`../../${path}`, import.meta.url), 'utf8');

const document = parse(read('openapi.yaml')) as {
  info: { version: string };
  paths: Record<string, Record<string, Operation>>;
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

function bundled<T>(node: T): T {
  if (Array.isArray(node)) return node.map(bundled) as T;
  if (typeof node !== 'object' || node === null) return node;
  return Object.fromEntries(Object.entries(resolved(node)).map(([k, v]) => [k, bundled(v)])) as T;
}

/** Whatever a schema does not name is refused; callers may be more tolerant, this test is not. */
function closed(schema: Schema): Schema {
  const { properties, items, ...rest } = schema;
  return {
    ...rest,
    ...(items ? { items: closed(items) } : {}),
    ...(properties ? { properties: mapValues(properties, closed) } : {}),
    ...(properties || rest.allOf ? { unevaluatedProperties: false } : {}),
  };
}

function mapValues<T, U>(record: Record<string, T>, change: (value: T) => U): Record<string, U> {
  return Object.fromEntries(Object.entries(record).map(([key, value]) => [key, change(value)]));
}

const ajv = new Ajv2020({ strict: true, strictTypes: false, allErrors: true });

/** What is wrong with `value`; empty if nothing is. */
function faultsOf(schema: Schema, value: unknown): string[] {
  const validate = ajv.compile(schema);
  if (validate(value)) return [];
  return (validate.errors ?? []).map(
    ({ instancePath, message, params }) => `${instancePath} ${message} ${JSON.stringify(params)}`,
  );
}

const operations = new Map<string, Operation>(
  Object.entries(document.paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}`, bundled(operation)] as const,
    ),
  ),
);

const FLOWS = 'POST /v1/flows';
const MESSAGE = 'GET /v1/messages/{messageId}';
const SESSION = 'GET /v1/sessions/{from}/{to}';

function operationOf(routeKey: string): Operation {
  const operation = operations.get(routeKey);
  if (!operation) throw new Error(`openapi.yaml has no ${routeKey}`);
  return operation;
}

function schemaOf(routeKey: string, status: number, type = 'application/json'): Schema {
  const schema = operationOf(routeKey).responses[status]?.content[type]?.schema;
  if (!schema) throw new Error(`openapi.yaml has no ${routeKey} ${status} ${type}`);
  return schema;
}

describe('the operations', () => {
  const { routes } = readStack();

  it('are the routes of serverless.yml', () => {
    expect([...operations.keys()].sort()).toEqual(routes.map((r) => `${r.method} ${r.path}`).sort());
  });

  it.each(routes.map((r) => [`${r.method} ${r.path}`, r.authorizer] as const))(
    '%s needs the scope that the authorizer asks for',
    (routeKey, authorizer) => {
      const documented = operationOf(routeKey).security?.flatMap(({ client }) => client);
      const scopes: Scope[] = ['send', 'read', 'campaigns', 'admin'];
      const asked = authorizer === null ? [] : scopes.filter((scope) => mayUse(routeKey, [scope]));
      expect(documented).toEqual(asked);
    },
  );

  it('have the version of package.json', () => {
    expect(document.info.version).toBe((JSON.parse(read('package.json')) as Json)['version']);
  });

  it('have examples that keep to their schemas', () => {
    const contents = [...operations].flatMap(([routeKey, { requestBody, responses }]) =>
      [requestBody, ...Object.values(responses)].flatMap((part) =>
        Object.entries(part?.content ?? {}).map(([type, media]) => ({ at: `${routeKey} ${type}`, ...media })),
      ),
    );
    const faults = contents.flatMap(({ at, schema, examples }) =>
      Object.entries(examples).flatMap(([name, { value }]) =>
        faultsOf(closed(schema), value).map((fault) => `${at} ${name}: ${fault}`),
      ),
    );
    expect(faults).toEqual([]);
    expect(contents.length).toBeGreaterThan(20);
  });
});

describe('the body of POST /v1/flows', () => {
  const content = operationOf(FLOWS).requestBody?.content['application/json'];
  const schema = content?.schema ?? {};
  const documented = schema.properties ?? {};
  const base: Json = JSON.parse(read('examples/send-flow.json'));
  const sender = '254110090747';

  /** Fields that the code knows only to refuse them by name, so they are not described. */
  const REFUSED_BY_NAME = { template: { name: 'welcome' }, parkForSeconds: 60 };
  const ABSENT = Symbol('absent');

  const lengths = (field: string): unknown[] => {
    const max = documented[field]?.maxLength ?? Number.NaN;
    return ['', 'x', 'x'.repeat(max), 'x'.repeat(max + 1), '𝒜'.repeat(max), '𝒜'.repeat(max + 1)];
  };
  const notStrings = [null, 5, true, ['x'], { x: 1 }];
  const phones = [
    '254717746565',
    '+254717746565',
    '+254 717-746 565',
    '(254) 717746565',
    '254\u2010717\u2015746565',
    '',
    '++254717746565',
    '254717746565x',
    '254.717.746565',
  ];
  const candidates: Record<string, unknown[]> = {
    messageId: ['a', 'a'.repeat(128), 'a'.repeat(129), '', 'AZaz09._:~-', 'a b', 'a/b', 'é', ...notStrings],
    to: [...phones, ...notStrings],
    from: [...phones, ...notStrings],
    text: [...lengths('text'), ...notStrings],
    flowId: [...lengths('flowId'), ...notStrings],
    flowCta: [...lengths('flowCta'), ...notStrings],
    screen: [...lengths('screen'), ...notStrings],
    data: [{}, { a: { b: [1, null, 'x'] } }, null, 'x', 5, true, []],
    whenClosed: ['reject', 'park', 'template', '', ...notStrings],
    ...mapValues(REFUSED_BY_NAME, (value) => [value, null, '']),
    unheardOf: [1, null],
  };

  const withField = (field: string, value: unknown): Json => {
    const { [field]: _, ...others } = base;
    return value === ABSENT ? others : { ...others, [field]: value };
  };
  const schemaTakes = (body: unknown): boolean => faultsOf(schema, body).length === 0;
  const codeRefuses = (body: unknown, from: string | undefined = sender) => {
    try {
      parseFlow(body, from);
      return undefined;
    } catch (error) {
      return error instanceof AppError ? error.errors : [];
    }
  };

  it('has the fields that the code takes, and no other', () => {
    const taken = Object.keys(flowBody.shape).filter((field) => !Object.hasOwn(REFUSED_BY_NAME, field));
    expect(Object.keys(documented).sort()).toEqual(taken.sort());
    expect(schema['additionalProperties']).toBe(false);
    for (const [field, value] of Object.entries(REFUSED_BY_NAME)) {
      const [error] = codeRefuses(withField(field, value)) ?? [];
      expect(error).toEqual({ path: field, message: expect.stringContaining('not available yet') });
    }
  });

  it('requires what the code requires', () => {
    const required = Object.keys(flowBody.shape).filter((field) => codeRefuses(withField(field, ABSENT)));
    expect([...(schema.required ?? [])].sort()).toEqual(required.sort());
  });

  it('has the defaults of the code', () => {
    const { data: _, whenClosed: __, ...bare } = base;
    const request: Json = { ...parseFlow(bare, sender) };
    const defaults = Object.entries(documented).filter(([, field]) => 'default' in field);
    expect(defaults.map(([field]) => field).sort()).toEqual(['data', 'whenClosed']);
    for (const [field, { default: value }] of defaults) expect(request[field]).toEqual(value);
  });

  it.each(Object.entries(candidates))(
    'agrees with the code on %s, at the limits and past them',
    (field, values) => {
      const taken = (take: (body: unknown) => boolean) =>
        values.map((value) => [value, take(withField(field, value))] as const);
      const takenByCode = taken((body) => codeRefuses(body) === undefined);
      expect(taken(schemaTakes)).toEqual(takenByCode);
      expect(takenByCode.map(([, isTaken]) => isTaken)).toContain(false);
    },
  );

  it('is an object', () => {
    for (const body of [null, [], 'x', 5])
      expect([schemaTakes(body), !codeRefuses(body)]).toEqual([false, false]);
  });

  const nested = (levels: number): Json => (levels === 0 ? {} : { a: nested(levels - 1) });

  /** Rules of the code that a portable JSON Schema can't say; openapi.yaml says them in words. */
  it.each<[rule: string, field: string, value: unknown]>([
    ['an emoji on the button', 'flowCta', 'Share 🙂'],
    ['a lone surrogate', 'text', '\ud800'],
    ['a number of no country', 'to', '999717746565'],
    ['brackets without a number', 'to', '()'],
    ['more than 16 KiB of data', 'data', { a: 'x'.repeat(16 * 1024) }],
    ['data over 100 levels deep', 'data', nested(101)],
    ['a whole number that JSON readers round', 'data', { a: 2 ** 53 }],
  ])('leaves it to words that the code refuses %s', (_, field, value) => {
    expect(schemaTakes(withField(field, value))).toBe(true);
    expect(codeRefuses(withField(field, value))).toMatchObject([{ path: field }]);
  });

  it('leaves it to words that `from` is required where there is no DEFAULT_FROM', () => {
    expect(() => parseFlow(withField('from', ABSENT), undefined)).toThrow(AppError);
  });

  it('leaves it to words that Prefer: respond-async is refused', () => {
    expect(() => refuseRespondAsync('wait=5, respond-async')).toThrow(AppError);
    expect(() => refuseRespondAsync('wait=5')).not.toThrow();
  });

  it('has the example that lies in examples/', () => {
    expect(content?.examples['flow']?.value).toEqual(base);
  });
});

describe('the words', () => {
  const { schemas } = document.components;

  // A code, status or source that is missing here, or gone there, does not compile.
  const CODES: Record<ErrorCode, true> = {
    'invalid-request': true,
    'not-found': true,
    'send-in-progress': true,
    'session-closed': true,
    'payload-too-large': true,
    'message-id-reused': true,
    'recipient-opted-out': true,
    'gateway-rejected': true,
    'gateway-credentials': true,
    'gateway-throttled': true,
    'gateway-unavailable': true,
    'store-unavailable': true,
    internal: true,
  };
  const STATUSES: Record<Status, true> = {
    sending: true,
    unknown: true,
    sent: true,
    failed: true,
    delivered: true,
    read: true,
  };
  const SOURCES: Record<TimelineEntry['source'], true> = {
    api: true,
    gateway: true,
    callback: true,
    sweeper: true,
  };

  it.each([
    ['codes', schemas['ProblemCode'], CODES],
    ['statuses', schemas['Status'], STATUSES],
    ['sources', schemas['Message']?.properties?.['timeline']?.items?.properties?.['source'], SOURCES],
  ])('for %s are those of the code', (_, schema, words) => {
    expect(schema?.enum?.toSorted()).toEqual(Object.keys(words).sort());
  });

  it('for problems stand at the status that the code gives them', () => {
    const documented = [...operations.values()].flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) =>
        codesIn(content['application/problem+json']?.schema).map((code) => [code, Number(status)] as const),
      ),
    );
    const given = Object.keys(CODES).map((code) => {
      const { problem } = problemOf(new AppError(code as ErrorCode, ''), 'id');
      return [code, problem.status] as const;
    });
    expect(new Map(documented)).toEqual(new Map(given));
    for (const [code, status] of documented) expect([code, status]).toEqual([code, new Map(given).get(code)]);
  });
});

/** The codes that a problem's schema allows. */
function codesIn(schema: Schema | undefined): ErrorCode[] {
  const narrowed = schema?.allOf?.find((part) => part.properties?.['code'] && !part.properties['title']);
  return (narrowed?.properties?.['code']?.enum ?? []) as ErrorCode[];
}

describe('the answers of the code', () => {
  const now = new Date('2026-01-02T03:04:05.678Z');
  const later = new Date(now.getTime() + 1000);
  const terms: ClaimTerms = {
    owner: 'owner',
    now,
    leaseSeconds: 60,
    retentionDays: 30,
    ambiguity: { mode: 'resend', resendHorizonSeconds: 900 },
  };
  const request = parseFlow(JSON.parse(read('examples/send-flow.json')), undefined);
  const claim = newClaim(request, 'client', terms);
  const settling = { now: later, calls: 1, retentionDays: 30 };
  const envelope = {
    timestamp: null,
    data: { waId: 'wamid.1' },
    status: 'success',
    message: '',
    errors: null,
  };
  const session = { open: true, expiresAt: later.toISOString() };
  const sent = settledSent(claim, {
    ...settling,
    session,
    accepted: { kind: 'accepted', waId: 'wamid.1', envelope },
  });
  const idOnly = settledSent(claim, {
    ...settling,
    session: { open: false, expiresAt: null },
    accepted: { kind: 'accepted', envelope: { ...envelope, padding: 'x'.repeat(17_000) } },
  });
  const waiting = settledUnknown(claim, fenceOf(claim), { ...settling, reason: 'silence', nextTryAt: later });
  const standing = settledUnknown(claim, fenceOf(claim), { ...settling, reason: 'silence' });
  const refused = settledRejected(claim, fenceOf(claim), {
    ...settling,
    detail: 'no',
    correlationId: 'first',
  });
  const failed = afterReport(sent, { status: 'failed', at: later, detail: '131026 undeliverable' });
  const delivered = afterReport(sent, { status: 'delivered', at: later });

  const silent: Telemetry = { info: () => {}, warn: () => {}, error: () => {}, count: () => {} };
  const context = { getRemainingTimeInMillis: () => 5000 } as Context;

  /** The whole answer, by the one stack of all HTTP handlers. */
  const answered = (routeKey: string, handle: () => ApiAnswer | Promise<ApiAnswer>) => {
    const [method = '', path = ''] = routeKey.split(' ');
    const handler = api(silent, async () => handle());
    return handler(httpEvent({ method, path, routeKey }), context);
  };

  /** Where an answer and openapi.yaml differ: status, type, headers, body. */
  const differences = (routeKey: string, answer: APIGatewayProxyStructuredResultV2): string[] => {
    const status = String(answer.statusCode);
    const headers = mapValues(answer.headers ?? {}, String);
    const { 'content-type': type = '', ...others } = headers;
    const documented = operationOf(routeKey).responses[status];
    const media = documented?.content[type];
    if (!documented || !media) return [`${status} ${type} is not described`];
    const known = Object.fromEntries(
      Object.entries(documented.headers ?? {}).map(([name, header]) => [name.toLowerCase(), header]),
    );
    const missing = Object.keys(known).filter((name) => known[name]?.required && !(name in others));
    const wrong = Object.entries(others).flatMap(([name, value]) => {
      const header = known[name];
      return header
        ? faultsOf(header.schema, value).map((f) => `${name}: ${f}`)
        : [`${name} is not described`];
    });
    return [
      ...missing.map((name) => `${name} is missing`),
      ...wrong,
      ...faultsOf(closed(media.schema), JSON.parse(answer.body ?? '')),
    ];
  };

  const conform = async (routeKey: string, handlers: (() => ApiAnswer | Promise<ApiAnswer>)[]) => {
    const answers = await Promise.all(handlers.map((handle) => answered(routeKey, handle)));
    expect(answers.flatMap((answer) => differences(routeKey, answer))).toEqual([]);
    return answers;
  };

  /** Every property that a schema names is in at least one of the bodies. */
  const expectAllSeen = (schema: Schema, bodies: unknown[]) => {
    expect([...new Set(bodies.flatMap((body) => namesIn(body)))]).toEqual(
      expect.arrayContaining(documentedNames(schema)),
    );
  };

  const bodyOf = ({ answer }: Message): string => (answer?.kind === 'sent' ? answer.body : '');

  it('to a send that went out, and to its replay', async () => {
    const answers = await conform(
      FLOWS,
      [sent, idOnly].flatMap((message) =>
        [false, true].map((replayed) => () => {
          const { messageId } = message;
          return sendAnswer({ kind: 'sent', messageId, body: bodyOf(message), replayed });
        }),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201]);
    expect(JSON.parse(answers[2]?.body ?? '')).toMatchObject({ waId: null, gateway: { truncated: true } });
  });

  it('to a send that nobody can tell about', async () => {
    const messages = [waiting, standing];
    const answers = await conform(
      FLOWS,
      messages.map((message) => () => {
        const receipt = receiptOf(message, { session: null, gateway: null });
        return sendAnswer({ kind: 'pending', messageId: message.messageId, receipt });
      }),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([202, 202]);
    const receipts = [bodyOf(sent), ...answers.map(({ body }) => body ?? '')];
    expectAllSeen(
      schemaOf(FLOWS, 202),
      receipts.map((body) => JSON.parse(body)),
    );
  });

  it('to a reader of messages', async () => {
    const messages = [claim, sent, idOnly, waiting, standing, refused, failed, delivered];
    const answers = await conform(
      MESSAGE,
      messages.map((message) => () => ({ status: 200, body: viewOf(message) })),
    );
    expectAllSeen(
      schemaOf(MESSAGE, 200),
      answers.map(({ body }) => JSON.parse(body ?? '')),
    );
  });

  it('to a reader of sessions', async () => {
    const pair = pairOf(claim);
    const opened = afterInbound(undefined, { pair, writtenAt: now, now });
    const stores = [opened, undefined].map((value) => sessionStore(value));
    const readers = stores.map((sessions) =>
      makeRead({
        messages: {} as MessageStore,
        sessions,
        clock: { now: () => later, sleep: () => Promise.resolve() },
        sessionMarginSeconds: 60,
      }),
    );
    const answers = await conform(
      SESSION,
      readers.map((reader) => async () => ({ status: 200, body: await reader.session(pair) })),
    );
    const bodies = answers.map(({ body }) => JSON.parse(body ?? ''));
    expect(bodies).toMatchObject([{ open: true }, { open: false, openedAt: null }]);
    expectAllSeen(schemaOf(SESSION, 200), bodies);
  });

  const circumstances = (code: ErrorCode) => ({
    ...(code === 'invalid-request' ? { errors: [{ path: 'data.service', message: 'is required' }] } : {}),
    ...(code === 'gateway-rejected' ? { replayOf: 'first' } : {}),
    ...(code === 'send-in-progress' || code.endsWith('unavailable') ? { retryAfter: 0 } : {}),
  });

  it.each([...operations.keys()])('to %s that are problems', async (routeKey) => {
    const { responses } = operationOf(routeKey);
    const codes = Object.values(responses).flatMap(({ content }) =>
      codesIn(content['application/problem+json']?.schema),
    );
    const answers = await conform(
      routeKey,
      codes.map((code) => () => {
        throw new AppError(code, 'a detail', circumstances(code));
      }),
    );
    expect(answers.length).toBeGreaterThan(0);
    await conform(routeKey, [
      () => {
        throw new Error('something that nobody foresaw');
      },
    ]);
  });

  it.each([FLOWS, MESSAGE, SESSION])("to %s that are API Gateway's own", (routeKey) => {
    for (const [status, words] of [
      [401, 'Unauthorized'],
      [403, 'Forbidden'],
    ] as const) {
      const body = JSON.parse(gatewayMessage(status, words).body.toString());
      expect(faultsOf(closed(schemaOf(routeKey, status)), body)).toEqual([]);
    }
  });
});

/** A store with one session in it, or none. */
function sessionStore(value: Session | undefined): SessionStore {
  const stored = value && { value, revision: '1' };
  const never = () => Promise.reject(new Error('a read writes nothing'));
  return { get: () => Promise.resolve(stored), create: never, replace: never };
}

/** `session.open`, `timeline.at`: the properties that a schema names. */
function documentedNames(schema: Schema): string[] {
  const parts = [schema, ...(schema.allOf ?? [])];
  return parts.flatMap(({ properties = {} }) =>
    Object.entries(properties).flatMap(([name, inner]) => [
      name,
      ...documentedNames(inner.items ?? inner).map((below) => `${name}.${below}`),
    ]),
  );
}

/** The same names for a value; a list's are those of its entries. */
function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([name, inner]) => [
    name,
    ...namesIn(inner).map((below) => `${name}.${below}`),
  ]);
}
