/**
 * Every response of every operation is documented and has an example. The problems of an operation are those that its
 * code can raise.
 */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { gatewayMessage } from '../../../local/gateway/response.ts';
import { readStack } from '../../../local/stack.ts';
import { problemOf } from '../../../src/lib/http/problem.ts';
import { AppError, type ErrorCode } from '../../../src/lib/platform/errors.ts';
import { codesIn, type Json, operationOf, operations, type Schema } from '../../support/openapi.ts';

const { routes } = readStack();
const every = [...operations.keys()];

/** All documented forms of the operation's responses, with their status. */
const answersOf = (routeKey: string) =>
  Object.entries(operationOf(routeKey).responses).flatMap(([status, { content = {} }]) =>
    Object.entries(content).map(([type, { schema, examples = {} }]) => {
      const values = Object.values(examples).map(({ value }) => value);
      return { status: Number(status), type, schema, values };
    }),
  );
const problemsOf = (routeKey: string) =>
  answersOf(routeKey).filter(({ type }) => type === 'application/problem+json');
const documented = (routeKey: string): ErrorCode[] =>
  problemsOf(routeKey).flatMap(({ schema }) => codesIn(schema));

const without = (...left: string[]) => every.filter((routeKey) => !left.includes(routeKey));
const under = (path: string) => every.filter((routeKey) => routeKey.includes(` ${path}`));
const ofCampaign = under('/v1/campaigns/{campaignId}');
const ofPair = every.filter((routeKey) => routeKey.includes('/{from}/{to}'));
const PAGE = 'GET /docs';
const FILE = 'GET /docs/{file}';
const HEALTH = 'GET /v1/health';
const FLOWS = 'POST /v1/flows';
const MESSAGE = 'GET /v1/messages/{messageId}';
const ERASURE = 'GET /v1/erasures/{erasureId}';
const WEBHOOK = 'POST /v1/webhooks/lipachat/{secret}';
const CREATE = 'POST /v1/campaigns';
const UPLOAD = 'POST /v1/campaigns/{campaignId}/recipients';

/** The operations that can return each problem. A missing code fails to compile. */
const MEETS: Record<ErrorCode, string[]> = {
  // Any id and any name may be requested.
  'invalid-request': without(PAGE, FILE, HEALTH, MESSAGE),
  // Of a business number. Where an id is named, another number's is not found.
  forbidden: [FLOWS, CREATE, ...ofPair],
  'not-acceptable': ['GET /docs', 'GET /docs/{file}'],
  'not-found': [FILE, MESSAGE, ERASURE, ...ofCampaign],
  'payload-too-large': [FLOWS, WEBHOOK, CREATE, UPLOAD],
  // Also when the time of the invocation is over.
  'store-unavailable': every,
  internal: every,
  'send-in-progress': [FLOWS],
  'session-closed': [FLOWS],
  'message-id-reused': [FLOWS],
  'recipient-opted-out': [FLOWS],
  'gateway-rejected': [FLOWS],
  'gateway-credentials': [FLOWS],
  'gateway-misconfigured': [FLOWS],
  'gateway-throttled': [FLOWS],
  'gateway-unavailable': [FLOWS],
  'campaign-id-reused': [CREATE],
  'campaign-state': ofCampaign.filter((routeKey) => routeKey !== 'GET /v1/campaigns/{campaignId}'),
};

/**
 * Codes in a function's bundle that are not responses of its routes. Remove a code once the bundle no longer contains
 * it.
 */
const NO_ANSWERS: Record<string, { codes: ErrorCode[]; reason: string }> = {
  webhook: { codes: ['gateway-credentials'], reason: "How a send ends whose apiKey can't be read." },
  contacts: {
    codes: [
      ...(['gateway-rejected', 'gateway-throttled', 'gateway-unavailable'] as const),
      'recipient-opted-out',
    ],
    reason: 'How messages end, by the lifecycle that cancels the parked ones.',
  },
  campaigns: { codes: ['send-in-progress'], reason: 'How the turn of a recipient may end.' },
};

/** The codes in a built function, apart from the tables of statuses and titles, where a code is a key. */
const codesInBundle = (functionName: string): ErrorCode[] => {
  const text = readFileSync(new URL(`../../../dist/${functionName}.cjs`, import.meta.url), 'utf8');
  return (Object.keys(MEETS) as ErrorCode[]).filter((code) =>
    new RegExp(`(["'\`])${code}\\1(?!:)|(?<![{,])(["'\`])${code}\\2`).test(text),
  );
};

describe('the problems in openapi.yaml', () => {
  it.each(Object.entries(MEETS))(
    'list %s for the operations that can return it, and for no others',
    (code, where) => {
      const described = every.filter((routeKey) => documented(routeKey).includes(code as ErrorCode));
      expect(described.toSorted()).toEqual(where.toSorted());
    },
  );

  it.each(
    [...new Set(routes.map(({ functionName }) => functionName))].filter((name) => name !== 'authorizer'),
  )('list for %s exactly the codes in its bundle', (functionName) => {
    const own = routes.filter((route) => route.functionName === functionName);
    const described = own.flatMap(({ method, path }) => documented(`${method} ${path}`));
    const known = [...described, ...(NO_ANSWERS[functionName]?.codes ?? [])];
    expect([...new Set(known)].toSorted()).toEqual(codesInBundle(functionName).toSorted());
  });
});

describe.each(every)('the examples of %s', (routeKey) => {
  it('exist for each form of each response, and of the request', () => {
    const { requestBody } = operationOf(routeKey);
    const asked = Object.entries(requestBody?.content ?? {}).map(([type, { examples = {} }]) => ({
      status: 'request',
      type,
      values: Object.values(examples),
    }));
    const empty = [...answersOf(routeKey), ...asked].filter(({ values }) => values.length === 0);
    expect(empty.map(({ status, type }) => `${status} ${type}`)).toEqual([]);
  });

  it('show each problem in the words of the code', () => {
    for (const { status, schema, values } of problemsOf(routeKey)) {
      const shown = (values as Json[]).map(({ code }) => code);
      expect([...new Set(shown)].toSorted()).toEqual(codesIn(schema).toSorted());
      for (const { detail, correlationId, errors: _, ...rest } of values as Json[]) {
        const rendered = problemOf(
          new AppError(rest['code'] as ErrorCode, String(detail)),
          String(correlationId),
        );
        expect({ ...rest, detail, correlationId }).toEqual(rendered.problem);
        expect(rest['status']).toBe(status);
      }
    }
  });

  it('show each status that a response can have', () => {
    for (const { schema, values } of answersOf(routeKey)) {
      const [narrowed = []] = narrowedStatuses(schema);
      const shown = (values as Json[]).map(({ status }) => status);
      expect(shown).toEqual(expect.arrayContaining(narrowed));
    }
  });

  it("match API Gateway's own bodies", () => {
    const own = answersOf(routeKey).filter(
      ({ type, status }) => type === 'application/json' && status >= 400,
    );
    for (const { status, values } of own) expect([status, values]).toEqual([status, [gatewayWords(status)]]);
  });
});

/** The body that the local gateway returns, which is that of AWS. */
const gatewayWords = (status: number): unknown => {
  const WORDS: Record<number, string> = {
    401: 'Unauthorized',
    403: 'Forbidden',
    413: 'Request Entity Too Large',
    500: 'Internal Server Error',
    503: 'Service Unavailable',
  };
  return JSON.parse(gatewayMessage(status, WORDS[status] ?? 'no such answer').body.toString());
};

/** Finds `status: { enum: [queued, …] }` beside the schema of a receipt. */
const narrowedStatuses = ({ allOf = [] }: Schema): string[][] =>
  allOf.flatMap(({ properties }) => {
    const words = properties?.['status']?.enum;
    return words && !properties?.['messageId'] ? [words as string[]] : [];
  });
