/** openapi.yaml and the code agree in both directions: a change on one side alone fails here. */
import { describe, expect, it } from 'vitest';
import { gatewayMessage } from '../../../local/gateway/response.ts';
import { readStack } from '../../../local/stack.ts';
import { mayUse, type Scope } from '../../../src/lib/clients/scopes.ts';
import { type Changed, eventsFor } from '../../../src/lib/events/events-of-change.ts';
import type { ApiResponse } from '../../../src/lib/http/api.ts';
import { problemOf } from '../../../src/lib/http/problem.ts';
import { type ClaimTerms, fenceOf } from '../../../src/lib/messages/lease.ts';
import { newMessage, transition } from '../../../src/lib/messages/lifecycle.ts';
import {
  type Message,
  type MessageId,
  pairOf,
  type RejectionCode,
  type Reply,
  type TimelineEntry,
} from '../../../src/lib/messages/message.ts';
import type { MessageStore } from '../../../src/lib/messages/ports.ts';
import { makeRead } from '../../../src/lib/messages/read.ts';
import { viewOf } from '../../../src/lib/messages/receipt.ts';
import { maybeReplied } from '../../../src/lib/messages/reply.ts';
import type { Status } from '../../../src/lib/messages/status.ts';
import { AppError, type ErrorCode } from '../../../src/lib/platform/errors.ts';
import { parseExactJson } from '../../../src/lib/platform/exact-json.ts';
import {
  flowBody,
  isUnusual,
  parseFlow,
  prefersAsync,
  sendResponse,
} from '../../../src/lib/sending/contract.ts';
import type { ErasedOptOutStore, SessionStore } from '../../../src/lib/sessions/ports.ts';
import { afterConsent, afterInbound, type Session } from '../../../src/lib/whatsapp/session-window.ts';
import { CAMPAIGN_CHANGES } from '../../support/campaign-samples.ts';
import { manualClock } from '../../support/fakes/clock.ts';
import { NEW_IDS } from '../../support/fakes/samples.ts';
import { fakePersonAliases } from '../../support/fakes/stores.ts';
import {
  answered,
  bundled,
  closed,
  codesIn,
  differences,
  document,
  documentedNames,
  faultsOf,
  type Json,
  mapValues,
  namesIn,
  operationOf,
  operations,
  read,
  type Schema,
  schemaOf,
} from '../../support/openapi.ts';

const FLOWS = 'POST /v1/flows';
const MESSAGE = 'GET /v1/messages/{messageId}';
const SESSION = 'GET /v1/sessions/{from}/{to}';
const OPT_OUT = 'PUT /v1/opt-outs/{from}/{to}';
const OPT_IN = 'DELETE /v1/opt-outs/{from}/{to}';
const CONTACT = 'DELETE /v1/contacts/{from}/{to}';

describe('the operations', () => {
  const { routes } = readStack();

  it('are the routes of serverless.yml', () => {
    expect([...operations.keys()].sort()).toEqual(routes.map((r) => `${r.method} ${r.path}`).sort());
  });

  it.each(routes.map((r) => [`${r.method} ${r.path}`, r.authorizer] as const))(
    'include %s with the scope that the authorizer checks',
    (routeKey, authorizer) => {
      const documented = operationOf(routeKey).security?.flatMap(({ client }) => client);
      const scopes: Scope[] = ['send', 'read', 'campaigns', 'consent', 'admin'];
      const asked = authorizer === null ? [] : scopes.filter((scope) => mayUse(routeKey, [scope]));
      expect(documented).toEqual(asked);
    },
  );

  it('have the version of package.json', () => {
    expect(document.info.version).toBe((JSON.parse(read('package.json')) as Json)['version']);
  });

  it('have examples that match their schemas', () => {
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

  const ABSENT = Symbol('absent');

  const lengthsOf = (field: Schema | undefined): unknown[] => {
    const max = field?.maxLength ?? Number.NaN;
    const characters = [
      'x\0',
      'x\ny',
      'x\r\ny',
      'x\ry',
      'x\ty',
      'x\u0085',
      'x\u2028',
      'x\u202e',
      '\u200ex',
      'x     y',
    ];
    const atLimits = ['', 'x', 'x'.repeat(max), 'x'.repeat(max + 1), '𝒜'.repeat(max), '𝒜'.repeat(max + 1)];
    return [...atLimits, ...characters];
  };
  const lengths = (field: string): unknown[] => lengthsOf(documented[field]);
  const notStrings = [null, 5, true, ['x'], { x: 1 }];
  const template = { name: 'welcome', languageCode: 'en' };
  const inTemplate = documented['template']?.properties ?? {};
  const [ofText, ofMedia] = inTemplate['header']?.oneOf ?? [];
  const media = { type: 'IMAGE', mediaUrl: 'https://files.example/a.png' };
  const headers = [
    ...lengthsOf(ofText?.properties?.['parameter']).map((parameter) => ({ type: 'TEXT', parameter })),
    ...lengthsOf(ofMedia?.properties?.['filename']).map((filename) => ({ ...media, filename })),
    ...['IMAGE', 'VIDEO', 'DOCUMENT', 'STICKER', 'image', ''].map((type) => ({ ...media, type })),
    ...['http://files.example/a.png', 'a.png', '', null].map((mediaUrl) => ({ ...media, mediaUrl })),
    ...[{ type: 'TEXT' }, { type: 'IMAGE' }, { ...media, parameter: 'x' }, { ...media, unheardOf: 1 }, {}],
    ...[{ type: 'TEXT', parameter: 'x', unheardOf: 1 }, { type: 'TEXT', parameter: 5 }, ...notStrings],
  ];
  const placeholders = [
    ...lengthsOf(inTemplate['placeholders']?.items).map((one) => [one]),
    ...[[], Array(50).fill('x'), Array(51).fill('x'), [5], [null], 'x', null, { x: 1 }],
  ];
  const templates = [
    ...lengthsOf(inTemplate['name']).map((name) => ({ ...template, name })),
    ...lengthsOf(inTemplate['languageCode']).map((languageCode) => ({ ...template, languageCode })),
    ...headers.map((header) => ({ ...template, header })),
    ...placeholders.map((list) => ({ ...template, placeholders: list })),
    ...[template, { name: 'welcome' }, { languageCode: 'en' }, { ...template, unheardOf: 1 }, {}],
    ...notStrings,
    '',
  ];
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
    to: [
      '()',
      '1234',
      '(12) 3-45',
      '0'.repeat(20),
      '0'.repeat(21),
      `${'1'.repeat(20)}${' '.repeat(140)}`,
      '1'.repeat(160),
      ...phones,
      'US.13491208655302741918',
      'US.ENT.118157',
      'us.1',
      'US.',
      'US.1-2',
      ...notStrings,
    ],
    from: [...phones, ...notStrings],
    text: [...lengths('text'), ...notStrings],
    flowId: [...lengths('flowId'), ...notStrings],
    flowCta: [...lengths('flowCta'), ...notStrings],
    screen: [...lengths('screen'), ...notStrings],
    data: [{}, { a: { b: [1, null, 'x'] } }, null, 'x', 5, true, []],
    whenClosed: ['reject', 'park', 'template', 'Park', '', ...notStrings],
    template: templates,
    parkForSeconds: [60, 59, 2_592_000, 2_592_001, 259_200, 90.5, -60, '60', null, true, [60], {}],
    correlate: [true, false, null, 'true', 1],
    unheardOf: [1, null],
  };

  const withField = (field: string, value: unknown, body: Json = base): Json => {
    const { [field]: _, ...others } = body;
    return value === ABSENT ? others : { ...others, [field]: value };
  };
  /** The documented example, and one body for each way in which fields depend on each other. */
  const bodies: Json[] = [
    base,
    { ...base, whenClosed: 'reject' },
    { ...base, whenClosed: 'park', parkForSeconds: 60 },
    { ...base, whenClosed: 'template', template },
  ];
  const schemaTakes = (body: unknown): boolean => faultsOf(schema, body).length === 0;
  const codeRefuses = (body: unknown, from: string | undefined = sender) => {
    try {
      parseFlow(body, from);
      return undefined;
    } catch (error) {
      return error instanceof AppError ? error.errors : [];
    }
  };

  it('has the fields that the code accepts, and no others', () => {
    expect(Object.keys(documented).sort()).toEqual(Object.keys(flowBody.shape).sort());
    expect(Object.keys(candidates)).toEqual(expect.arrayContaining(Object.keys(documented)));
    expect(schema['additionalProperties']).toBe(false);
  });

  it('requires the fields that the code requires', () => {
    const required = Object.keys(flowBody.shape).filter((field) => codeRefuses(withField(field, ABSENT)));
    expect([...(schema.required ?? [])].sort()).toEqual(required.sort());
  });

  it('has the defaults of the code', () => {
    const { data: _, whenClosed: __, ...bare } = base;
    const request: Json = { ...parseFlow(bare, sender) };
    const { parkForSeconds, ...always } = mapValues(
      Object.fromEntries(Object.entries(documented).filter(([, field]) => 'default' in field)),
      (field) => field.default,
    );
    expect(always).toEqual({ data: request['data'], whenClosed: request['whenClosed'] });
    for (const given of [{ whenClosed: 'park' }, { whenClosed: 'template', template }]) {
      expect(parseFlow({ ...bare, ...given }, sender).parkForSeconds).toBe(parkForSeconds);
    }
    expect(request['parkForSeconds']).toBeUndefined();
  });

  it.each(Object.entries(candidates))(
    'agrees with the code on %s, at the limits and beyond',
    (field, values) => {
      const taken = (take: (body: unknown) => boolean) =>
        bodies.flatMap((body) =>
          [ABSENT, ...values].map(
            (value) => [body['whenClosed'], value, take(withField(field, value, body))] as const,
          ),
        );
      const takenByCode = taken((body) => codeRefuses(body) === undefined);
      expect(taken(schemaTakes)).toEqual(takenByCode);
      expect(takenByCode.map(([, , isTaken]) => isTaken)).toContain(false);
    },
  );

  it('is an object', () => {
    for (const body of [null, [], 'x', 5])
      expect([schemaTakes(body), !codeRefuses(body)]).toEqual([false, false]);
  });

  it.each<[rule: string, path: string, body: Json]>([
    ['a template that is missing', 'template', { whenClosed: 'template' }],
    ['a template that is not asked for', 'template', { whenClosed: 'park', template }],
    ['a template beside the default', 'template', { template }],
    ['a time to wait where nothing waits', 'parkForSeconds', { parkForSeconds: 60 }],
  ])('says which fields go together: %s is refused and named', (_, path, body) => {
    expect(schemaTakes({ ...base, ...body })).toBe(false);
    expect(codeRefuses({ ...base, ...body })).toMatchObject([{ path }]);
  });

  const nested = (levels: number): Json => (levels === 0 ? {} : { a: nested(levels - 1) });

  /** Rules of the code that a portable JSON Schema cannot express. openapi.yaml states them in prose. */
  it.each<[rule: string, field: string, value: unknown]>([
    ['an emoji on the button', 'flowCta', 'Share 🙂'],
    ['an emoji by its variation selector', 'flowCta', 'Share ©\ufe0f'],
    ['a text that cannot be seen', 'text', '\u200b\u3164'],
    ['a lone surrogate', 'text', '\ud800'],
    ['a number of no country', 'from', '999717746565'],
    ['more than 16 KiB of data', 'data', { a: 'x'.repeat(16 * 1024) }],
    ['data over 100 levels deep', 'data', nested(101)],
    ['a whole number that JSON readers round', 'data', { a: 2 ** 53 }],
    ['a decimal that JSON readers round', 'data', parseExactJson('{"a":0.12345678901234567890}')],
  ])('leaves it to prose that the code refuses %s', (_, field, value) => {
    expect(schemaTakes(withField(field, value))).toBe(true);
    expect(codeRefuses(withField(field, value))).toMatchObject([{ path: field }]);
  });

  it('leaves it to prose that the send judges a number of no country', () => {
    const body = withField('to', '999717746565');
    expect(schemaTakes(body)).toBe(true);
    expect([base, body].map((one) => isUnusual(parseFlow(one, sender)))).toEqual([false, true]);
  });

  it('leaves it to prose that `from` is required without a DEFAULT_FROM', () => {
    expect(() => parseFlow(withField('from', ABSENT), undefined)).toThrow(AppError);
  });

  it.each([
    ['a lone surrogate in a template', { ...template, name: '\ud800' }, 'template.name'],
    [
      'an address without a host',
      { ...template, header: { ...media, mediaUrl: 'https://' } },
      'template.header.mediaUrl',
    ],
  ])('leaves it to prose that the code refuses %s', (_, given, path) => {
    const body = { ...base, whenClosed: 'template', template: given };
    expect(schemaTakes(body)).toBe(true);
    expect(codeRefuses(body)).toMatchObject([{ path }]);
  });

  it('leaves it to prose which preferences count', () => {
    expect(['respond-async', 'wait=5, Respond-Async;x=1'].map(prefersAsync)).toEqual([true, true]);
    expect([undefined, '', 'wait=5', 'not-respond-async'].map(prefersAsync)).toEqual([
      false,
      false,
      false,
      false,
    ]);
  });

  it('has the example of examples/, and only examples that the code accepts', () => {
    expect(content?.examples['flow']?.value).toEqual(base);
    for (const { value } of Object.values(content?.examples ?? {}))
      expect(codeRefuses(value)).toBeUndefined();
  });
});

describe('the enums', () => {
  const { schemas } = document.components;

  // Fails to compile when a code, status or source is missing here or no longer exists.
  const CODES: Record<ErrorCode, true> = {
    'invalid-request': true,
    forbidden: true,
    'not-found': true,
    'not-acceptable': true,
    'send-in-progress': true,
    'session-closed': true,
    'payload-too-large': true,
    'message-id-reused': true,
    'recipient-opted-out': true,
    'gateway-rejected': true,
    'gateway-credentials': true,
    'gateway-misconfigured': true,
    'gateway-throttled': true,
    'gateway-unavailable': true,
    'store-unavailable': true,
    'campaign-id-reused': true,
    'campaign-state': true,
    internal: true,
  };
  const STATUSES: Record<Status, true> = {
    queued: true,
    parked: true,
    expired: true,
    sending: true,
    unknown: true,
    sent: true,
    failed: true,
    delivered: true,
    read: true,
  };
  const WAYS: Record<Reply['matchedBy'], true> = { token: true, context: true, 'only-open-flow': true };
  const SOURCES: Record<TimelineEntry['source'], true> = {
    api: true,
    worker: true,
    gateway: true,
    callback: true,
    sweeper: true,
  };

  it.each([
    ['codes', schemas['ProblemCode'], CODES],
    ['statuses', schemas['Status'], STATUSES],
    ['reply matches', schemas['Message']?.properties?.['reply']?.properties?.['matchedBy'], WAYS],
    ['sources', schemas['Message']?.properties?.['timeline']?.items?.properties?.['source'], SOURCES],
  ])('of %s are those of the code', (_, schema, words) => {
    expect(schema?.enum?.toSorted()).toEqual(Object.keys(words).sort());
  });

  it('of problem codes are listed under the status that the code gives them', () => {
    const documented = [...operations.values()].flatMap(({ responses }) =>
      Object.entries(responses).flatMap(([status, { content }]) =>
        codesIn(content?.['application/problem+json']?.schema).map((code) => [code, Number(status)] as const),
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

describe('the responses of the code conform', () => {
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
  const claiming = { request, clientId: 'client', terms };
  const claim = newMessage('claimed', claiming);
  const fence = fenceOf(claim);
  const settling = { now: later, calls: 1, retentionDays: 30 };
  const envelope = {
    timestamp: null,
    data: { waId: 'wamid.1' },
    status: 'success',
    message: '',
    errors: null,
  };
  const session = { open: true, expiresAt: later.toISOString() };
  const sent = transition(claim, 'gatewayAccepted', {
    ...settling,
    session,
    accepted: { kind: 'accepted', waId: 'wamid.1', envelope },
  });
  const idOnly = transition(claim, 'gatewayAccepted', {
    ...settling,
    session: { open: false, expiresAt: null },
    accepted: { kind: 'accepted', envelope: { ...envelope, padding: 'x'.repeat(17_000) } },
  });
  const waiting = transition(claim, 'outcomeUnknown', {
    ...settling,
    fence,
    reason: 'silence',
    nextTryAt: later,
  });
  const standing = transition(claim, 'outcomeUnknown', { ...settling, fence, reason: 'silence' });
  const refused = transition(claim, 'refused', {
    ...settling,
    fence,
    code: 'gateway-rejected',
    detail: 'no',
    correlationId: 'first',
  });
  const failed = transition(sent, 'reportedFailed', {
    report: { status: 'failed', at: later, detail: '131026 undeliverable' },
    now: later,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });
  const delivered = transition(sent, 'reportedDelivered', {
    report: { status: 'delivered', at: later },
    now: later,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });
  const template = { name: 'welcome', languageCode: 'en' };
  const patient = newMessage('claimed', {
    ...claiming,
    request: { ...request, whenClosed: 'template', template, parkForSeconds: 60 },
  });
  const queued = newMessage('accepted', claiming);
  const waitingForReply = transition(patient, 'windowClosed', {
    fence: fenceOf(patient),
    now,
    templateId: 'template-1',
  });
  const released = transition(waitingForReply, 'takenOver', { ...claiming.terms, now: later });
  const letGo = transition(released, 'postponed', {
    fence: fenceOf(released),
    now: later,
    delaySeconds: 5,
    errorClass: 'wait',
    reason: 'slowly',
  });
  const overdue = transition(waitingForReply, 'waitEnded', { now: new Date(now.getTime() + 60_000) });
  const stopped = transition(waitingForReply, 'optedOut', {
    now: later,
    detail: 'no more',
    correlationId: 'first',
  });
  const backInQueue = transition(claim, 'postponed', {
    fence,
    now: later,
    delaySeconds: 5,
    errorClass: 'wait',
    reason: 'slowly',
  });
  const sentInVain = transition(patient, 'gatewayAccepted', {
    ...settling,
    session,
    accepted: { kind: 'accepted', waId: 'wamid.2', envelope },
  });
  const shutAfterAll = transition(patient, 'reportedFailed', {
    report: { status: 'failed', at: later, code: 131047 },
    now: later,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });
  const reply = { id: 'inbound-1', at: later, response: { package: 'home' } };
  const answeredFlow = transition(delivered, 'replied', {
    reply: { ...reply, matchedBy: 'context' },
    quotedWaId: undefined,
    now: later,
  });
  const perhapsAnswered = maybeReplied(delivered, reply);

  const conform = async (routeKey: string, handlers: (() => ApiResponse | Promise<ApiResponse>)[]) => {
    const answers = await Promise.all(handlers.map((handle) => answered(routeKey, handle)));
    expect(answers.flatMap((answer) => differences(routeKey, answer))).toEqual([]);
    return answers;
  };

  /** Every documented property occurs in at least one of the bodies. */
  const expectAllSeen = (schema: Schema, bodies: unknown[]) => {
    expect([...new Set(bodies.flatMap((body) => namesIn(body)))]).toEqual(
      expect.arrayContaining(documentedNames(schema)),
    );
  };

  const bodyOf = ({ answer }: Message): string => (answer?.kind === 'sent' ? answer.body : '');

  it('for a send that went out, and for its replay', async () => {
    const answers = await conform(
      FLOWS,
      [sent, idOnly].flatMap((message) =>
        [true, false].map((fresh) => () => sendResponse({ message, fresh })),
      ),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual([201, 201, 201, 201]);
    expect(JSON.parse(answers[2]?.body ?? '')).toMatchObject({ waId: null, gateway: { truncated: true } });
  });

  it('for a send that is not settled', async () => {
    const messages = [waiting, standing, queued, backInQueue, waitingForReply, letGo, shutAfterAll, overdue];
    const answers = await conform(
      FLOWS,
      messages.map((message) => () => sendResponse({ message, fresh: false })),
    );
    expect(answers.map(({ statusCode }) => statusCode)).toEqual(messages.map(() => 202));
    const stood = answers.map(({ body }) => (JSON.parse(body ?? '') as Json)['status']);
    const [, { properties: narrowed } = {}] = schemaOf(FLOWS, 202).allOf ?? [];
    expect([...new Set(stood)].sort()).toEqual(narrowed?.['status']?.enum?.toSorted());
    const receipts = [bodyOf(sent), ...answers.map(({ body }) => body ?? '')];
    expectAllSeen(
      schemaOf(FLOWS, 202),
      receipts.map((body) => JSON.parse(body)),
    );
  });

  it('for a reader of messages', async () => {
    const messages = [
      ...[claim, sent, idOnly, waiting, standing, refused, failed, delivered],
      ...[queued, backInQueue, waitingForReply, released, letGo, overdue, stopped, sentInVain, shutAfterAll],
      ...[answeredFlow, perhapsAnswered],
    ];
    const answers = await conform(
      MESSAGE,
      messages.map((message) => () => ({ status: 200, body: viewOf(message) })),
    );
    expectAllSeen(
      schemaOf(MESSAGE, 200),
      answers.map(({ body }) => JSON.parse(body ?? '')),
    );
  });

  it('for a reader of sessions', async () => {
    const pair = pairOf(claim);
    const opened = afterConsent(afterInbound({ pair }, { writtenAt: now, now }), {
      optedOut: true,
      at: now,
      by: 'crm',
    });
    const stores = [opened, undefined].map((value) => sessionStore(value));
    const messages = { waiting: () => Promise.resolve([request.messageId as MessageId]) };
    const readers = stores.map((sessions) =>
      makeRead({
        messages: messages as Partial<MessageStore> as MessageStore,
        sessions,
        personAliases: fakePersonAliases(manualClock(now)),
        erasedOptOuts: nobodyForgotten,
        clock: { now: () => later, sleep: () => Promise.resolve() },
        sessionMarginSeconds: 60,
      }),
    );
    const answers = await conform(
      SESSION,
      readers.map((reader) => async () => ({ status: 200, body: await reader.session(pair) })),
    );
    const bodies = answers.map(({ body }) => JSON.parse(body ?? ''));
    expect(bodies).toMatchObject([
      { open: true, optedOut: true, consent: { by: 'crm', at: now.toISOString() }, parked: 1 },
      { open: false, openedAt: null, optedOut: false },
    ]);
    expectAllSeen(schemaOf(SESSION, 200), bodies);
  });

  it.each([OPT_OUT, OPT_IN, CONTACT])('for %s without a body', async (routeKey) => {
    await conform(routeKey, [() => ({ status: 204, body: undefined })]);
  });

  // Fails to compile when a code that may be stored is missing here.
  const STORED: Record<RejectionCode, true> = {
    'gateway-rejected': true,
    'gateway-credentials': true,
    'gateway-misconfigured': true,
    'gateway-throttled': true,
    'gateway-unavailable': true,
    'recipient-opted-out': true,
    'session-closed': true,
  };

  const circumstances = (code: ErrorCode) => ({
    ...(code === 'invalid-request' ? { errors: [{ path: 'data.service', message: 'is required' }] } : {}),
    ...(Object.hasOwn(STORED, code) ? { replayOf: 'first' } : {}),
    ...(code === 'send-in-progress' || code.endsWith('unavailable') ? { retryAfter: 0 } : {}),
  });

  it.each([...operations.keys()])('for every problem of %s', async (routeKey) => {
    const { responses } = operationOf(routeKey);
    const codes = Object.values(responses).flatMap(({ content }) =>
      codesIn(content?.['application/problem+json']?.schema),
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

  const guarded = [...operations].filter(([, { responses }]) => '403' in responses).map(([key]) => key);

  it.each(guarded)('for %s when API Gateway itself refuses', (routeKey) => {
    for (const [status, words] of [
      [401, 'Unauthorized'],
      [403, 'Forbidden'],
    ] as const) {
      const body = JSON.parse(gatewayMessage(status, words).body.toString());
      expect(faultsOf(closed(schemaOf(routeKey, status)), body)).toEqual([]);
    }
  });
});

describe('the events', () => {
  const webhooks = mapValues(document.webhooks, ({ post }) => bundled(post.requestBody.content));
  const schemaOfEvent = (type: string): Schema => {
    const schema = webhooks[type]?.['application/json']?.schema;
    if (!schema) throw new Error(`openapi.yaml has no webhook ${type}`);
    return schema;
  };

  const now = new Date('2026-01-02T03:04:05.678Z');
  const later = new Date(now.getTime() + 1000);
  const terms: ClaimTerms = {
    owner: 'owner',
    now,
    leaseSeconds: 60,
    retentionDays: 30,
    ambiguity: { mode: 'resend', resendHorizonSeconds: 900 },
  };
  const body = { ...JSON.parse(read('examples/send-flow.json')), whenClosed: 'park', parkForSeconds: 60 };
  const claim = newMessage('claimed', { request: parseFlow(body, undefined), clientId: 'client', terms });
  const fence = fenceOf(claim);
  const settling = { now: later, calls: 1, retentionDays: 30 };
  const sent = transition(claim, 'gatewayAccepted', {
    ...settling,
    session: { open: true, expiresAt: null },
    accepted: { kind: 'accepted', waId: 'wamid.1', envelope: {} },
  });
  const failed = transition(sent, 'reportedFailed', {
    report: { status: 'failed', at: later },
    now: later,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });
  const readByCustomer = transition(sent, 'reportedRead', {
    report: { status: 'read', at: later },
    now: later,
    ambiguity: { mode: 'resend' },
    newIds: NEW_IDS,
  });
  const waits = transition(claim, 'windowClosed', { fence, now, templateId: 'template-1' });
  const reply: Reply = { id: 'inbound-1', at: later, response: {}, matchedBy: 'context' };
  const replied = (to: Message) => transition(to, 'replied', { reply, quotedWaId: undefined, now: later });

  const message = (before: Message | undefined, after: Message): Changed => ({
    kind: 'message',
    before,
    after,
  });
  const pair = pairOf(claim);
  const opened = afterInbound({ pair }, { writtenAt: now, now });
  const stopped = afterConsent(opened, { optedOut: true, at: later });
  const started = afterConsent(stopped, { optedOut: false, at: new Date(later.getTime() + 1000) });
  const session = (before: Session | undefined, after: Session): Changed => ({
    kind: 'session',
    before,
    after,
  });
  const verdict = { id: 'x:APPROVED:1', status: 'APPROVED', at: now };

  const changes: Changed[] = [
    ...CAMPAIGN_CHANGES,
    message(claim, sent),
    message(claim, { ...sent, waId: undefined }),
    message(
      sent,
      transition(sent, 'reportedDelivered', {
        report: { status: 'delivered', at: later },
        now: later,
        ambiguity: { mode: 'resend' },
        newIds: NEW_IDS,
      }),
    ),
    message(sent, readByCustomer),
    message(sent, failed),
    message(
      sent,
      transition(sent, 'reportedFailed', {
        report: { status: 'failed', at: later, code: 131047 },
        now: later,
        ambiguity: { mode: 'resend' },
        newIds: NEW_IDS,
      }),
    ),
    message(
      claim,
      transition(claim, 'refused', {
        ...settling,
        fence,
        code: 'gateway-rejected',
        detail: 'no',
        correlationId: 'c',
      }),
    ),
    message(claim, transition(claim, 'outcomeUnknown', { ...settling, fence, reason: 'silence' })),
    message(claim, waits),
    message(waits, transition(waits, 'optedOut', { now: later, detail: 'no more', correlationId: 'c' })),
    message(waits, transition(waits, 'waitEnded', { now: new Date(now.getTime() + 60_000) })),
    message(readByCustomer, replied(readByCustomer)),
    message(failed, replied(failed)),
    session(undefined, opened),
    session(opened, stopped),
    session(stopped, started),
    {
      kind: 'template-status',
      before: undefined,
      after: { ...verdict, templateId: '8841', templateName: 'welcome' },
    },
    {
      kind: 'template-status',
      before: undefined,
      after: { ...verdict, templateId: undefined, templateName: undefined },
    },
  ];
  /** The events as a consumer reads them. */
  const told = changes
    .flatMap(eventsFor)
    .map(({ type, detail }) => [type, JSON.parse(JSON.stringify(detail))] as const);

  it('match their schemas', () => {
    const faults = told.flatMap(([type, detail]) =>
      faultsOf(closed(schemaOfEvent(type)), detail).map((fault) => `${type}: ${fault}`),
    );
    expect(faults).toEqual([]);
  });

  it('are all documented, and no others are', () => {
    const documented = Object.keys(webhooks).sort();
    const inCode = read('src/lib/events/events-of-change.ts').matchAll(/'((?:[a-z]+)\.[a-z]+(?:-[a-z]+)*)'/g);
    expect([...new Set(told.map(([type]) => type))].sort()).toEqual(documented);
    expect([...new Set([...inCode].map(([, type]) => type))].sort()).toEqual(documented);
  });

  it.each(Object.keys(webhooks))('show every documented property of %s', (type) => {
    const details = told.filter(([of]) => of === type).map(([, detail]) => detail);
    const seen = new Set(details.flatMap((detail) => Object.keys(detail)));
    expect([...seen]).toEqual(expect.arrayContaining(namesOf(schemaOfEvent(type))));
  });

  it('have examples that match their schemas', () => {
    for (const [type, content] of Object.entries(webhooks)) {
      const examples = Object.values(content['application/json']?.examples ?? {});
      expect(examples.length).toBeGreaterThan(0);
      for (const { value } of examples) expect(faultsOf(closed(schemaOfEvent(type)), value)).toEqual([]);
    }
  });
});

/** The properties of a schema and of all schemas it extends. */
function namesOf({ properties = {}, allOf = [] }: Schema): string[] {
  return [...Object.keys(properties), ...allOf.flatMap(namesOf)];
}

/** A store that contains this session, or none. */
function sessionStore(value: Session | undefined): SessionStore {
  const stored = value && { value, revision: '1' };
  const never = () => Promise.reject(new Error('a read writes nothing'));
  return {
    get: () => Promise.resolve(stored),
    getMany: never,
    create: never,
    replace: never,
    remove: never,
  };
}

const nobodyForgotten: ErasedOptOutStore = {
  optedOutAt: () => Promise.resolve(undefined),
  find: () => Promise.resolve(undefined),
  whoOptedOut: () => Promise.reject(new Error('a read of one asks for one')),
  remember: () => Promise.reject(new Error('a read writes nothing')),
  forget: () => Promise.reject(new Error('a read writes nothing')),
  noteErasure: () => Promise.reject(new Error('a read writes nothing')),
  wasErased: () => Promise.reject(new Error('a read of one asks for none')),
};
