import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let flow: Flow;
let text: string;

beforeAll(async () => {
  fleet = await startFleet();
  flow = fleet.flow();
  text = (await fleet.send(flow)).text;
});
afterAll(() => fleet.stop());

const CORRELATION_ID = expect.stringMatching(/^[A-Za-z0-9._:-]{1,128}$/);

describe('reads', () => {
  it('show a message as it stands, with its history', async () => {
    const { status, json } = await fleet.message(flow.messageId);
    expect(status).toBe(200);
    expect(json).toMatchObject({ ...JSON.parse(text), status: 'sent' });
    expect(json.timeline?.map((entry) => entry.status)).toEqual(['sending', 'sent']);
    for (const { at } of json.timeline ?? []) expect(new Date(at).toISOString()).toBe(at);
  });

  it('show a pair that was never seen as shut', async () => {
    const to = fleet.canaries.number();
    expect(await fleet.call('GET', `/v1/sessions/%2B${fleet.business}/%2B${to}`)).toMatchObject({
      status: 200,
      json: { from: fleet.business, to, open: false, openedAt: null, expiresAt: null, lastInboundAt: null },
    });
  });

  it('refuse a pair that is none, and know no unknown message and no unknown route', async () => {
    expect(await fleet.call('GET', '/v1/sessions/12/nobody')).toMatchObject({
      status: 400,
      json: { code: 'invalid-request', errors: [{ path: 'from' }, { path: 'to' }] },
    });
    expect(await fleet.message('nobody-sent-this')).toMatchObject({
      status: 404,
      json: { code: 'not-found' },
    });
    expect((await fleet.call('GET', '/v1/nothing')).status).toBe(404);
  });

  it('say that the service is well without touching anything', async () => {
    await fleet.aws.reset();
    expect(await fleet.call('GET', '/v1/health', { token: null })).toMatchObject({
      status: 200,
      json: { status: 'ok', version: expect.stringMatching(/^\d+\.\d+\.\d+/) },
    });
    expect(await fleet.aws.requests()).toEqual({});
  });

  it('carry a correlation id, the caller’s own where there is one', async () => {
    const headers = { 'x-correlation-id': 'order-4711' };
    for (const path of [`/v1/messages/${flow.messageId}`, '/v1/messages/unknown', '/v1/health']) {
      expect((await fleet.call('GET', path)).headers['x-correlation-id']).toEqual(CORRELATION_ID);
      expect((await fleet.call('GET', path, { headers })).headers['x-correlation-id']).toBe('order-4711');
    }
    const problem = await fleet.call('GET', '/v1/messages/unknown', { headers });
    expect(problem.json.correlationId).toBe('order-4711');
  });
});

describe('access', () => {
  const path = () => `/v1/messages/${flow.messageId}`;

  it('is refused with 401 without a token, and with 403 with a wrong one', async () => {
    for (const [method, route] of [
      ['GET', path()],
      ['POST', '/v1/flows'],
      ['GET', `/v1/sessions/${fleet.business}/${fleet.customer}`],
    ] as const) {
      expect((await fleet.call(method, route, { token: null })).status).toBe(401);
      expect((await fleet.call(method, route, { token: 'wrong' })).status).toBe(403);
      expect((await fleet.call(method, route, { token: `${fleet.token}0` })).status).toBe(403);
      expect((await fleet.call(method, route, { token: fleet.token.toUpperCase() })).status).toBe(403);
    }
  });

  it('is no more for a client that was revoked', async () => {
    const token = await fleet.newClient(['send', 'read'], { revokedAt: Date.now() });
    expect((await fleet.call('GET', path(), { token })).status).toBe(403);
    expect((await fleet.send(flow, { token })).status).toBe(403);
  });

  it('goes by the scope of the route', async () => {
    const sender = await fleet.newClient(['send']);
    const own = fleet.flow();
    expect((await fleet.send(own, { token: sender })).status).toBe(201);
    expect((await fleet.call('GET', `/v1/messages/${own.messageId}`, { token: sender })).status).toBe(403);

    const reader = await fleet.newClient(['read']);
    const session = `/v1/sessions/${fleet.business}/${fleet.customer}`;
    expect((await fleet.call('GET', session, { token: reader })).status).toBe(200);
    const refused = fleet.flow();
    expect((await fleet.send(refused, { token: reader })).status).toBe(403);
    expect(await fleet.lipachat.calls(refused.messageId)).toEqual([]);

    const none = await fleet.newClient(['campaigns']);
    expect((await fleet.call('GET', session, { token: none })).status).toBe(403);
  });

  it('discloses nothing of another client’s message', async () => {
    const stranger = await fleet.newClient(['send', 'read']);
    const theirs = await fleet.call('GET', path(), { token: stranger });
    const absent = await fleet.call('GET', '/v1/messages/absent', { token: stranger });
    const blank = ({ json }: { json: object }) => ({ ...json, correlationId: '' });
    expect(theirs.status).toBe(404);
    expect(blank(theirs)).toEqual(blank(absent));

    const before = await fleet.table.message(flow.messageId);
    for (const body of [flow, { ...flow, text: 'another' }]) {
      const taken = await fleet.send(body, { token: stranger });
      expect(taken).toMatchObject({ status: 422, json: { code: 'message-id-reused' } });
      for (const shown of [flow.to, flow.text, flow.flowId, 'fleet']) {
        expect(taken.text).not.toContain(shown);
      }
    }
    expect(await fleet.table.message(flow.messageId)).toEqual(before);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('lets an admin see every client’s message', async () => {
    const token = await fleet.newClient(['read', 'admin']);
    expect(await fleet.call('GET', path(), { token })).toMatchObject({
      status: 200,
      json: { messageId: flow.messageId },
    });
  });
});

describe('a request that is wrong', () => {
  it('is told all its faults at once, by path and without the values', async () => {
    const answer = await fleet.send({
      messageId: 'not an id',
      to: '12ab',
      from: fleet.business,
      text: '',
      flowId: 'x'.repeat(65),
      flowCta: 'Go 🚀',
      data: ['no', 'object'],
      colour: 'red',
    });
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    const paths = answer.json.errors?.map((error) => error.path).toSorted();
    expect(paths).toEqual(['colour', 'data', 'flowCta', 'flowId', 'messageId', 'screen', 'text', 'to']);
    expect(answer.text).not.toContain('12ab');
    expect(answer.headers['content-type']).toBe('application/problem+json');
  });

  it('is refused before anything is claimed, whatever it is', async () => {
    const stored = await fleet.table.asText();
    const headers = { 'content-type': 'application/json', authorization: `Bearer ${fleet.token}` };
    for (const body of ['', '{', 'null', '[]', '"flow"']) {
      const response = await fetch(`${fleet.url}/v1/flows`, { method: 'POST', headers, body });
      expect(response.status).toBe(400);
    }
    const big = await fleet.send({ ...fleet.flow(), data: { a: 'x'.repeat(300_000) } });
    expect(big).toMatchObject({ status: 413, json: { code: 'payload-too-large' } });
    expect(await fleet.table.asText()).toBe(stored);
  });
});
