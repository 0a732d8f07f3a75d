import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { callJson } from '../support/json-http.ts';

const apiKey = 'replies-key';
const sandbox = '254110090747';
const business = '254700000001';
const customer = '254717746565';
const hourMs = 3_600_000;

type Json = { [name: string]: unknown; messageId?: string; waId?: string; data?: Json; body?: string };
type Got = { status: number; json: Json };

let simulator: Simulator;

beforeAll(async () => {
  simulator = await startSimulator({ port: 0, apiKey });
});
afterAll(() => simulator.close());
afterEach(() => control('POST', '/reset'));

async function call(method: string, url: string, body?: unknown): Promise<Got> {
  const headers = { apiKey, 'content-type': 'application/json' };
  const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) };
  const response = await fetch(url, init);
  return { status: response.status, json: (await response.json()) as Json };
}

const control = (method: string, path: string, body?: unknown) =>
  call(method, `${simulator.url}/__sim${path}`, body);
const list = (path: string) => callJson<Json[]>('GET', `${simulator.url}/__sim${path}`);
const write = (body: Json) => control('POST', `/customers/${customer}/messages`, body);
const reply = (body: Json, who = customer) => control('POST', `/customers/${who}/flow-replies`, body);

/** What our webhook was told: without an address the simulator only notes it. */
const told = async (): Promise<Json[]> =>
  (await list('/callbacks')).map((hook) => JSON.parse(hook.body ?? '') as Json);

/** Sends a flow into an open window and gives its waId and messageId. */
async function deliver(over: Json = {}): Promise<{ messageId: string; waId: string }> {
  const messageId = randomUUID();
  const words = { text: 'Please', flowId: 'f', flowCta: 'Go', screen: 'S', data: { a: '' } };
  const flow = { messageId, to: customer, from: sandbox, ...words, ...over };
  const sent = await call('POST', `${simulator.baseUrl}/whatsapp/interactive/flows`, flow);
  expect(sent.status).toBe(200);
  return { messageId, waId: String(sent.json.data?.waId) };
}

async function joinAndDeliver(over: Json = {}) {
  await write({ text: 'join lipaflow', notify: false });
  return deliver(over);
}

const response = { name: 'Wanjiku', rooms: 2 };
const json = JSON.stringify(response);
const sent = { name: 'flow', body: 'Sent' };

describe('a flow reply', () => {
  it.each<[string, Json]>([
    ['nfm_reply', { nfm_reply: { ...sent, response_json: json } }],
    ['nfm_reply-object', { nfm_reply: { ...sent, response_json: response } }],
    ['camelCase', { nfmReply: { ...sent, responseJson: json } }],
  ])('comes as %s', async (shape, payload) => {
    const flow = await joinAndDeliver();
    const got = await reply({ shape, response });
    expect(got.json).toMatchObject({ joined: true, flow: flow.messageId, messageId: expect.any(String) });
    expect(await told()).toEqual([
      {
        messageId: got.json.messageId,
        from: customer,
        to: sandbox,
        profileName: 'Wanjiku',
        type: 'INTERACTIVE',
        interactive: { type: 'nfm_reply', ...payload },
      },
    ]);
  });

  it.each(['FLOW', 'NFM_REPLY', 'FLOW_REPLY', 'FLOW_RESPONSE'])(
    'comes as %s with its payload at the top',
    async (type) => {
      await joinAndDeliver();
      await reply({ shape: `top-level-${type}`, response });
      const [body] = await told();
      expect(body).toMatchObject({ from: customer, to: sandbox, type, ...sent, response_json: json });
      expect(body).not.toHaveProperty('interactive');
    },
  );

  it('comes in the envelope of WhatsApp, with its time and its context', async () => {
    const { waId } = await joinAndDeliver();
    const got = await reply({ shape: 'whatsapp', response });
    const [body] = await told();
    const message = {
      context: { from: sandbox, id: waId },
      from: customer,
      id: got.json.messageId,
      timestamp: expect.stringMatching(/^\d{10}$/),
      type: 'interactive',
      interactive: { type: 'nfm_reply', nfm_reply: { ...sent, response_json: json } },
    };
    const value = expect.objectContaining({
      metadata: expect.objectContaining({ display_phone_number: sandbox }),
      messages: [message],
    });
    expect(body).toMatchObject({ entry: [{ changes: [{ field: 'messages', value }] }] });
  });

  it('names its flow by context only where it is told to, or as WhatsApp does', async () => {
    const { waId } = await joinAndDeliver();
    await reply({ response, withContext: true });
    await reply({ response, shape: 'top-level-FLOW' });
    await reply({ response, shape: 'whatsapp', withContext: false });
    const [flat, top, whatsapp] = await told();
    expect(flat).toMatchObject({ context: { id: waId } });
    expect(top).not.toHaveProperty('context');
    expect(JSON.stringify(whatsapp)).not.toContain('"context"');
  });

  it('gives the correlation value back only if it is told to, and if one was sent', async () => {
    const shape = 'nfm_reply-object';
    await joinAndDeliver({ data: { lipaflow_ref: 'ref-1', plan: 'gold' } });
    await reply({ response, shape });
    await reply({ response, shape, withToken: true });
    await reply({ response, shape: 'whatsapp', withToken: true });
    await deliver();
    await reply({ response, shape, withToken: true });
    const [without, withToken, whatsapp, none] = await told();
    const payload = (filled: Json) => ({ interactive: { nfm_reply: { response_json: filled } } });
    expect(without).toMatchObject(payload(response));
    expect(JSON.stringify(without)).not.toContain('ref-1');
    expect(withToken).toMatchObject(payload({ ...response, lipaflow_ref: 'ref-1' }));
    expect(JSON.stringify(withToken)).not.toContain('gold');
    expect(JSON.stringify(whatsapp)).toContain('{\\"lipaflow_ref\\":\\"ref-1\\"');
    expect(JSON.stringify(none)).not.toContain('lipaflow_ref');
  });

  it('answers the latest flow of its pair, or the one that is named', async () => {
    await write({ to: business, text: 'hi', notify: false });
    const elsewhere = await deliver({ from: business });
    const first = await joinAndDeliver();
    const second = await deliver();
    expect((await reply({ response })).json).toMatchObject({ flow: second.messageId });
    expect((await reply({ response, to: `+${business}` })).json).toMatchObject({ flow: elsewhere.messageId });
    const named = await reply({ response, messageId: first.messageId, withContext: true });
    expect(named.json).toMatchObject({ flow: first.messageId });
    await reply({ response, messageId: elsewhere.messageId });
    const bodies = await told();
    expect(bodies[2]).toMatchObject({ to: sandbox, context: { id: first.waId } });
    expect(bodies[3]).toMatchObject({ to: business });
  });

  it('is 404 where no flow was delivered: a template is none, nor is another customer’s', async () => {
    const flow = await joinAndDeliver();
    const stranger = '254711111111';
    expect((await reply({ response, to: business })).status).toBe(404);
    expect((await reply({ response, messageId: 'unknown' })).status).toBe(404);
    expect((await reply({ response, messageId: flow.messageId, to: business })).status).toBe(404);
    expect((await reply({ response, messageId: flow.messageId }, stranger)).status).toBe(404);
    expect(await told()).toEqual([]);
  });

  it('opens the window anew, from its own time', async () => {
    await joinAndDeliver();
    const openedAt = async () => {
      const [session] = (await control('GET', '/state')).json['sessions'] as Json[];
      return Date.parse(String(session?.['openedAt']));
    };
    const joinedAt = await openedAt();
    const writtenAt = Date.now() + 23 * hourMs;
    await control('PUT', '/config', { clockOffsetMs: 25 * hourMs });
    await reply({ response, timestamp: writtenAt, notify: false });
    expect(await openedAt()).toBe(writtenAt);
    await reply({ response, timestamp: joinedAt });
    expect(await openedAt()).toBe(writtenAt);
    await reply({ response, timestamp: 's' });
    expect(await openedAt()).toBeGreaterThan(writtenAt + hourMs);
    const [stamped, now] = await told();
    expect(stamped).toMatchObject({ timestamp: joinedAt });
    expect(String(now?.['timestamp'])).toHaveLength(10);
  });

  it('is told to us as often as wanted with the same bytes, and carries fields of its own', async () => {
    await joinAndDeliver();
    await reply({ response, repeat: 2 });
    const got = await reply({ response, repeat: 3, concurrent: true, raw: { messageId: 'wamid.R' } });
    expect(got.json['webhook']).toHaveLength(3);
    const bodies = (await list('/callbacks')).map((hook) => hook.body);
    expect(new Set(bodies.slice(0, 2)).size).toBe(1);
    expect(new Set(bodies.slice(2)).size).toBe(1);
    expect(bodies).toHaveLength(5);
    expect(bodies[4]).toContain('wamid.R');
  });

  it.each<[Json, string]>([
    [{ response: 'x' }, 'response'],
    [{}, 'response'],
    [{ response, shape: 'odd' }, 'shape'],
    [{ response, to: 'bob' }, 'to'],
  ])('%j is refused by the name of the field', async (body, field) => {
    const got = await reply(body);
    expect(got.status).toBe(400);
    expect(got.json['fields']).toMatchObject([{ field }]);
  });
});

describe('STOP, START and any other words', () => {
  it('pass as they are once the customer has joined, and open the window', async () => {
    const words = ['STOP', 'stop.', 'Acha', 'please don’t stop', 'START', ' ', '😀'];
    expect((await write({ text: 'STOP' })).json).toEqual({ joined: false, webhook: [] });
    await joinAndDeliver();
    await control('PUT', '/config', { clockOffsetMs: 25 * hourMs });
    for (const text of words) expect((await write({ text })).json).toMatchObject({ joined: true });
    expect((await told()).map((body) => body['text'])).toEqual(words);
    await deliver();
  });
});
