import { type ChildProcess, spawn } from 'node:child_process';
import { createHmac, randomUUID } from 'node:crypto';
import { once } from 'node:events';
import { createServer, get as httpGet, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { until } from '../support/fleet/wait.ts';
import { callJson } from '../support/json-http.ts';

const apiKey = 'canary-key-1';
const hmacSecret = 'canary-hmac';
const sandbox = '254110090747';
const business = '254700000001';
const customer = '254717746565';
const flowsPath = '/whatsapp/interactive/flows';
const hourMs = 3_600_000;

/** What the tests read by name out of any JSON here: a message, an envelope, a log entry. */
type Json = {
  [name: string]: unknown;
  messageId?: string;
  waId?: string;
  status?: unknown;
  message?: unknown;
  timestamp?: unknown;
  data?: Json;
  messageStatus?: Json;
  kind?: string;
  attempt?: number;
  deduplicated?: boolean;
  outcome?: string;
  joined?: boolean;
  webhook?: unknown;
  fields?: unknown;
  faults?: unknown;
  pendingCallbacks?: number;
};
type Got = { status: number; headers: Headers; text: string; json: Json };
type Hook = { body: string; headers: IncomingHttpHeaders; at: number };

let simulator: Simulator;
let hookServer: Server;
let hookUrl: string;
let hooks: Hook[] = [];
let hookStatuses: number[] = [];

beforeAll(async () => {
  hookServer = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      hooks.push({ body: Buffer.concat(chunks).toString(), headers: request.headers, at: performance.now() });
      response.writeHead(hookStatuses.shift() ?? 200).end();
    });
  });
  await new Promise<void>((resolve) => hookServer.listen(0, '127.0.0.1', resolve));
  hookUrl = `http://127.0.0.1:${(hookServer.address() as AddressInfo).port}/hook/canary-path`;
  simulator = await startSimulator({ port: 0, apiKey, webhookUrl: hookUrl, webhookHmacSecret: hmacSecret });
});

afterAll(async () => {
  await simulator.close();
  hookServer.close();
});

afterEach(async () => {
  await control('POST', '/reset');
  hooks = [];
  hookStatuses = [];
});

async function take(response: Response): Promise<Got> {
  const text = await response.text();
  let json: Json = {};
  try {
    json = JSON.parse(text) as Json;
  } catch {
    // Some answers are no JSON on purpose.
  }
  return { status: response.status, headers: response.headers, text, json };
}

async function control(method: string, path: string, body?: unknown): Promise<Got> {
  const init = body === undefined ? { method } : { method, body: JSON.stringify(body) };
  return take(await fetch(`${simulator.url}/__sim${path}`, init));
}

type SendOptions = { path?: string; key?: string; signal?: AbortSignal; raw?: string; contentType?: string };

function post(body: unknown, options: SendOptions = {}): Promise<Response> {
  return fetch(simulator.baseUrl + (options.path ?? flowsPath), {
    method: 'POST',
    redirect: 'manual',
    headers: { 'content-type': options.contentType ?? 'application/json', apiKey: options.key ?? apiKey },
    body: options.raw ?? JSON.stringify(body),
    ...(options.signal ? { signal: options.signal } : {}),
  });
}

const send = async (body: unknown, options: SendOptions = {}): Promise<Got> =>
  take(await post(body, options));

function flow(over: Record<string, unknown> = {}): Json {
  return {
    messageId: randomUUID(),
    to: customer,
    from: `+${sandbox}`,
    text: 'Thank you share your details and one of our agents will be in touch',
    flowId: 'flow-1',
    flowCta: 'Share Details!',
    screen: 'WELCOME',
    data: { service: '', serviceOption: '', package: '' },
    ...over,
  };
}

function template(over: Json = {}): Json {
  const components = { body: { placeholders: ['John', '2000'] } };
  return {
    messageId: randomUUID(),
    to: customer,
    from: business,
    template: { name: 'welcome', languageCode: 'en', components },
    ...over,
  };
}

const write = (body: Json, who = customer) => control('POST', `/customers/${who}/messages`, body);
const join = (who = customer) => write({ text: 'join lipaflow', notify: false }, who);
const arm = (fault: Json, rest: Json = {}) => control('PUT', '/faults', { fault, ...rest });
const configure = (settings: Json) => control('PUT', '/config', settings);

const list = (path: string) => callJson<Json[]>('GET', `${simulator.url}/__sim${path}`);

async function deliveriesOf(message: Json): Promise<number> {
  return (await list(`/deliveries?messageId=${message.messageId}`)).length;
}

/** Waits until the webhook has been called `count` times, then a little more to catch one too many. */
async function hookedTimes(count: number): Promise<Json[]> {
  await until(`${count} calls of the webhook`, async () => hooks.length >= count);
  await sleep(20);
  return hooks.map((hook) => JSON.parse(hook.body) as Json);
}

/** Until the gateway has the request, whatever it makes of it. */
const whenNoted = (message: Json): Promise<true> =>
  until('the request', async () => (await list(`/requests?messageId=${message.messageId}`)).length > 0);

const statusesIn = (bodies: Json[]): unknown[] => bodies.map((body) => body.messageStatus?.status);

describe('the gateway side', () => {
  it('answers a send with the receipt of the seed and delivers it once', async () => {
    await join();
    const message = flow();
    const got = await send(message);
    expect(got.status).toBe(200);
    expect(got.json).toEqual({
      timestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}$/),
      data: {
        messageId: message.messageId,
        waId: expect.stringMatching(/^wamid\.[A-Za-z0-9+/]+=*$/),
        status: 'SENT',
        statusDesc: 'Message sent successfully',
      },
      status: 'success',
      message: '',
      errors: null,
    });
    const nairobi = Date.parse(`${String(got.json.timestamp).slice(0, 23)}+03:00`);
    expect(Math.abs(nairobi - Date.now())).toBeLessThan(60_000);
    expect(await list('/deliveries')).toEqual([
      expect.objectContaining({
        messageId: message.messageId,
        waId: got.json.data?.waId,
        to: customer,
        from: sandbox,
        kind: 'flow',
        body: message,
        at: expect.any(String),
      }),
    ]);
  });

  it('answers a wrong key with "success" and Invalid credentials, on 401 or on 200', async () => {
    const wrong = await send(template(), { path: '/whatsapp/template', key: 'nope' });
    expect(wrong.status).toBe(401);
    expect(wrong.json).toMatchObject({
      data: null,
      status: 'success',
      message: 'Invalid credentials',
      errors: null,
    });
    await configure({ invalidCredentialsStatus: 200 });
    expect((await send(template(), { path: '/whatsapp/template', key: 'nope' })).status).toBe(200);
    expect(await list('/deliveries')).toEqual([]);
  });

  it('takes the keys that are valid at the moment, so that one can be rotated', async () => {
    const path = '/whatsapp/template';
    await configure({ apiKeys: [apiKey, 'next'] });
    expect((await send(template(), { path, key: apiKey })).status).toBe(200);
    expect((await send(template(), { path, key: 'next' })).status).toBe(200);
    await configure({ apiKeys: ['next'] });
    expect((await send(template(), { path, key: apiKey })).status).toBe(401);
  });

  it.each([
    ['a missing field', { screen: undefined }],
    ['a number for a string', { flowId: 7 }],
    ['a plus in to', { to: `+${customer}` }],
    ['an empty text', { text: '' }],
    ['a text of 1025 characters', { text: '😀'.repeat(1025) }],
    ['a button of 31 characters', { flowCta: 'x'.repeat(31) }],
    ['an emoji on the button', { flowCta: 'Go 🚀' }],
    ['empty data', { data: {} }],
    ['an array for data', { data: [] }],
    ['null for data', { data: null }],
  ])('refuses %s without a reason, and notes the reason in the log', async (_name, over) => {
    await join();
    const got = await send(flow(over));
    expect(got.status).toBe(400);
    expect(got.json).toMatchObject({ data: null, status: 'error', message: 'Request failed.', errors: null });
    const [entry] = await list('/requests');
    expect(entry).toMatchObject({
      outcome: 'refused',
      reason: expect.stringContaining(Object.keys(over)[0] ?? ''),
    });
    expect(await list('/deliveries')).toEqual([]);
  });

  it('takes the limits themselves, counted in code points, and a flow without data', async () => {
    await join();
    const { data: _data, ...withoutData } = flow({ text: '😀'.repeat(1024), flowCta: 'é'.repeat(30) });
    expect((await send(withoutData)).status).toBe(200);
  });

  it('refuses broken JSON and another content type', async () => {
    await join();
    expect((await send(null, { raw: '{"messageId":' })).status).toBe(400);
    expect((await send(flow(), { contentType: 'text/plain' })).status).toBe(400);
  });

  it('answers an unknown path as a web framework does, with a number for status', async () => {
    const got = await send(flow(), { path: '/whatsapp/nothing' });
    expect(got.status).toBe(404);
    expect(got.json).toMatchObject({ status: 404 });
  });

  it('sends free-form messages only into an open session, templates always', async () => {
    const shut = await send(flow());
    expect(shut.status).toBe(400);
    expect(shut.json.status).toBe('error');
    expect(shut.json.message).toContain('24-hour sandbox session window');
    const text = { messageId: randomUUID(), to: customer, from: business, message: 'Hello' };
    expect((await send(text, { path: '/whatsapp/message/text' })).status).toBe(400);
    await configure({ sessionClosedStatus: 200 });
    expect((await send(flow())).status).toBe(200);
    expect(await list('/deliveries')).toEqual([]);
    expect((await send(template(), { path: '/whatsapp/template' })).status).toBe(200);
    await write({ to: business, text: 'hi', notify: false });
    expect((await send(text, { path: '/whatsapp/message/text' })).json.status).toBe('success');
    expect((await list('/deliveries')).map((delivery) => delivery.kind)).toEqual(['template', 'text']);
  });

  it('shuts the window at 24 hours of its own clock, and keeps each number of ours apart', async () => {
    await write({ to: business, text: 'hi', notify: false });
    expect((await send(flow({ from: '254700000002' }))).status).toBe(400);
    await configure({ clockOffsetMs: 24 * hourMs - 10_000 });
    expect((await send(flow({ from: business }))).status).toBe(200);
    await configure({ clockOffsetMs: 24 * hourMs });
    expect((await send(flow({ from: business }))).status).toBe(400);
    await configure({ enforceSessions: false });
    expect((await send(flow({ from: business }))).status).toBe(200);
  });

  it('lists messages by pages, newest first', async () => {
    const path = '/whatsapp/template';
    const sent = [template(), template(), template()];
    for (const message of sent) await send(message, { path });
    const headers = { apiKey };
    const got = await take(await fetch(`${simulator.baseUrl}/whatsapp/message?page=1&size=2`, { headers }));
    expect(got.json).toMatchObject({ data: [{ messageId: sent[0]?.messageId }], totalPages: 2 });
    expect((await fetch(`${simulator.baseUrl}/whatsapp/message?size=0`, { headers })).status).toBe(400);
    expect((await fetch(`${simulator.baseUrl}/whatsapp/message`)).status).toBe(401);
  });

  it('waits latencyMs before it answers', async () => {
    await configure({ latencyMs: 80 });
    const before = performance.now();
    await send(template(), { path: '/whatsapp/template' });
    expect(performance.now() - before).toBeGreaterThanOrEqual(75);
  });
});

describe('repeats of a messageId', () => {
  it('delivers fifty concurrent requests of one id once and gives all the same receipt', async () => {
    await join();
    await configure({ latencyMs: 20 });
    const message = flow();
    const answers = await Promise.all(Array.from({ length: 50 }, () => send(message)));
    expect(new Set(answers.map((got) => got.json.data?.waId)).size).toBe(1);
    expect(await deliveriesOf(message)).toBe(1);
    const requests = await list(`/requests?messageId=${message.messageId}`);
    expect(requests.filter((request) => request.deduplicated)).toHaveLength(49);
    expect(requests.map((request) => request.attempt)).toEqual(Array.from({ length: 50 }, (_, n) => n + 1));
  });

  it('says duplicate with the status it is told to', async () => {
    await join();
    const message = flow();
    await send(message);
    for (const duplicateErrorStatus of [400, 409, 200]) {
      await configure({ duplicateAnswer: 'error', duplicateErrorStatus });
      const got = await send(message);
      expect(got.status).toBe(duplicateErrorStatus);
      expect(got.json).toMatchObject({ data: null, status: 'error', message: 'Duplicate messageId' });
    }
    expect(await deliveriesOf(message)).toBe(1);
  });

  it('delivers twice when it is told not to deduplicate', async () => {
    await join();
    await configure({ duplicateAnswer: 'send-again' });
    const message = flow();
    const [first, second] = [await send(message), await send(message)];
    const waIds = [first, second].map(({ json }) => json.data?.waId as unknown);
    expect(waIds).toEqual([expect.any(String), expect.any(String)]);
    expect(new Set(waIds).size).toBe(2);
    expect(await deliveriesOf(message)).toBe(2);
  });

  it('knows an accepted id after its window has shut, but not one that it refused', async () => {
    const message = flow();
    expect((await send(message)).status).toBe(400);
    await join();
    expect((await send(message)).status).toBe(200);
    await configure({ clockOffsetMs: 25 * hourMs });
    expect((await send(message)).status).toBe(200);
    expect(await deliveriesOf(message)).toBe(1);
  });
});

describe('the request log', () => {
  it('notes each request with its headers, and never the value of the key', async () => {
    await send(flow());
    await send(flow(), { key: 'canary-wrong' });
    const got = await control('GET', '/requests');
    expect(got.text).not.toContain('canary');
    expect(got.json).toMatchObject([
      { method: 'POST', path: flowsPath, apiKeyRight: true, outcome: 'session-closed', fault: null },
      { apiKeyRight: false, outcome: 'invalid-credentials', headers: { 'content-type': 'application/json' } },
    ]);
  });

  it('shows neither keys nor the webhook address in the state', async () => {
    await join();
    const got = await control('GET', '/state');
    expect(got.text).not.toContain('canary');
    expect(got.json).toMatchObject({
      config: { apiKeys: 1, numbersWithOwnKey: 0, webhookUrlSet: true },
      sessions: [{ from: sandbox, to: customer, open: true }],
      joined: [customer],
      faults: [],
      deliveries: 0,
      pendingCallbacks: 0,
    });
  });
});

describe('a customer who writes in', () => {
  it('must send the join code to the sandbox first; case and spaces aside', async () => {
    expect((await write({ text: 'hello' })).json).toEqual({ joined: false, webhook: [] });
    expect(hooks).toHaveLength(0);
    expect((await send(flow())).status).toBe(400);
    const joining = await write({ text: ' Join LipaFlow ' });
    expect(joining.json).toMatchObject({ joined: true, webhook: [{ status: 200, attempts: 1 }] });
    expect((await write({ text: 'hello' })).json.joined).toBe(true);
    expect((await send(flow())).status).toBe(200);
    expect(await hookedTimes(2)).toMatchObject([{ text: ' Join LipaFlow ' }, { text: 'hello' }]);
  });

  it('calls our webhook in the documented flat shape, signed over the raw bytes', async () => {
    const got = await write({ to: `+${business}`, text: 'Habari 😀 @é' }, `+${customer}`);
    const [body] = await hookedTimes(1);
    expect(body).toEqual({
      messageId: got.json.messageId,
      from: customer,
      to: business,
      profileName: 'Wanjiku',
      type: 'TEXT',
      text: 'Habari 😀 @é',
    });
    const [hook] = hooks;
    const digest = createHmac('sha256', hmacSecret)
      .update(hook?.body ?? '')
      .digest('hex');
    expect(hook?.headers['x-hub-signature-256']).toBe(`sha256=${digest}`);
    expect(hook?.headers['content-type']).toBe('application/json');
  });

  it('can come as an array, as {messages} and in the envelope of WhatsApp', async () => {
    for (const shape of ['array', 'messages', 'whatsapp']) {
      await write({ to: business, text: 'hi', messageId: 'wamid.X', shape });
    }
    const [array, messages, whatsapp] = await hookedTimes(3);
    expect(array).toMatchObject([{ messageId: 'wamid.X', text: 'hi' }]);
    expect(messages).toMatchObject({ messages: [{ messageId: 'wamid.X', text: 'hi' }] });
    const message = { from: customer, id: 'wamid.X', type: 'text', text: { body: 'hi' } };
    expect(whatsapp).toMatchObject({
      entry: [
        {
          changes: [
            {
              value: {
                metadata: { display_phone_number: business },
                contacts: [{ wa_id: customer }],
                messages: [{ ...message, timestamp: expect.stringMatching(/^\d{10}$/) }],
              },
            },
          ],
        },
      ],
    });
  });

  it('can send any type, stamps, and fields of its own', async () => {
    await write({ to: business, type: 'IMAGE', timestamp: 's' });
    await write({ to: business, type: 'INTERACTIVE', text: 'NO', timestamp: 'ms' });
    await write({ to: business, type: 'FLOW', raw: { response_json: { a: 1 }, context: { id: 'wamid.Y' } } });
    const [image, tap, reply] = await hookedTimes(3);
    expect(image).toMatchObject({ image: { caption: null }, timestamp: expect.any(Number) });
    expect(String(image?.timestamp)).toHaveLength(10);
    expect(tap).toMatchObject({ interactive: { type: 'button_reply', button_reply: { title: 'NO' } } });
    expect(String(tap?.timestamp)).toHaveLength(13);
    expect(reply).toMatchObject({ type: 'FLOW', response_json: { a: 1 }, context: { id: 'wamid.Y' } });
    expect(reply).not.toHaveProperty('timestamp');
  });

  it('opens the window from the message’s own time, and an older one takes nothing back', async () => {
    const dayAgo = Math.floor((Date.now() - 25 * hourMs) / 1000);
    await write({ to: business, text: 'late', timestamp: dayAgo });
    expect((await send(flow({ from: business }))).status).toBe(400);
    await write({ to: business, text: 'now' });
    await write({ to: business, text: 'late again', timestamp: dayAgo * 1000 });
    expect((await send(flow({ from: business }))).status).toBe(200);
  });

  it('is repeated with the same bytes, in turn or at once, or never told to us', async () => {
    const inTurn = await write({ to: business, text: 'a', repeat: 3 });
    expect(inTurn.json.webhook).toHaveLength(3);
    await write({ to: business, text: 'b', repeat: 10, concurrent: true });
    await write({ to: business, text: 'c', notify: false });
    await hookedTimes(13);
    expect(hooks).toHaveLength(13);
    expect(new Set(hooks.map((hook) => hook.body)).size).toBe(2);
  });

  it('is told to us again on a 5xx, a few times, and not after a 4xx', async () => {
    hookStatuses = [503, 500];
    const got = await write({ to: business, text: 'a' });
    expect(got.json.webhook).toEqual([{ status: 200, attempts: 3, error: null }]);
    hookStatuses = [401];
    const refused = await write({ to: business, text: 'b' });
    expect(refused.json.webhook).toEqual([{ status: 401, attempts: 1, error: null }]);
  });

  it('reports a webhook that cannot be reached, after bounded tries and without its address', async () => {
    await configure({ webhookUrl: 'http://127.0.0.1:1/canary-path' });
    const got = await write({ to: business, text: 'a' });
    expect(got.json.webhook).toEqual([{ status: null, attempts: 4, error: 'ECONNREFUSED' }]);
    await configure({ webhookUrl: null });
    const unset = await write({ to: business, text: 'a' });
    expect(unset.json.webhook).toEqual([{ status: null, attempts: 0, error: 'no webhook URL is set' }]);
    simulator.setWebhookUrl(hookUrl);
  });
});

describe('status callbacks', () => {
  const path = '/whatsapp/template';

  it('are off until they are switched on', async () => {
    await send(template(), { path });
    await hookedTimes(0);
    expect(hooks).toHaveLength(0);
  });

  it('follow a delivery as SENT, DELIVERED, READ, and a repeat brings none', async () => {
    await configure({ callbacks: { enabled: true, delayMs: 5 } });
    const message = template();
    const got = await send(message, { path });
    await send(message, { path });
    const bodies = await hookedTimes(3);
    expect(statusesIn(bodies)).toEqual(['SENT', 'DELIVERED', 'READ']);
    expect(bodies[0]).toEqual({
      event: 'MESSAGE_STATUS',
      messageStatus: {
        waId: got.json.data?.waId,
        messageId: message.messageId,
        conversationId: expect.any(String),
        status: 'SENT',
        statusDesc: 'Message sent',
      },
    });
    expect((await control('GET', '/state')).json.pendingCallbacks).toBe(0);
  });

  it('can come twice and in the wrong order', async () => {
    await configure({ callbacks: { enabled: true, duplicate: true, reorder: true } });
    await send(template(), { path });
    expect(statusesIn(await hookedTimes(6))).toEqual([
      'READ',
      'READ',
      'DELIVERED',
      'DELIVERED',
      'SENT',
      'SENT',
    ]);
  });

  it('can come before the send is answered', async () => {
    await configure({ callbacks: { enabled: true, early: true } });
    await send(template(), { path });
    const answeredAt = performance.now();
    expect(hooks).toHaveLength(3);
    expect(hooks.every((hook) => hook.at < answeredAt)).toBe(true);
  });

  it('can say FAILED with an error code', async () => {
    await configure({ callbacks: { enabled: true, statuses: ['FAILED'], errorCode: 131047 } });
    await send(template(), { path });
    const [body] = await hookedTimes(1);
    expect(body).toMatchObject({
      messageStatus: { status: 'FAILED', statusDesc: expect.stringContaining('131047') },
    });
  });

  it('come after an answer that was lost, too', async () => {
    await configure({ callbacks: { enabled: true, statuses: ['DELIVERED'] } });
    await arm({ kind: 'accept-then-reset' });
    await expect(send(template(), { path })).rejects.toThrow();
    expect(statusesIn(await hookedTimes(1))).toEqual(['DELIVERED']);
  });

  it('are sent one by one on request, by waId alone if wanted', async () => {
    const message = template();
    const got = await send(message, { path });
    const { waId } = got.json.data as Json;
    const status = `/messages/${message.messageId}/status`;
    const sent = await control('POST', status, { status: 'READ', useWaIdOnly: true, extra: { note: 1 } });
    expect(sent.json).toEqual({ webhook: [{ status: 200, attempts: 1, error: null }] });
    const [body] = await hookedTimes(1);
    expect(body?.messageStatus).toMatchObject({ waId, status: 'READ', note: 1 });
    expect(body?.messageStatus).not.toHaveProperty('messageId');
    expect((await control('POST', '/messages/unknown/status', { status: 'READ' })).status).toBe(404);
  });

  it('can be any bytes under any headers', async () => {
    await control('POST', '/callbacks', { body: { event: 'TEMPLATE_STATUS' }, repeat: 2 });
    const signature = 'X-Hub-Signature-256';
    await control('POST', '/callbacks', { body: '{"cut":', headers: { [signature]: 'sha256=00' } });
    await control('POST', '/callbacks', { body: [], headers: { [signature]: null } });
    expect(hooks.map((hook) => hook.body)).toEqual([
      '{"event":"TEMPLATE_STATUS"}',
      '{"event":"TEMPLATE_STATUS"}',
      '{"cut":',
      '[]',
    ]);
    expect(hooks[2]?.headers['x-hub-signature-256']).toBe('sha256=00');
    expect(hooks[3]?.headers).not.toHaveProperty('x-hub-signature-256');
    expect(await list('/callbacks')).toHaveLength(4);
  });
});

describe('faults that answer something else', () => {
  it.each<[Json, number, RegExp]>([
    [{ kind: 'reject' }, 400, /"status":"error","message":"Request failed\."/],
    [{ kind: 'reject', httpStatus: 200, message: '(#131056) pair' }, 200, /131056/],
    [{ kind: 'invalid-credentials' }, 401, /"status":"success","message":"Invalid credentials"/],
    [{ kind: 'invalid-credentials', httpStatus: 200 }, 200, /Invalid credentials/],
    [{ kind: 'session-closed', httpStatus: 200 }, 200, /24-hour sandbox session window/],
    [{ kind: 'throttle' }, 429, /"status":"error"/],
    [{ kind: 'html-502' }, 502, /^<html>/],
    [{ kind: 'server-error', status: 503 }, 503, /"status":503/],
    [{ kind: 'foreign' }, 403, /^<html>.*403 Blocked/s],
    [{ kind: 'foreign', status: 404, form: 'framework' }, 404, /"status":404,"error":"Refused","path":/],
    [{ kind: 'foreign', status: 402, form: 'proxy' }, 402, /^\{"message":"Forbidden"\}$/],
    [{ kind: 'foreign', status: 405, form: 'empty' }, 405, /^$/],
    [{ kind: 'hostile-json' }, 200, /"status":"SENT".*"more":\[{25000}\]{25000}\}/],
    [{ kind: 'hostile-json', status: 400, form: 'wide', size: 3 }, 400, /"errors":\{"0":0,"1":0,"2":0\}/],
    [{ kind: 'hostile-json', form: 'long', size: 5 }, 200, /"more":"xxxxx"/],
    [{ kind: 'not-json' }, 200, /messageId"$/],
    [{ kind: 'empty' }, 200, /^$/],
    [{ kind: 'success-without-data' }, 200, /"data":null,"status":"success","message":""/],
    [{ kind: 'accepted-status', httpStatus: 202 }, 202, /"status":"FAILED"/],
    [{ kind: 'outcome', status: 418, body: [1] }, 418, /^\[1\]$/],
    [{ kind: 'outcome', status: 299, raw: 'hm' }, 299, /^hm$/],
  ])('answers %j and delivers nothing', async (fault, status, text) => {
    await join();
    await arm(fault);
    const message = flow();
    const got = await send(message);
    expect(got.status).toBe(status);
    expect(got.text).toMatch(text);
    expect(await deliveriesOf(message)).toBe(0);
    expect((await list('/requests'))[0]).toMatchObject({ fault: fault.kind, outcome: 'not-processed' });
    expect((await send(message)).status).toBe(200);
  });

  it.each(['html-502', 'server-error', 'not-json', 'empty', 'success-without-data', 'huge-body'])(
    'delivers behind %s when told that it was accepted',
    async (kind) => {
      await join();
      const message = flow();
      await arm({ kind, accepted: true, ...(kind === 'huge-body' ? { bytes: 10 } : {}) });
      await send(message);
      expect(await deliveriesOf(message)).toBe(1);
      expect((await send(message)).json).toMatchObject({ data: { messageId: message.messageId } });
      expect(await deliveriesOf(message)).toBe(1);
    },
  );

  it('throttles with Retry-After in seconds or as a date', async () => {
    const date = 'Wed, 21 Oct 2026 07:28:00 GMT';
    await arm({ kind: 'throttle', retryAfter: 2 });
    await arm({ kind: 'throttle', retryAfter: date });
    expect((await send(flow())).headers.get('retry-after')).toBe('2');
    expect((await send(flow())).headers.get('retry-after')).toBe(date);
  });

  it('redirects, and sets the headers of an outcome', async () => {
    await arm({ kind: 'redirect', status: 302, location: 'http://127.0.0.2:1/x' });
    await arm({ kind: 'outcome', status: 503, headers: { 'Retry-After': '1' }, body: {} });
    const redirect = await send(flow());
    expect([redirect.status, redirect.headers.get('location')]).toEqual([302, 'http://127.0.0.2:1/x']);
    expect((await send(flow())).headers.get('retry-after')).toBe('1');
  });

  it('answers a receipt under another messageId', async () => {
    await join();
    await arm({ kind: 'no-messageId-echo' });
    const message = flow();
    const data = (await send(message)).json.data as Json;
    expect(data.messageId).toMatch(/^[0-9a-f-]{36}$/);
    expect(data.messageId).not.toBe(message.messageId);
    expect(data.waId).toBe((await list('/deliveries'))[0]?.waId);
  });
});

describe('faults of the wire', () => {
  it.each([
    ['reset-before-accept', 0],
    ['accept-then-reset', 1],
    ['cut-body', 1],
  ])('breaks the connection: %s', async (kind, delivered) => {
    await join();
    await arm({ kind });
    const message = flow();
    await expect(send(message)).rejects.toThrow();
    expect(await deliveriesOf(message)).toBe(delivered);
    expect((await send(message)).status).toBe(200);
    expect(await deliveriesOf(message)).toBe(1);
  });

  it('cuts a body in its middle under a whole content-length', async () => {
    await join();
    await arm({ kind: 'cut-body' });
    const response = await post(flow());
    const promised = Number(response.headers.get('content-length'));
    let received = 0;
    const read = async () => {
      for await (const chunk of response.body ?? []) received += (chunk as Uint8Array).length;
    };
    await expect(read()).rejects.toThrow();
    expect(received).toBe(promised >> 1);
  });

  it.each([
    ['silence-before-accept', 0],
    ['accept-then-silence', 1],
  ])('says nothing until the client leaves: %s', async (kind, delivered) => {
    await join();
    await arm({ kind });
    const message = flow();
    const leaving = new AbortController();
    const held = expect(send(message, { signal: leaving.signal })).rejects.toThrow(/abort/i);
    await whenNoted(message);
    await until('its outcome', async () => (await deliveriesOf(message)) === delivered);
    await sleep(60);
    leaving.abort();
    await held;
    expect(await deliveriesOf(message)).toBe(delivered);
  });

  it('is slow after it accepted, or before', async () => {
    await join();
    for (const [acceptFirst, during] of [
      [true, 1],
      [false, 0],
    ] as const) {
      const held = flow();
      await arm({ kind: 'slow', delayMs: 60_000, acceptFirst });
      const leaving = new AbortController();
      const left = expect(send(held, { signal: leaving.signal })).rejects.toThrow(/abort/i);
      await whenNoted(held);
      await until('its outcome', async () => (await deliveriesOf(held)) === during);
      await sleep(50);
      expect(await deliveriesOf(held)).toBe(during);
      leaving.abort();
      await left;

      const message = flow();
      await arm({ kind: 'slow', delayMs: 120, acceptFirst });
      expect((await send(message)).status).toBe(200);
      expect(await deliveriesOf(message)).toBe(1);
    }
  });

  it('accepts late though the client has left, and then only once', async () => {
    await join();
    await arm({ kind: 'slow', delayMs: 2_000, acceptFirst: false });
    const message = flow();
    const leaving = new AbortController();
    const left = expect(send(message, { signal: leaving.signal })).rejects.toThrow();
    await whenNoted(message);
    leaving.abort();
    await left;
    expect((await send(message)).status).toBe(200);
    const outcomes = async () => (await list('/requests')).map((request) => request.outcome);
    await until('the late one', async () => (await outcomes())[0] !== 'not-processed');
    expect(await outcomes()).toEqual(['deduplicated', 'accepted']);
    expect(await deliveriesOf(message)).toBe(1);
  });

  it('drips an answer byte by byte', async () => {
    await join();
    await arm({ kind: 'slow-drip', intervalMs: 20 });
    const begun = performance.now();
    const response = await post(flow());
    expect(response.status).toBe(200);
    let received = 0;
    for await (const chunk of response.body ?? []) {
      received += (chunk as Uint8Array).length;
      if (received >= 6) break;
    }
    expect(performance.now() - begun).toBeGreaterThanOrEqual((received - 1) * 18);
    await arm({ kind: 'slow-drip', intervalMs: 0 });
    expect((await send(flow())).json.status).toBe('success');
  });

  it('streams a huge body', async () => {
    await arm({ kind: 'huge-body', bytes: 3_000_001 });
    expect((await send(flow())).text).toHaveLength(3_000_001);
  });

  it('sends a gzip bomb whatever encodings were asked for', async () => {
    await arm({ kind: 'gzip-bomb', megabytes: 8 }, { match: { path: '/whatsapp/message' } });
    const headers = { 'accept-encoding': 'identity', apiKey };
    const [response] = await once(httpGet(`${simulator.baseUrl}/whatsapp/message`, { headers }), 'response');
    let bytes = 0;
    for await (const chunk of response) bytes += (chunk as Buffer).length;
    expect(response.headers['content-encoding']).toBe('gzip');
    expect(bytes).toBeLessThan(100_000);
  });

  it('lets go of a body whose client hangs up in the middle', async () => {
    await arm({ kind: 'huge-body', bytes: 2_000_000_000 });
    const abort = new AbortController();
    const response = await post(flow(), { signal: abort.signal });
    abort.abort();
    await expect(response.text()).rejects.toThrow();
    expect((await control('GET', '/health')).status).toBe(200);
  });
});

describe('when faults strike', () => {
  it('strikes only what fits its messageId, to, path and attempt', async () => {
    const path = '/whatsapp/template';
    const [hit, other] = [template(), template({ to: '254711111111' })];
    const fault = { kind: 'reject', httpStatus: 422 };
    await arm(fault, { match: { messageId: hit.messageId } });
    expect((await send(other, { path })).status).toBe(200);
    expect((await send(hit, { path })).status).toBe(422);
    await arm(fault, { match: { to: '+254711111111' } });
    expect((await send(template(), { path })).status).toBe(200);
    expect((await send(template({ to: '254711111111' }), { path })).status).toBe(422);
    await arm(fault, { match: { path: '/api/v1/whatsapp/message/text' } });
    expect((await send(template(), { path })).status).toBe(200);
    expect((await send({}, { path: '/whatsapp/message/text' })).status).toBe(422);
    await arm(fault, { match: { attempt: 2 } });
    const twice = template();
    expect((await send(twice, { path })).status).toBe(200);
    expect((await send(twice, { path })).status).toBe(422);
  });

  it('strikes as often as it was told, in the order of the rules, for ever with null', async () => {
    const path = '/whatsapp/template';
    await arm({ kind: 'reject', httpStatus: 423 }, { times: 2 });
    await arm({ kind: 'reject', httpStatus: 422 }, { times: null });
    const statuses: number[] = [];
    for (let n = 0; n < 5; n += 1) statuses.push((await send(template(), { path })).status);
    expect(statuses).toEqual([423, 423, 422, 422, 422]);
    expect((await control('GET', '/state')).json.faults).toMatchObject([
      { left: 0, struck: 2 },
      { left: null, struck: 3 },
    ]);
    await control('DELETE', '/faults');
    expect((await send(template(), { path })).status).toBe(200);
  });

  it('leaves reads alone unless a path names them', async () => {
    await arm({ kind: 'reject' });
    expect((await fetch(`${simulator.baseUrl}/whatsapp/message`, { headers: { apiKey } })).status).toBe(200);
  });
});

describe('the control API', () => {
  it.each<[string, string, unknown, string]>([
    ['PUT', '/config', { latencyMs: 'soon' }, 'latencyMs'],
    ['PUT', '/config', { callbacks: { delayMs: -1 } }, 'callbacks.delayMs'],
    ['PUT', '/config', { latency: 5 }, 'latency'],
    ['PUT', '/config', { webhookUrl: 'ftp://x' }, 'webhookUrl'],
    ['PUT', '/faults', { fault: { kind: 'nonsense' } }, 'fault.kind'],
    ['PUT', '/faults', { fault: { kind: 'slow' } }, 'fault.delayMs'],
    ['PUT', '/faults', { fault: { kind: 'empty' }, times: 0 }, 'times'],
    ['PUT', '/faults', { fault: { kind: 'empty' }, match: { id: 'x' } }, 'match.id'],
    ['POST', '/customers/bob/messages', { text: 'x' }, 'customer'],
    ['POST', `/customers/${customer}/messages`, {}, 'text'],
    ['POST', '/callbacks', {}, 'body'],
    ['POST', '/messages/x/status', { status: 'GONE' }, 'status'],
    ['PUT', '/config', undefined, 'body'],
  ])('%s %s with %j is refused by the name of the field', async (method, path, body, field) => {
    const got = await control(method, path, body);
    expect(got.status).toBe(400);
    expect(got.json.fields).toMatchObject([{ field, problem: expect.any(String) }]);
  });

  it('merges settings and changes nothing when one of them is wrong', async () => {
    await configure({ callbacks: { delayMs: 7 } });
    await configure({ latencyMs: 1, callbacks: { early: 'yes' } });
    const got = await configure({ callbacks: { reorder: true } });
    expect(got.json).toMatchObject({ latencyMs: 0, callbacks: { delayMs: 7, reorder: true, early: false } });
  });

  it('forgets everything on reset but the address of the webhook', async () => {
    await join();
    await configure({ apiKeys: ['other'], clockOffsetMs: 1, callbacks: { enabled: true } });
    await arm({ kind: 'empty' }, { times: null });
    await control('POST', '/reset');
    expect((await control('GET', '/state')).json).toMatchObject({
      config: { clockOffsetMs: 0, webhookUrlSet: true, callbacks: { enabled: false } },
      sessions: [],
      joined: [],
      faults: [],
      requests: 0,
    });
    expect((await send(template(), { path: '/whatsapp/template' })).status).toBe(200);
  });

  it('is healthy, and says so when a path is unknown', async () => {
    expect((await control('GET', '/health')).json).toEqual({ status: 'ok' });
    expect((await control('GET', '/nothing')).status).toBe(404);
  });
});

describe('its end', () => {
  it('closes at once under held, dripping and streaming answers, and twice', async () => {
    const own = await startSimulator({ port: 0, apiKey });
    const arming = (fault: Json) =>
      fetch(`${own.url}/__sim/faults`, { method: 'PUT', body: JSON.stringify({ fault }) });
    const kinds: Json[] = [
      { kind: 'accept-then-silence' },
      { kind: 'slow', delayMs: 60_000 },
      { kind: 'slow-drip', intervalMs: 1_000 },
      { kind: 'gzip-bomb', megabytes: 4096 },
    ];
    const held: Promise<unknown>[] = [];
    for (const kind of kinds) {
      await arming(kind);
      const init = { method: 'POST', headers: { apiKey, 'content-type': 'application/json' } };
      const answer = fetch(`${own.baseUrl}/whatsapp/template`, { ...init, body: JSON.stringify(template()) });
      held.push(answer.then((response) => response.bytes()).catch(() => 'cut'));
      await sleep(20);
    }
    const before = performance.now();
    await Promise.all([own.close(), own.close()]);
    // The shortest of them is held for a minute.
    expect(performance.now() - before).toBeLessThan(30_000);
    expect(await Promise.all(held)).toEqual(['cut', 'cut', 'cut', 'cut']);
  });

  it.each(['SIGINT', 'SIGTERM'] as const)(
    'runs as a process of its own and ends cleanly on %s',
    async (signal) => {
      const child = spawnSimulator({ LIPAFLOW_LOCAL_API_KEY: apiKey, SIMULATOR_PORT: '0' });
      const [line] = await once(child.stdout ?? child, 'data');
      const url = /^simulator (http:\/\/127\.0\.0\.1:\d+)\n$/.exec(String(line))?.[1];
      expect((await fetch(`${url}/__sim/health`)).status).toBe(200);
      child.kill(signal);
      expect(await once(child, 'exit')).toEqual([0, null]);
    },
  );

  it('does not start without a key', async () => {
    const child = spawnSimulator({});
    const [said] = await once(child.stderr ?? child, 'data');
    expect(String(said)).toContain('LIPAFLOW_LOCAL_API_KEY');
    expect(await once(child, 'exit')).toEqual([1, null]);
  });
});

function spawnSimulator(env: Record<string, string>): ChildProcess {
  return spawn(process.execPath, ['local/simulator/main.ts'], { env, stdio: ['ignore', 'pipe', 'pipe'] });
}
