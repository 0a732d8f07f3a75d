/** A client may use its business numbers. What belongs to another number it gets as if nothing were stored. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStack } from '../../local/stack.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

const ALL = ['send', 'read', 'campaigns', 'consent', 'admin'];
const FORBIDDEN = { status: 403, json: { code: 'forbidden' } };

let fleet: Fleet;
/** Of a client with every scope that may use another number only. */
let stranger: string;
let strangersNumber: string;
/** What the fleet's business number has: a message, a session, and a campaign. */
let stored: Ids;
/** The same, of nothing that is stored. */
let absent: Ids;

interface Ids {
  readonly messageId: string;
  readonly campaignId: string;
  readonly customer: string;
  readonly erasureId: string;
}

beforeAll(async () => {
  fleet = await startFleet({ counts: { contacts: 1, campaigns: 1 } });
  strangersNumber = fleet.canaries.number();
  stranger = await fleet.newClient(ALL, { numbers: [strangersNumber] });
  const token = await fleet.newClient(['campaigns']);
  const flow = fleet.flow();
  expect((await fleet.send(flow)).status).toBe(201);
  const campaignId = randomUUID();
  expect((await fleet.call('POST', '/v1/campaigns', { token, body: campaign(campaignId) })).status).toBe(201);
  const erasureId = await fleet.table.addErasure('fleet');
  stored = { messageId: flow.messageId, campaignId, customer: fleet.customer, erasureId };
  absent = {
    messageId: randomUUID(),
    campaignId: randomUUID(),
    customer: fleet.canaries.number(),
    erasureId: randomUUID(),
  };
});
afterAll(() => fleet.stop());

/** All that is stored but the tokens, which know the day of their use. */
const everythingElse = async () => (await fleet.table.items()).filter(({ pk }) => !pk.startsWith('client#'));

const campaign = (campaignId: string, from = fleet.business) => {
  const { messageId: _, to: __, ...message } = fleet.flow();
  return { campaignId, name: 'Spring', message: { ...message, from } };
};

const as = (token: string) => (method: string, path: string, body?: object) =>
  fleet.call(method, path, { token, ...(body ? { body } : {}) });

/** What each route with a client is asked, and its answer for another client's number. */
const ofPair = (path: string) => (ids: Ids) => ({ path: `${path}/${fleet.business}/${ids.customer}` });
const ofCampaign =
  (verb = '') =>
  (ids: Ids) => ({ path: `/v1/campaigns/${ids.campaignId}${verb}` });
const RULES: Record<string, [status: number, request: (ids: Ids) => { path: string; body?: object }]> = {
  'POST /v1/flows': [
    403,
    (ids) => ({ path: '/v1/flows', body: { ...fleet.flow(), messageId: ids.messageId } }),
  ],
  'GET /v1/messages/{messageId}': [404, (ids) => ({ path: `/v1/messages/${ids.messageId}` })],
  'GET /v1/sessions/{from}/{to}': [403, ofPair('/v1/sessions')],
  'PUT /v1/opt-outs/{from}/{to}': [403, ofPair('/v1/opt-outs')],
  'DELETE /v1/opt-outs/{from}/{to}': [403, ofPair('/v1/opt-outs')],
  'DELETE /v1/contacts/{from}/{to}': [403, ofPair('/v1/contacts')],
  'GET /v1/contacts/{from}/{to}/export': [
    403,
    (ids) => ({ path: `/v1/contacts/${fleet.business}/${ids.customer}/export` }),
  ],
  'GET /v1/erasures/{erasureId}': [404, ({ erasureId }) => ({ path: `/v1/erasures/${erasureId}` })],
  'POST /v1/campaigns': [403, (ids) => ({ path: '/v1/campaigns', body: campaign(ids.campaignId) })],
  // The list is without it.
  'GET /v1/campaigns': [200, () => ({ path: '/v1/campaigns' })],
  'GET /v1/campaigns/{campaignId}': [404, ofCampaign()],
  'POST /v1/campaigns/{campaignId}/recipients': [404, ofCampaign('/recipients')],
  'GET /v1/campaigns/{campaignId}/recipients': [404, ofCampaign('/recipients')],
  'POST /v1/campaigns/{campaignId}/plan': [404, ofCampaign('/plan')],
  'POST /v1/campaigns/{campaignId}/start': [404, ofCampaign('/start')],
  'POST /v1/campaigns/{campaignId}/pause': [404, ofCampaign('/pause')],
  'POST /v1/campaigns/{campaignId}/resume': [404, ofCampaign('/resume')],
  'POST /v1/campaigns/{campaignId}/cancel': [404, ofCampaign('/cancel')],
};
const routes = readStack()
  .routes.filter(({ authorizer }) => authorizer !== null)
  .map(({ method, path }) => `${method} ${path}`);

describe('another number’s things', () => {
  it('have a rule for each route that asks for a client', () => {
    expect(Object.keys(RULES).toSorted()).toEqual(routes.toSorted());
  });

  it.each(Object.entries(RULES))(
    '%s answers the same, whatever is stored',
    async (route, [status, request]) => {
      const [method = ''] = route.split(' ');
      const before = await everythingElse();
      const answers = await Promise.all(
        [stored, absent].map(async (ids) => {
          const { path, body } = request(ids);
          const answer = await as(stranger)(method, path, body);
          return { status: answer.status, json: { ...answer.json, correlationId: '' } };
        }),
      );
      const [ofStored, ofAbsent] = answers;
      expect(ofStored).toEqual(ofAbsent);
      expect(ofStored?.status).toBe(status);
      expect(JSON.stringify(answers)).not.toContain(stored.campaignId);
      expect(await everythingElse()).toEqual(before);
    },
  );

  it('are those of other clients, too, for an admin without numbers', async () => {
    const admin = as(await fleet.newClient(ALL));
    expect((await admin('GET', `/v1/messages/${stored.messageId}`)).status).toBe(200);
    expect((await admin('GET', `/v1/campaigns/${stored.campaignId}`)).status).toBe(200);
  });

  it('are out of reach for a client whose new token has another number', async () => {
    const clientId = `client-${randomUUID()}`;
    const [first, second] = [fleet.canaries.secret('token'), fleet.canaries.secret('token')];
    const scopes = ['send', 'read'];
    await fleet.table.addClient({ token: first, clientId, scopes, numbers: [fleet.business] });
    await fleet.table.addClient({ token: second, clientId, scopes, numbers: [strangersNumber] });
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    expect((await fleet.send(flow, { token: first })).status).toBe(201);
    expect((await as(first)('GET', `/v1/messages/${flow.messageId}`)).status).toBe(200);
    expect((await as(second)('GET', `/v1/messages/${flow.messageId}`)).status).toBe(404);
  });
});

describe('a client with a namespace', () => {
  it('sees no message of another namespace, even as an admin with its id at LipaChat', async () => {
    const space = (name: string) => ({ name, key: randomBytes(16).toString('base64url') });
    const sender = await fleet.newClient(['send', 'read'], { namespace: space('one') });
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    expect((await fleet.send(flow, { token: sender })).status).toBe(201);
    const sent = (await fleet.lipachat.deliveries()).find(
      ({ body }) => (body as { to: string }).to === flow.to,
    );
    const { messageId: gatewayId } = (sent?.body ?? expect.fail()) as { messageId: string };
    const admin = as(await fleet.newClient(ALL, { namespace: space('two') }));
    for (const id of [flow.messageId, gatewayId, stored.messageId])
      expect((await admin('GET', `/v1/messages/${id}`)).status).toBe(404);
  });
});

describe('a client’s own number', () => {
  it('is that of a flow and of a campaign without `from`, if there is one only', async () => {
    const number = fleet.canaries.number();
    const token = await fleet.newClient(ALL, { numbers: [number] });
    const { from: _, ...flow } = fleet.flow();
    expect(await fleet.send(flow, { token })).toMatchObject({
      status: 409,
      json: { code: 'session-closed' },
    });
    const { message, ...rest } = campaign(randomUUID());
    const { from: __, ...unsigned } = message;
    const created = await as(token)('POST', '/v1/campaigns', { ...rest, message: unsigned });
    expect(created).toMatchObject({ status: 201, json: { from: number } });
    expect((await as(token)('GET', '/v1/campaigns')).json).toMatchObject({ campaigns: [created.json] });
  });

  it('has to be named if there are several: the stage’s default is not one of them', async () => {
    const numbers = [fleet.canaries.number(), fleet.canaries.number()];
    const token = await fleet.newClient(ALL, { numbers });
    const { from: _, ...flow } = fleet.flow();
    expect(await fleet.send(flow, { token })).toMatchObject(FORBIDDEN);
    expect(await fleet.send({ ...flow, from: fleet.business }, { token })).toMatchObject(FORBIDDEN);
    const spelled = `+${numbers[1]?.slice(0, 3)} (${numbers[1]?.slice(3, 6)}) ${numbers[1]?.slice(6)}`;
    const sent = await fleet.send({ ...flow, from: spelled }, { token });
    expect(sent).toMatchObject({ status: 409, json: { code: 'session-closed' } });
  });

  it('is none, if the token names none', async () => {
    const token = await fleet.newClient(ALL, { numbers: [] });
    expect(await fleet.send(fleet.flow(), { token })).toMatchObject(FORBIDDEN);
    const session = `/v1/sessions/${fleet.business}/${fleet.customer}`;
    expect(await as(token)('GET', session)).toMatchObject(FORBIDDEN);
  });
});
