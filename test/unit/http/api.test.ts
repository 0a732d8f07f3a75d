import type { Context } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { api } from '../../../src/lib/http/api.ts';
import { AppError } from '../../../src/lib/platform/errors.ts';
import { answering, answerTo, entryPorts, type Handle, plainEvent } from '../../support/fakes/api.ts';
import { type FakeTelemetry, fakeTelemetry } from '../../support/fakes/telemetry.ts';

let telemetry: FakeTelemetry;
beforeEach(() => {
  telemetry = fakeTelemetry();
});

const answer = (event = plainEvent(), handle: Handle = answering()) => answerTo(telemetry, event, handle);

const refusing =
  (fault: unknown): Handle =>
  () =>
    Promise.reject(fault);

describe('a response', () => {
  it('is JSON, with its status and a correlation id', async () => {
    expect(await answer(plainEvent())).toMatchObject({
      statusCode: 200,
      headers: { 'content-type': 'application/json', 'x-correlation-id': 'request-1' },
      body: '{"ok":true}',
    });
  });

  it('that already is text is sent byte for byte', async () => {
    const body = '{"b":1.50,"a":"👋"}';
    expect((await answer(plainEvent(), answering({ status: 201, body }))).body).toBe(body);
  });

  it.each([
    ['JSON', answering()],
    ['text', answering({ status: 200, body: '{"to":"254717746565"}' })],
    ['bytes', answering({ status: 200, body: new Uint8Array([1]) })],
    ['a refusal', refusing(new AppError('not-found', 'x'))],
    ['a fault', refusing(new Error('x'))],
  ])('with a body is kept by no cache, and taken for no page: %s', async (_, handle) => {
    const { headers } = await api(entryPorts(telemetry), handle)(plainEvent(), {} as Context);
    expect(headers).toMatchObject({ 'cache-control': 'no-store', 'x-content-type-options': 'nosniff' });
  });

  it('has the headers that its handler set', async () => {
    const headers = { location: '/v1/messages/x', 'idempotent-replayed': 'true' };
    const handle = answering({ status: 200, body: {}, headers });
    expect((await answer(plainEvent(), handle)).headers).toMatchObject({
      location: '/v1/messages/x',
      'idempotent-replayed': 'true',
      'x-correlation-id': 'request-1',
    });
  });

  it('is logged by its route, not by its path, which may contain a secret', async () => {
    const authorizer = { lambda: { clientId: 'crm', scopes: 'send' } };
    await answer(plainEvent({ authorizer, pathParameters: { secret: 'secret-canary' } }));
    expect(telemetry.lines).toMatchObject([
      { event: 'api.answered', fields: { route: 'POST /v1/flows', status: 200, clientId: 'crm' } },
    ]);
    expect(JSON.stringify(telemetry.lines)).not.toContain('canary');
  });

  it('to a request without a client is left to the access log, unless it is a problem', async () => {
    const anyone = plainEvent({ authorizer: null, routeKey: 'GET /v1/health' });
    await answer(anyone);
    expect(telemetry.lines).toEqual([]);
    await answer(anyone, refusing(new AppError('invalid-request', 'x')));
    await answer(anyone, refusing(new Error('x')));
    expect(telemetry.lines.map(({ event }) => event)).toEqual(['api.refused', 'api.failed']);
    await answer(anyone, answering({ status: 401, body: {} }));
    expect(telemetry.lines.at(-1)).toMatchObject({ event: 'api.refused', fields: { status: 401 } });
  });

  it('and every refusal and fault are logged with the client and its network, never the whole address', async () => {
    const event = plainEvent({ sourceIp: '203.0.113.77' });
    await answer(event);
    await answer(event, refusing(new AppError('not-found', 'x')));
    await answer(event, refusing(new Error('x')));
    expect(
      telemetry.lines.map(({ event: name, fields }) => [name, fields?.['clientId'], fields?.['source']]),
    ).toEqual(
      ['api.answered', 'api.refused', 'api.failed'].map((name) => [name, 'client-1', '203.0.113.0/24']),
    );
    expect(JSON.stringify(telemetry.lines)).not.toContain('203.0.113.77');
  });
});

describe('a correlation id', () => {
  it.each(['a', 'A.b_c:d-1', 'x'.repeat(128)])("is the caller's own when that is valid: %s", async (id) => {
    const given = plainEvent({ headers: { 'x-correlation-id': id } });
    expect((await answer(given)).headers).toMatchObject({ 'x-correlation-id': id });
    expect((await answer(given, refusing(new Error()))).json['correlationId']).toBe(id);
  });

  it.each(['', ' ', 'a b', 'x'.repeat(129), 'a\r\nset-cookie: x', 'é', '<script>'])(
    "is the request's when the caller's is invalid: %j",
    async (id) => {
      expect((await answer(plainEvent({ headers: { 'x-correlation-id': id } }))).headers).toMatchObject({
        'x-correlation-id': 'request-1',
      });
    },
  );

  it('is the same in the header, the body and the log line of a problem', async () => {
    const { headers, json } = await answer(plainEvent({ requestId: 'request-9' }), refusing(new Error('x')));
    expect([headers?.['x-correlation-id'], json['correlationId']]).toEqual(['request-9', 'request-9']);
    expect(telemetry.lines[0]?.fields).toMatchObject({ correlationId: 'request-9' });
  });
});

describe('a problem', () => {
  it('is problem+json, with its status and its Retry-After', async () => {
    const fault = new AppError('send-in-progress', 'Being sent.', { retryAfter: 9 });
    expect(await answer(plainEvent(), refusing(fault))).toMatchObject({
      statusCode: 409,
      headers: {
        'content-type': 'application/problem+json',
        'retry-after': '9',
        'x-correlation-id': 'request-1',
      },
      json: { code: 'send-in-progress', status: 409, detail: 'Being sent.', correlationId: 'request-1' },
    });
    expect(telemetry.events('error')).toEqual([]);
  });

  it('is 503 when the time of the invocation is over, not Lambda’s own 500', async () => {
    const never: Handle = () => new Promise(() => {});
    const context = { getRemainingTimeInMillis: () => 5 } as Context;
    const answer = await api(entryPorts(telemetry), never)(plainEvent(), context);
    expect(answer).toMatchObject({ statusCode: 503, headers: { 'retry-after': '2' } });
    expect(JSON.parse(answer.body ?? '')).toMatchObject({ code: 'store-unavailable', status: 503 });
  });

  it('for an unexpected error reveals nothing of it, and is logged as an error', async () => {
    const fault = new TypeError('cannot read 254717746565 of undefined');
    const { statusCode, body } = await answer(plainEvent(), refusing(fault));
    expect(statusCode).toBe(500);
    expect(body).not.toMatch(/254717746565|TypeError|undefined|stack/);
    expect(telemetry.lines).toMatchObject([{ level: 'error', fault, fields: { code: 'internal' } }]);
    expect(JSON.stringify(telemetry.lines[0]?.fields)).not.toContain('254717746565');
  });

  it.each([undefined, null, 'text', 7, {}])('is made from any thrown value: %j', async (fault) => {
    expect(await answer(plainEvent(), refusing(fault))).toMatchObject({
      statusCode: 500,
      json: { code: 'internal' },
    });
  });
});
