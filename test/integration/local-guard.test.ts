/** A web page can reach a server on loopback. None of the four local ones serves it, whatever it sends. */
import { connect } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';
import { type Sqs, startSqs } from '../../local/aws/sqs.ts';
import { type ApiGateway, startApiGateway } from '../../local/gateway/server.ts';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';

const KEY = '/lipaflow/local/lipachat-api-key';
const SECRET = 'the-real-api-key';

let aws: Aws;
let sqs: Sqs;
let api: ApiGateway;
let simulator: Simulator;

beforeAll(async () => {
  aws = await startAws({ port: 0, tableName: 'lipaflow', parameters: { [KEY]: SECRET } });
  sqs = await startSqs({ port: 0, bucketName: 'recipients' });
  simulator = await startSimulator({ port: 0, apiKey: SECRET });
  const hello = { name: 'hello', timeoutMs: 5_000, handler: () => ({ statusCode: 200, body: 'hello' }) };
  const route = { method: 'ANY', path: '/hello', functionName: 'hello', authorizer: null };
  const routes = [
    { ...route, method: 'GET' },
    { ...route, method: 'POST' },
  ];
  api = await startApiGateway({ port: 0, routes, authorizers: {}, functions: { hello } });
});
afterAll(() => Promise.all([aws, sqs, api, simulator].map((one) => one.close())));

type Request = { method?: string; path: string; headers?: Record<string, string>; body?: string };
type Answer = { status: number; text: string };

/** No client library, which would send a `Host` of its own. */
const raw = (url: string, { method = 'GET', path, headers = {}, body = '' }: Request): Promise<Answer> =>
  new Promise((resolve, reject) => {
    const { port, host } = new URL(url);
    const all = { host, connection: 'close', 'content-length': Buffer.byteLength(body), ...headers };
    const head = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
    const socket = connect(Number(port), '127.0.0.1');
    let text = '';
    socket.setEncoding('utf8').on('data', (chunk) => {
      text += chunk;
    });
    socket.on('error', reject).on('close', () => resolve({ status: Number(text.split(' ')[1]), text }));
    socket.write(`${method} ${path} HTTP/1.1\r\n${head.join('')}\r\n${body}`);
  });

const JSON_1_1 = 'application/x-amz-json-1.1';
const askForKey = (headers: Record<string, string> = {}): Request => ({
  method: 'POST',
  path: '/',
  headers: { 'x-amz-target': 'AmazonSSM.GetParameter', 'content-type': JSON_1_1, ...headers },
  body: JSON.stringify({ Name: KEY, WithDecryption: true }),
});
const replaceKey = (headers: Record<string, string>): Request => ({
  method: 'POST',
  path: '/__aws/parameters',
  headers,
  body: JSON.stringify({ name: KEY, value: 'stolen' }),
});

/** Each server, with a request that it takes. */
const servers: [string, () => string, Request][] = [
  ['the API', () => api.url, { path: '/hello' }],
  ['LipaChat', () => simulator.url, { path: '/__sim/health' }],
  ['AWS', () => aws.url, { path: '/__aws/requests' }],
  ['SQS and S3', () => sqs.url, { path: '/_fauxqs/queues' }],
];

describe.each(servers)('the local server of %s', (_name, urlOf, request) => {
  const ask = (headers: Record<string, string>, more: Partial<Request> = {}) =>
    raw(urlOf(), { ...request, ...more, headers });
  const portOf = () => new URL(urlOf()).port;

  it.each(['127.0.0.1', 'localhost', 'LOCALHOST', '[::1]', 'recipients.localhost'])(
    'answers to the name %s',
    async (name) => {
      // For S3, the first part of a longer name is the bucket.
      const taken = urlOf() === sqs.url && name.includes('.l') ? 404 : 200;
      expect((await ask({ host: `${name}:${portOf()}` })).status).toBe(taken);
      expect((await ask({ host: name })).status).toBe(taken);
    },
  );

  it.each([
    ...['evil.example', 'localhost.evil.example', 'evillocalhost', '127.0.0.1.evil.example', '127.0.0.2'],
    ...[
      'evil.example:80@127.0.0.1',
      '127.0.0.1, evil.example',
      'localhost.',
      '0.0.0.0',
      '2130706433',
      '[::]',
      '',
    ],
  ])('answers 403 to the name %j', async (host) => {
    const answer = await ask({ host });
    expect(answer.status).toBe(403);
    expect(answer.text).toContain('see the Host header');
  });

  it.each([
    'https://evil.example',
    'null',
    'http://127.0.0.1.evil.example',
    'file://',
    'http://localhost@evil.example',
    '',
  ])('answers 403 to a page of %j', async (origin) => {
    for (const method of ['GET', 'POST', 'PUT', 'OPTIONS', 'DELETE']) {
      const { status, text } = await ask({ origin, 'content-type': 'application/json' }, { method });
      expect([method, status]).toEqual([method, 403]);
      expect(text).toContain('see the Origin header');
    }
  });

  it.each(['http://localhost:5173', 'http://127.0.0.1:3000', 'https://app.localhost'])(
    'answers a page of %s',
    async (origin) => {
      expect((await ask({ origin })).status).toBe(200);
    },
  );

  it.each([
    'text/plain',
    'text/plain;charset=UTF-8',
    'Multipart/Form-Data; boundary=x',
    'application/x-www-form-urlencoded',
  ])('answers 403 to a body of %s that a browser sends without asking first', async (type) => {
    for (const from of [{ origin: 'http://localhost:5173' }, { 'sec-fetch-site': 'cross-site' }]) {
      const answer = await ask({ ...from, 'content-type': type }, { method: 'POST', body: '{}' });
      expect(answer.status).toBe(403);
      expect(answer.text).toContain('content type');
    }
  });
});

describe('the apiKey of the local system', () => {
  it('is handed out to LipaFlow, and not to a name that leads to 127.0.0.1', async () => {
    expect((await raw(aws.url, askForKey())).text).toContain(SECRET);
    const answer = await raw(aws.url, askForKey({ host: 'evil.example' }));
    expect(answer).toMatchObject({ status: 403, text: expect.not.stringContaining(SECRET) });
  });

  it('is not replaced by a cross-site request, with or without its origin', async () => {
    const type = { 'content-type': 'text/plain' };
    for (const headers of [type, { ...type, origin: 'https://evil.example' }, { ...type, origin: 'null' }])
      expect((await raw(aws.url, replaceKey(headers))).status).toBe(403);
    expect((await raw(aws.url, askForKey())).text).toContain(SECRET);
  });
});

describe('what needs no browser goes on', () => {
  it('with JSON that curl calls a form, and without a content type', async () => {
    for (const headers of [{ 'content-type': 'application/x-www-form-urlencoded' }, {}]) {
      expect((await raw(api.url, { method: 'POST', path: '/hello', headers, body: '{}' })).status).toBe(200);
      const write = { method: 'POST', path: '/__sim/customers/254717746565/messages', headers };
      expect((await raw(simulator.url, { ...write, body: '{"text":"hello"}' })).status).toBe(200);
    }
  });

  it.each(['application/x-www-form-urlencoded', 'text/csv', 'text/plain'])(
    'with an upload as %s',
    async (type) => {
      const put = { method: 'PUT', path: '/recipients/uploads/a.csv', headers: { 'content-type': type } };
      expect((await raw(sqs.url, { ...put, body: 'to\n254717746565\n' })).status).toBe(200);
    },
  );
});
