import { request as httpRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import type { APIGatewayProxyEventV2WithLambdaAuthorizer } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import type { AuthorizerEvent } from '../../local/gateway/event.ts';
import { type ApiGateway, startApiGateway } from '../../local/gateway/server.ts';
import type { LambdaContext, LambdaFunction } from '../../local/lambda.ts';
import { startSchedules } from '../../local/schedules.ts';
import { readStack } from '../../local/stack.ts';
import { PATIENCE } from '../support/patience.ts';

type Event = APIGatewayProxyEventV2WithLambdaAuthorizer<Record<string, unknown>>;
type Handler = (event: Event, context: LambdaContext) => unknown;

const asked: AuthorizerEvent[] = [];

const judge = (event: AuthorizerEvent) => {
  asked.push(event);
  const [token] = event.identitySource;
  if (token === 'Bearer broken') throw new Error('the authorizer broke');
  if (token === 'Bearer vague') return {};
  return { isAuthorized: token !== 'Bearer no', context: { clientId: token } };
};

const answers = {
  'plain value': () => ({ sent: true }),
  'plain text': () => 'hello',
  nothing: () => undefined,
  created: () => ({ statusCode: 201, headers: { Location: '/v1/x', 'Content-Length': '999' }, body: 'ok' }),
  empty: () => ({ statusCode: 204 }),
  binary: () => ({
    statusCode: 200,
    headers: { 'content-type': 'image/png' },
    body: Buffer.from([0, 255, 1]).toString('base64'),
    isBase64Encoded: true,
  }),
  cookies: () => ({ statusCode: 200, cookies: ['a=1', 'b=2'] }),
  throws: () => {
    throw new Error('a secret detail');
  },
  'bad status': () => ({ statusCode: 'fine' }),
  'object as body': () => ({ statusCode: 200, body: { not: 'text' } }),
  'bad headers': () => ({ statusCode: 200, headers: ['x'] }),
  circular: () => {
    const answer: Record<string, unknown> = {};
    answer['self'] = answer;
    return answer;
  },
} satisfies Record<string, Handler>;

type Script = keyof typeof answers;

const scripted: Handler = ({ headers }) => answers[headers['x-answer'] as Script]();
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const lambda = (name: string, handler: Handler | typeof judge, timeoutMs = 5000): LambdaFunction => ({
  name,
  timeoutMs,
  handler: handler as LambdaFunction['handler'],
});

const open = (method: string, path: string, functionName: string) => ({
  method,
  path,
  functionName,
  authorizer: null,
});

let api: ApiGateway;

beforeAll(async () => {
  vi.spyOn(console, 'error').mockImplementation(() => {});
  api = await startApiGateway({
    port: 0,
    integrationTimeoutMs: 300,
    routes: [
      open('POST', '/echo', 'echo'),
      open('GET', '/echo', 'echo'),
      open('GET', '/things/{id}', 'echo'),
      open('GET', '/things/{id}/{part}', 'echo'),
      open('GET', '/things/special', 'scripted'),
      open('GET', '/scripted', 'scripted'),
      open('GET', '/slow', 'slow'),
      open('GET', '/overdue', 'overdue'),
      open('GET', '/context', 'context'),
      { ...open('GET', '/guarded', 'echo'), authorizer: 'clients' },
      { ...open('GET', '/guarded/{id}', 'echo'), authorizer: 'clients' },
    ],
    authorizers: {
      clients: {
        functionName: 'judge',
        identitySource: ['$request.header.Authorization', '$context.routeKey'],
        resultTtlInSeconds: 1,
      },
    },
    functions: {
      echo: lambda('echo', (event: Event) => event),
      scripted: lambda('scripted', scripted),
      slow: lambda('slow', () => pause(600)),
      overdue: lambda('overdue', () => pause(600), 50),
      context: lambda('context', (_event: Event, context) => ({
        ...context,
        left: context.getRemainingTimeInMillis(),
      })),
      judge: lambda('judge', judge),
    },
  });
});

afterAll(() => api.close());
afterEach(() => {
  asked.length = 0;
});

const call = (path: string, init?: RequestInit) => fetch(`${api.url}${path}`, init);
const echo = async (path: string, init?: RequestInit): Promise<Event> =>
  (await (await call(path, init)).json()) as Event;
const scriptedAnswer = (answer: Script) => call('/scripted', { headers: { 'x-answer': answer } });
const summary = async (response: Response) => [response.status, await response.text()];

describe('the event', () => {
  it('has the fields of payload format 2.0', async () => {
    const event = await echo('/echo?b=2&a=1&a=%C3%A9', {
      method: 'POST',
      headers: { 'content-type': 'application/json', 'user-agent': 'tester', 'X-Custom': 'Yes' },
      body: '{"é":1}',
    });
    expect(event).toMatchObject({
      version: '2.0',
      routeKey: 'POST /echo',
      rawPath: '/echo',
      rawQueryString: 'b=2&a=1&a=%C3%A9',
      queryStringParameters: { a: '1,é', b: '2' },
      headers: { 'x-custom': 'Yes', 'content-type': 'application/json', 'x-forwarded-for': '127.0.0.1' },
      body: '{"é":1}',
      isBase64Encoded: false,
      requestContext: {
        http: {
          method: 'POST',
          path: '/echo',
          protocol: 'HTTP/1.1',
          sourceIp: '127.0.0.1',
          userAgent: 'tester',
        },
        routeKey: 'POST /echo',
        stage: '$default',
        time: expect.stringMatching(/^\d\d\/[A-Z][a-z]{2}\/\d{4}:\d\d:\d\d:\d\d \+0000$/),
        timeEpoch: expect.any(Number),
      },
    });
    expect(event).not.toHaveProperty('pathParameters');
    expect(event.requestContext).not.toHaveProperty('authorizer');
  });

  it('joins duplicate headers by commas and gives cookies a field of their own', async () => {
    const event = await new Promise<Event>((resolve) => {
      const headers = ['X-Twice', 'one', 'x-twice', 'two', 'Cookie', 'a=1; b=2', 'Host', 'localhost'];
      httpRequest(`${api.url}/echo`, { headers }, (response) => {
        response.setEncoding('utf8').on('data', (text: string) => resolve(JSON.parse(text) as Event));
      }).end();
    });
    expect(event.headers['x-twice']).toBe('one,two');
    expect(event.headers).not.toHaveProperty('cookie');
    expect(event.cookies).toEqual(['a=1', 'b=2']);
  });

  it('leaves out the body where there is none', async () => {
    expect(await echo('/echo')).not.toHaveProperty('body');
  });

  it.each(['text/plain', 'application/json; charset=utf-8', 'application/xml', 'application/problem+json'])(
    'carries %s as text',
    async (type) => {
      const init = { method: 'POST', headers: { 'content-type': type }, body: Buffer.from('é') };
      expect(await echo('/echo', init)).toMatchObject({ body: 'é', isBase64Encoded: false });
    },
  );

  it.each(['application/octet-stream', 'application/x-www-form-urlencoded', ''])(
    'carries content type "%s" as base64',
    async (type) => {
      const body = Buffer.from([0x7b, 0xff, 0x7d]);
      const init = { method: 'POST', headers: { ...(type ? { 'content-type': type } : {}) }, body };
      expect(await echo('/echo', init)).toMatchObject({
        body: body.toString('base64'),
        isBase64Encoded: true,
      });
    },
  );

  it('carries compressed JSON as base64, still compressed', async () => {
    const body = gzipSync('{}');
    const headers = { 'content-type': 'application/json', 'content-encoding': 'gzip' };
    const event = await echo('/echo', { method: 'POST', headers, body });
    expect(event).toMatchObject({ body: body.toString('base64'), isBase64Encoded: true });
  });
});

describe('routes', () => {
  it('decode their parameters', async () => {
    const event = await echo('/things/a%2Fb%20c/%C3%A9');
    expect(event).toMatchObject({
      routeKey: 'GET /things/{id}/{part}',
      pathParameters: { id: 'a/b c', part: 'é' },
    });
  });

  it('prefer a literal segment to a parameter', async () => {
    const response = await call('/things/special', { headers: { 'x-answer': 'plain text' } });
    expect(await summary(response)).toEqual([200, 'hello']);
  });

  it.each([
    ['GET', '/nowhere'],
    ['DELETE', '/echo'],
    ['GET', '/echo/'],
    ['GET', '/things/'],
    ['GET', '/things/1/2/3'],
  ])('do not match %s %s', async (method, path) => {
    expect(await summary(await call(path, { method }))).toEqual([404, '{"message":"Not Found"}']);
  });

  it('refuse a path that is no valid percent-encoding', async () => {
    expect(await summary(await call('/things/%zz'))).toEqual([400, '{"message":"Bad Request"}']);
  });
});

describe('the answer', () => {
  it('is the value itself, as JSON, when it has no statusCode', async () => {
    const response = await scriptedAnswer('plain value');
    expect(response.headers.get('content-type')).toBe('application/json');
    expect(await summary(response)).toEqual([200, '{"sent":true}']);
    expect(await summary(await scriptedAnswer('plain text'))).toEqual([200, 'hello']);
    expect(await summary(await scriptedAnswer('nothing'))).toEqual([200, 'null']);
  });

  it('keeps status and headers of a response, but not a length that is wrong', async () => {
    const response = await scriptedAnswer('created');
    expect(response.headers.get('location')).toBe('/v1/x');
    expect(response.headers.get('content-type')).toBe('text/plain;charset=UTF-8');
    expect(response.headers.get('apigw-requestid')).toMatch(/./);
    expect(await summary(response)).toEqual([201, 'ok']);
    expect(await summary(await scriptedAnswer('empty'))).toEqual([204, '']);
  });

  it('decodes base64 and turns cookies into set-cookie headers', async () => {
    const binary = await scriptedAnswer('binary');
    expect([...new Uint8Array(await binary.arrayBuffer())]).toEqual([0, 255, 1]);
    expect((await scriptedAnswer('cookies')).headers.getSetCookie()).toEqual(['a=1', 'b=2']);
  });

  it.each(['throws', 'bad status', 'object as body', 'bad headers', 'circular'] as const)(
    'is 500 without a detail when the function %s',
    async (answer) => {
      const response = await scriptedAnswer(answer);
      expect(await summary(response)).toEqual([500, '{"message":"Internal Server Error"}']);
    },
  );
});

describe('time and size', () => {
  it('answers 503 when the integration takes longer than the API waits', async () => {
    expect(await summary(await call('/slow'))).toEqual([503, '{"message":"Service Unavailable"}']);
  });

  it('answers 500 when the function is over its own time', async () => {
    expect(await summary(await call('/overdue'))).toEqual([500, '{"message":"Internal Server Error"}']);
  });

  it('tells the function its name, its request and its remaining time', async () => {
    const context = await (await call('/context')).json();
    expect(context).toMatchObject({ functionName: 'context', awsRequestId: expect.stringMatching(/-/) });
    expect((context as { left: number }).left).toBeGreaterThan(2500);
  });

  it('takes a body of 10 MB and refuses one byte more', async () => {
    const post = (size: number) => call('/echo', { method: 'POST', body: Buffer.alloc(size) });
    const limit = 10 * 1024 * 1024;
    expect((await post(limit)).status).toBe(200);
    expect(await summary(await post(limit + 1))).toEqual([413, '{"message":"Request Entity Too Large"}']);
  });
});

describe('an authorizer', () => {
  const guarded = (token?: string, path = '/guarded') =>
    call(path, token ? { headers: { authorization: token } } : {});

  it('is not asked without an identity', async () => {
    expect(await summary(await guarded())).toEqual([401, '{"message":"Unauthorized"}']);
    expect(asked).toEqual([]);
  });

  it('gives its context to the function', async () => {
    const event = (await (await guarded('Bearer yes', '/guarded/7?x=1')).json()) as Event;
    expect(event.requestContext.authorizer).toEqual({ lambda: { clientId: 'Bearer yes' } });
    expect(asked[0]).toMatchObject({
      version: '2.0',
      type: 'REQUEST',
      routeArn: 'arn:aws:execute-api:eu-west-1:000000000000:local/$default/GET/guarded/7',
      identitySource: ['Bearer yes', 'GET /guarded/{id}'],
      routeKey: 'GET /guarded/{id}',
      rawPath: '/guarded/7',
      pathParameters: { id: '7' },
      queryStringParameters: { x: '1' },
      headers: { authorization: 'Bearer yes' },
    });
  });

  it('turns a request away with 403', async () => {
    expect(await summary(await guarded('Bearer no'))).toEqual([403, '{"message":"Forbidden"}']);
  });

  it.each(['Bearer broken', 'Bearer vague'])('answers 500 for %s, and is asked again', async (token) => {
    expect(await summary(await guarded(token))).toEqual([500, '{"message":"Internal Server Error"}']);
    await guarded(token);
    expect(asked).toHaveLength(2);
  });

  it('is asked once for an identity and a route until its answer is too old', async () => {
    await guarded('Bearer cached');
    await guarded('Bearer cached');
    expect(asked).toHaveLength(1);
    await guarded('Bearer cached', '/guarded/1');
    expect(asked).toHaveLength(2);
    await pause(1020);
    await guarded('Bearer cached');
    expect(asked).toHaveLength(3);
  });
});

describe('schedules', () => {
  it('fire at their rate, never into a run that is still going', async () => {
    const events: unknown[] = [];
    const running = { now: 0, most: 0 };
    const sweep: Handler = async (event) => {
      events.push(event);
      running.now += 1;
      running.most = Math.max(running.most, running.now);
      await pause(50);
      running.now -= 1;
      throw new Error('a failed run is only printed');
    };
    const functions = { sweep: lambda('sweep', sweep) };
    const schedules = startSchedules({ schedules: [{ functionName: 'sweep', everyMs: 20 }], functions });
    await vi.waitFor(() => expect(events.length).toBeGreaterThanOrEqual(3), PATIENCE);
    schedules.close();
    expect(running.most).toBe(1);
    expect(events[0]).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event', detail: {} });
  });
});

describe('the stack', () => {
  it('comes from serverless.yml, each route and schedule with a function that is there', () => {
    const { routes, schedules, functions, authorizers, environment } = readStack();
    expect(routes).toContainEqual({
      method: 'POST',
      path: '/v1/flows',
      functionName: 'sendFlow',
      authorizer: 'clients',
    });
    expect(schedules).toContainEqual({ functionName: 'sweeper', everyMs: 60_000 });
    expect(schedules).toContainEqual({ functionName: 'campaignTick', everyMs: 60_000 });
    expect(functions['sendFlow']).toMatchObject({ handler: 'dist/sendFlow.handler', timeoutMs: 29_000 });
    expect(authorizers['clients']?.resultTtlInSeconds).toBeGreaterThan(0);
    expect(environment.TABLE_NAME).toMatch(/./);
    for (const { functionName } of [...routes, ...schedules]) expect(functions).toHaveProperty(functionName);
  });
});
