import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Simulator, startSimulator } from '../../local/simulator/simulator.ts';
import { until } from '../support/fleet/wait.ts';
import { callJson } from '../support/json-http.ts';

const apiKey = 'codes-key';
const business = '254700000001';
const customer = '254717746565';

type Json = { [name: string]: unknown; data?: Json | null; body?: string; messageStatus?: Json };
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
const configure = (callbacks: Json) =>
  control('PUT', '/config', { callbacks: { enabled: true, ...callbacks } });
const report = (messageId: string, body: Json) => control('POST', `/messages/${messageId}/status`, body);

type Template = Json & { messageId: string };

const template = (over: Json = {}): Template => {
  const components = { body: { placeholders: ['John'] } };
  const named = { name: 'welcome', languageCode: 'en', components };
  return { messageId: randomUUID(), to: customer, from: business, template: named, ...over };
};
const send = (message: Json) => call('POST', `${simulator.baseUrl}/whatsapp/template`, message);

async function deliver(over: Json = {}): Promise<{ messageId: string; waId: unknown }> {
  const message = template(over);
  const sent = await send(message);
  return { messageId: message.messageId, waId: sent.json.data?.['waId'] };
}

/** Waits until our webhook was told `count` things: without an address the simulator only notes them. */
async function told(count: number): Promise<Json[]> {
  const calls = await until(`${count} callbacks`, async () => {
    const noted = await list('/callbacks');
    return noted.length >= count && noted;
  });
  return calls.map((one) => JSON.parse(one.body ?? '') as Json);
}

describe('an answer with an error code', () => {
  const title = 'Re-engagement message';
  const coded = { code: 131047, title };

  it.each<[string, Json]>([
    ['message', { status: 'error', message: `(#131047) ${title}`, errors: null, data: null }],
    ['errors-array', { status: 'error', message: 'Request failed.', errors: [coded], data: null }],
    ['errors-object', { status: 'error', message: 'Request failed.', errors: coded, data: null }],
    [
      'data',
      { status: 'error', data: { status: 'FAILED', errorCode: 131047, statusDesc: title }, errors: null },
    ],
  ])('has it in %s, and delivers nothing', async (place, envelope) => {
    await control('PUT', '/faults', { fault: { kind: 'error-code', code: 131047, place } });
    const message = template();
    const got = await send(message);
    expect(got.status).toBe(400);
    expect(got.json).toMatchObject(envelope);
    expect(await list('/deliveries')).toEqual([]);
    expect((await list('/requests'))[0]).toMatchObject({ fault: 'error-code', outcome: 'not-processed' });
    expect((await send(message)).json).toMatchObject({ status: 'success' });
  });

  it('has it in the message by default, under the HTTP status that it is told to', async () => {
    await control('PUT', '/faults', { fault: { kind: 'error-code', code: 130429, httpStatus: 500 } });
    const got = await send(template());
    expect(got).toMatchObject({ status: 500, json: { message: '(#130429) Rate limit hit' } });
  });

  it('says "success" around the receipt of a failed message behind a 2xx', async () => {
    const message = template();
    const fault = { kind: 'error-code', code: 131026, place: 'data', httpStatus: 200 };
    await control('PUT', '/faults', { fault });
    const got = await send(message);
    const data = { messageId: message.messageId, waId: expect.any(String), status: 'FAILED' };
    expect(got).toMatchObject({ status: 200, json: { status: 'success', data } });
  });

  it.each([0, 1, 250, 131064, 999_999])('can have any code: %i', async (code) => {
    await control('PUT', '/faults', { fault: { kind: 'error-code', code } });
    expect((await send(template())).json['message']).toMatch(new RegExp(`^\\(#${code}\\) \\w`));
  });

  it.each<[Json, string]>([
    [{ kind: 'error-code' }, 'fault.code'],
    [{ kind: 'error-code', code: '131047' }, 'fault.code'],
    [{ kind: 'error-code', code: 1, place: 'title' }, 'fault.place'],
  ])('%j is refused by the name of the field', async (fault, field) => {
    const got = await control('PUT', '/faults', { fault });
    expect(got).toMatchObject({ status: 400, json: { fields: [{ field }] } });
  });
});

describe('a status callback on request', () => {
  it('says FAILED with a code: as a field, in words only, or in the envelope of WhatsApp', async () => {
    const { messageId, waId } = await deliver();
    for (const shape of ['flat', 'words', 'whatsapp']) {
      await report(messageId, { status: 'FAILED', errorCode: 131049, shape });
    }
    const [flat, words, whatsapp] = await told(3);
    const named = { waId, messageId, status: 'FAILED', statusDesc: expect.stringContaining('131049') };
    expect(flat).toMatchObject({ event: 'MESSAGE_STATUS', messageStatus: { ...named, errorCode: 131049 } });
    expect(words?.messageStatus).toMatchObject(named);
    expect(words?.messageStatus).not.toHaveProperty('errorCode');
    const status = {
      id: waId,
      status: 'failed',
      timestamp: expect.stringMatching(/^\d{10}$/),
      recipient_id: customer,
      errors: [expect.objectContaining({ code: 131049, title: expect.any(String) })],
    };
    const value = { metadata: { display_phone_number: business }, statuses: [status] };
    expect(whatsapp).toMatchObject({ entry: [{ changes: [{ value }] }] });
  });

  it('says other statuses without any code', async () => {
    const { messageId, waId } = await deliver();
    await report(messageId, { status: 'READ', shape: 'whatsapp', errorCode: 131049 });
    await report(messageId, { status: 'DELIVERED', errorCode: 131049 });
    const bodies = await told(2);
    expect(JSON.stringify(bodies)).not.toContain('131049');
    expect(bodies[0]).toMatchObject({
      entry: [{ changes: [{ value: { statuses: [{ id: waId, status: 'read' }] } }] }],
    });
    expect((await list('/deliveries'))[0]).toMatchObject({ status: 'DELIVERED' });
  });

  it('comes as often as wanted with the same bytes', async () => {
    const { messageId } = await deliver();
    const shape = 'whatsapp';
    await report(messageId, { status: 'READ', shape, repeat: 2 });
    const got = await report(messageId, { status: 'READ', shape, repeat: 5, concurrent: true });
    expect(got.json['webhook']).toHaveLength(5);
    expect(await told(7)).toHaveLength(7);
    expect(new Set((await list('/callbacks')).slice(2).map((hook) => hook.body)).size).toBe(1);
  });
});

describe('status callbacks by themselves', () => {
  const statusesOf = (bodies: Json[], messageId: string) =>
    bodies
      .filter((b) => b.messageStatus?.['messageId'] === messageId)
      .map((b) => b.messageStatus?.['status']);

  it('fail for one message with its code, and for no other', async () => {
    const failing = template();
    await configure({ failWith: { messageId: failing.messageId, code: 131050 } });
    await send(failing);
    const { messageId } = await deliver();
    const bodies = await told(5);
    expect(statusesOf(bodies, failing.messageId)).toEqual(['SENT', 'FAILED']);
    expect(statusesOf(bodies, messageId)).toEqual(['SENT', 'DELIVERED', 'READ']);
    const failed = bodies.find((body) => body.messageStatus?.['status'] === 'FAILED');
    expect(failed?.messageStatus).toMatchObject({ messageId: failing.messageId, errorCode: 131050 });
    expect((await list(`/deliveries?messageId=${failing.messageId}`))[0]).toMatchObject({ status: 'FAILED' });
  });

  it('fail for each of several customers with a code of its own', async () => {
    const failWith = [
      { to: '+254711111111', code: 131026 },
      { to: '254722222222', code: 131056 },
    ];
    await configure({ statuses: ['DELIVERED'], failWith, shape: 'whatsapp' });
    for (const to of ['254711111111', '254722222222', customer]) await deliver({ to });
    const said = (await told(3)).map((body) => JSON.stringify(body));
    const about = (number: string) => said.filter((body) => body.includes(`"recipient_id":"${number}"`));
    expect(about('254711111111')).toEqual([expect.stringContaining('"code":131026')]);
    expect(about('254722222222')).toEqual([expect.stringContaining('"code":131056')]);
    expect(about(customer)).toEqual([expect.stringContaining('"status":"delivered"')]);
    expect((await control('GET', '/state')).json).toMatchObject({ config: { callbacks: { failWith } } });
    await configure({ failWith: [] });
    await deliver({ to: '254711111111' });
    expect(JSON.stringify((await told(4))[3])).toContain('"delivered"');
  });

  it('come late: each status by its own delay, and twice if wanted', async () => {
    await configure({ statuses: ['SENT', 'READ'], delayMs: { READ: 60 }, duplicate: true });
    const { messageId } = await deliver();
    expect(statusesOf(await told(4), messageId)).toEqual(['SENT', 'SENT', 'READ', 'READ']);
    const at = (await list('/callbacks')).map((hook) => Date.parse(String(hook['at'])));
    for (const read of [2, 3]) expect(Number(at[read]) - Number(at[read - 1])).toBeGreaterThanOrEqual(55);
  });

  it('are pending until they are due, and forgotten on reset', async () => {
    await configure({ delayMs: { READ: 60_000 } });
    const { messageId } = await deliver();
    expect(statusesOf(await told(2), messageId)).toEqual(['SENT', 'DELIVERED']);
    expect((await control('GET', '/state')).json).toMatchObject({ pendingCallbacks: 1 });
    await control('POST', '/reset');
    expect((await control('GET', '/state')).json).toMatchObject({ pendingCallbacks: 0 });
  });

  it.each<[Json, string]>([
    [{ failWith: { to: 'bob', code: 1 } }, 'callbacks.failWith'],
    [{ failWith: [{ to: customer }] }, 'callbacks.failWith'],
    [{ delayMs: { GONE: 1 } }, 'callbacks.delayMs.GONE'],
    [{ shape: 'round' }, 'callbacks.shape'],
  ])('%j is refused by the name of the field', async (callbacks, field) => {
    const got = await configure(callbacks);
    expect(got).toMatchObject({ status: 400, json: { fields: [{ field }] } });
  });
});

describe('templates', () => {
  it('are delivered without a session, and logged as what they are', async () => {
    const message = template();
    expect((await send(message)).status).toBe(200);
    expect(await list('/deliveries')).toEqual([
      expect.objectContaining({ kind: 'template', to: customer, from: business, body: message }),
    ]);
    expect((await control('GET', '/state')).json).toMatchObject({ sessions: [] });
  });

  it('are refused with 132001 if their name is not on the list of the approved', async () => {
    await control('PUT', '/config', { templates: ['other'] });
    const message = template();
    const got = await send(message);
    const said = '(#132001) Template name does not exist in the translation';
    expect(got).toMatchObject({ status: 400, json: { status: 'error', message: said, data: null } });
    expect((await list('/requests'))[0]).toMatchObject({
      outcome: 'refused',
      reason: 'template.name: not approved',
    });
    await control('PUT', '/config', { templates: ['other', 'welcome'] });
    expect((await send(message)).status).toBe(200);
    await control('PUT', '/config', { templates: [] });
    expect((await send(message)).json).toMatchObject({ status: 'success' });
    expect((await send(template())).status).toBe(400);
    await control('PUT', '/config', { templates: null });
    expect((await send(template())).status).toBe(200);
    expect(await list('/deliveries')).toHaveLength(2);
  });

  it('change their status, which our webhook is told of', async () => {
    await control('POST', '/templates/welcome/status', {});
    const paused = { status: 'PAUSED', templateId: '7', statusDescription: 'for 3 hours', repeat: 2 };
    await control('POST', '/templates/spring%20sale/status', paused);
    const [approved, ...again] = await told(3);
    expect(approved).toEqual({
      event: 'TEMPLATE_STATUS',
      templateStatus: {
        status: 'APPROVED',
        templateId: expect.any(String),
        templateName: 'welcome',
        statusDescription: 'Template approved',
      },
    });
    const { repeat: _repeat, ...said } = paused;
    const expected = { event: 'TEMPLATE_STATUS', templateStatus: { ...said, templateName: 'spring sale' } };
    expect(again).toEqual([expected, expected]);
  });
});
