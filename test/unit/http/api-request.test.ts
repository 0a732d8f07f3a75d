import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import { beforeEach, describe, expect, it } from 'vitest';
import { type ApiRequest, bodyOf, bytesOf, deadlineOf, isHttpEvent } from '../../../src/lib/http/api.ts';
import { answering, answerTo, entryPorts, type Handle, plainEvent } from '../../support/fakes/api.ts';
import { later } from '../../support/fakes/samples.ts';
import { type FakeTelemetry, fakeTelemetry } from '../../support/fakes/telemetry.ts';

let telemetry: FakeTelemetry;
beforeEach(() => {
  telemetry = fakeTelemetry();
});

const answer = (event = plainEvent(), handle: Handle = answering()) => answerTo(telemetry, event, handle);

async function requestFor(event: APIGatewayProxyEventV2): Promise<ApiRequest | undefined> {
  const requests: ApiRequest[] = [];
  await answer(event, (request) => {
    requests.push(request);
    return answering()(request);
  });
  return requests[0];
}

describe('a body', () => {
  const parsed: Handle = async ({ event }) => {
    const body = await Promise.resolve({ parsed: bodyOf(event) });
    return { status: 200, body };
  };

  it('is read as JSON, from text and from base64', async () => {
    const text = '{"text":"Habari 👋🏽"}';
    const base64 = Buffer.from(text).toString('base64');
    for (const given of [{ body: text }, { body: base64, isBase64Encoded: true }]) {
      expect((await answer(plainEvent(given), parsed)).json).toEqual({ parsed: JSON.parse(text) });
    }
  });

  it('may begin with a byte order mark', async () => {
    expect((await answer(plainEvent({ body: '\ufeff{"a":1}' }), parsed)).json).toEqual({ parsed: { a: 1 } });
  });

  it.each([
    ['absent', {}],
    ['empty', { body: '' }],
    ['cut off', { body: '{"a":' }],
    ['no JSON', { body: 'messageId=1' }],
    ['JSON and more', { body: '{} {}' }],
    ['no UTF-8', { body: Buffer.from([0x22, 0xff, 0x22]).toString('base64'), isBase64Encoded: true }],
  ])('is an invalid request when it is %s', async (_, given) => {
    const { statusCode, json } = await answer(plainEvent(given), parsed);
    expect([statusCode, json['code']]).toEqual([400, 'invalid-request']);
    expect(json['errors']).toEqual([{ path: '', message: expect.any(String) }]);
  });

  it('may have 256 KiB and not a byte more, counted after base64 is decoded', async () => {
    const ofBytes = (n: number) => `"${'x'.repeat(n - 2)}"`;
    const limit = 256 * 1024;
    const encoded = (n: number) => ({
      body: Buffer.from(ofBytes(n)).toString('base64'),
      isBase64Encoded: true,
    });
    expect((await answer(plainEvent({ body: ofBytes(limit) }), parsed)).statusCode).toBe(200);
    expect((await answer(plainEvent(encoded(limit)), parsed)).statusCode).toBe(200);
    for (const given of [{ body: ofBytes(limit + 1) }, encoded(limit + 1)]) {
      expect(await answer(plainEvent(given), parsed)).toMatchObject({
        statusCode: 413,
        json: { code: 'payload-too-large' },
      });
    }
  });

  it('keeps exactly the bytes that arrived', () => {
    const bytes = Buffer.from([0, 255, 254, 10]);
    expect(bytesOf(plainEvent({ body: bytes.toString('base64'), isBase64Encoded: true }), 10)).toEqual(bytes);
    expect(bytesOf(plainEvent({ body: 'é@👋' }), 100)).toEqual(Buffer.from('é@👋'));
  });
});

describe('a caller', () => {
  it('is the client that the authorizer identified', async () => {
    const given = plainEvent({ authorizer: { lambda: { clientId: 'shop', scopes: 'send read' } } });
    expect(await requestFor(given)).toMatchObject({ clientId: 'shop', seesAll: false });
  });

  it('has the key of its namespace, if the authorizer found one', async () => {
    const named = (context: object) =>
      requestFor(plainEvent({ authorizer: { lambda: { clientId: 'shop', scopes: 'send', ...context } } }));
    expect(await named({ namespaceKey: 'key-1' })).toMatchObject({ namespaceKey: 'key-1' });
    for (const context of [{}, { namespaceKey: 7 }]) {
      expect(await named(context)).not.toHaveProperty('namespaceKey');
    }
  });

  it("sees other clients' messages with the admin scope", async () => {
    const scoped = (scopes: string) => plainEvent({ authorizer: { lambda: { clientId: 'ops', scopes } } });
    expect(await requestFor(scoped('read admin'))).toMatchObject({ seesAll: true });
    expect(await requestFor(scoped('read administration'))).toMatchObject({ seesAll: false });
  });

  it.each<[string, unknown]>([
    ['no authorizer', null],
    ['an authorizer without a context', { lambda: null }],
    ['a context without a client', { lambda: {} }],
    ['a client id that is no text', { lambda: { clientId: 7, scopes: 'admin' } }],
    ['the claims of another authorizer', { jwt: { claims: { sub: 'x' }, scopes: ['admin'] } }],
    ['the identity of IAM', { iam: { userArn: 'arn:aws:iam::123456789012:user/x' } }],
  ])('is nobody with %s, and gets a 500 without any effect', async (_, authorizer) => {
    const called: unknown[] = [];
    const handle = (request: ApiRequest) => {
      called.push(request);
      return Promise.resolve({ status: 200, body: {} });
    };
    expect(await answer(plainEvent({ authorizer }), handle)).toMatchObject({
      statusCode: 500,
      json: { code: 'internal', detail: expect.stringContaining('without its authorizer') },
    });
    expect(called).toEqual([]);
  });

  it('may be anyone on an open route, and sees nothing of clients', async () => {
    const open = plainEvent({ authorizer: null, routeKey: 'GET /v1/health' });
    expect(await requestFor(open)).toMatchObject({ clientId: 'anyone', seesAll: false });
  });

  it('has its path parameters and headers, or none when there are none', async () => {
    const given = { pathParameters: { messageId: 'm' }, headers: { prefer: 'x' } };
    expect(await requestFor(plainEvent(given))).toMatchObject({
      path: { messageId: 'm' },
      headers: { prefer: 'x' },
    });
    expect(await requestFor(plainEvent())).toMatchObject({ path: {}, headers: {} });
  });
});

describe('the time left for an invocation', () => {
  it("is what Lambda reports, or the HTTP API's limit when nothing is reported", () => {
    const { clock } = entryPorts();
    expect(deadlineOf({ getRemainingTimeInMillis: () => 5_000 }, clock)).toEqual(later(5));
    for (const context of [undefined, {}]) expect(deadlineOf(context, clock)).toEqual(later(29));
  });
});

describe('an event', () => {
  it('counts as an HTTP event only when it came over HTTP', () => {
    expect(isHttpEvent(plainEvent())).toBe(true);
    for (const other of [{}, { messageId: 'x' }, { requestContext: {} }, null, undefined, 'text']) {
      expect(isHttpEvent(other)).toBe(false);
    }
  });
});
