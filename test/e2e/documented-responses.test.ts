/** Each route in the situations of its callers, over the built functions: openapi.yaml has every response it gives. */
import { randomUUID } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Answer } from '../support/fleet/answer.ts';
import { type CampaignCalls, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { differences, operations } from '../support/openapi.ts';

const NUMBER = '254700000001';
/** What HTTP itself and API Gateway add. */
const OF_HTTP = [
  'apigw-requestid',
  'connection',
  'content-length',
  'date',
  'keep-alive',
  'transfer-encoding',
];
const SCOPES = ['send', 'read', 'campaigns', 'consent', 'admin'];
const CAMPAIGN = '/v1/campaigns/{campaignId}';

let fleet: Fleet;
let campaigns: CampaignCalls;
/** Of a client with every scope, and of one with none of them. */
let every: string;
let none: string;

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 1, contacts: 1, docs: 1 } });
  campaigns = await campaignCallsOf(fleet);
  every = await fleet.newClient(SCOPES);
  none = await fleet.newClient(['nothing']);
});
afterEach(() => fleet.aws.clearFaults());
afterAll(() => fleet.stop());

const seen = new Set<string>();

function expectDocumented(routeKey: string, { status, headers, text }: Answer): void {
  // API Gateway gives even an empty body a type.
  const added = text === '' ? [...OF_HTTP, 'content-type'] : OF_HTTP;
  const own = Object.entries(headers).filter(([name]) => !added.includes(name));
  const body = text === '' ? {} : { body: text };
  const found = differences(routeKey, { statusCode: status, headers: Object.fromEntries(own), ...body });
  expect(found.map((difference) => `${routeKey} ${status}: ${difference}`)).toEqual([]);
  seen.add(routeKey);
}

type Parameters = object;

const pathOf = (routeKey: string, given: Parameters): string =>
  (routeKey.split(' ')[1] ?? '').replace(/\{(\w+)\}/g, (_, name: string) =>
    encodeURIComponent(String(new Map(Object.entries(given)).get(name))),
  );

async function ask(routeKey: string, given: Parameters, request: Record<string, unknown> = {}) {
  const [method = ''] = routeKey.split(' ');
  const answer = await fleet.call(method, pathOf(routeKey, given), { token: every, ...request });
  expectDocumented(routeKey, answer);
  return answer.status;
}

const known = (): Parameters => ({
  messageId: randomUUID(),
  campaignId: randomUUID(),
  from: fleet.business,
  to: NUMBER,
  secret: fleet.webhookSecret,
  file: 'openapi.json',
});

const keys = [...operations.keys()];
const guarded = keys.filter((key) => !/\/docs|\/health|\/webhooks/.test(key));
const withBody = keys.filter((key) => /^POST/.test(key) && !/plan|start|pause|resume|cancel/.test(key));

describe.each(guarded)('%s', (routeKey) => {
  it('without a token, with a wrong one, and without the scope', async () => {
    expect(await ask(routeKey, known(), { token: null })).toBe(401);
    expect(await ask(routeKey, known(), { token: 'x'.repeat(40) })).toBe(403);
    expect(await ask(routeKey, known(), { token: none })).toBe(403);
  });

  it('with ids that no one has, and with impossible ones', async () => {
    for (const id of [randomUUID(), 'x'.repeat(200), '!']) {
      const given = { ...known(), messageId: id, campaignId: id, from: id, to: id };
      expect(await ask(routeKey, given, routeKey.startsWith('POST') ? { body: {} } : {})).toBeLessThan(500);
    }
  });

  it('while the store is down', async () => {
    await fleet.aws.addFaults(
      ['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'BatchGetItem'].map((target) => ({
        target: target as 'GetItem',
        fault: 'unavailable' as const,
        times: null,
      })),
    );
    const body = routeKey === 'POST /v1/flows' ? fleet.flow() : campaigns.order();
    await ask(routeKey, known(), routeKey.startsWith('POST') ? { body } : {});
  });
});

describe('what callers meet', () => {
  it.each(guarded)('%s with a number that is not theirs', async (routeKey) => {
    const token = await fleet.newClient(SCOPES, { numbers: [fleet.canaries.number()] });
    const body = routeKey === 'POST /v1/flows' ? fleet.flow() : campaigns.order();
    await ask(routeKey, known(), { token, ...(routeKey.startsWith('POST') ? { body } : {}) });
  });

  it.each(withBody)('%s with no body, another one, and one that is too long', async (routeKey) => {
    for (const body of [undefined, null, [], 'text', {}, { x: 'x'.repeat(300_000) }]) {
      await ask(routeKey, known(), { body });
    }
    await ask(routeKey, known(), { body: { x: 'x'.repeat(2_000_000) } });
  });

  it('a flow from its first request to its replay, and its message', async () => {
    const KEY = 'POST /v1/flows';
    const flow = fleet.flow();
    expect(await ask(KEY, {}, { body: flow })).toBe(201);
    expect(await ask(KEY, {}, { body: flow })).toBe(201);
    expect(await ask(KEY, {}, { body: { ...flow, text: 'x' } })).toBe(422);
    expect(await ask('GET /v1/messages/{messageId}', flow)).toBe(200);
    const to = fleet.canaries.number();
    expect(await ask(KEY, {}, { body: fleet.flow({ to }) })).toBe(409);
    const parked = { ...fleet.flow({ to }), whenClosed: 'park' };
    expect(await ask(KEY, {}, { body: parked })).toBe(202);
    expect(await ask(KEY, {}, { body: fleet.flow(), headers: { prefer: 'respond-async' } })).toBe(202);
    const refused = fleet.flow();
    await fleet.lipachat.fail({ kind: 'reject' }, { messageId: refused.messageId });
    expect(await ask(KEY, {}, { body: refused })).toBe(422);
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 9 });
    expect(await ask(KEY, {}, { body: fleet.flow() })).toBe(503);
    await fleet.lipachat.mend();
  });

  it('an opt-out, a session, and an erasure', async () => {
    const pair = { from: fleet.business, to: fleet.canaries.number() };
    expect(await ask('PUT /v1/opt-outs/{from}/{to}', pair)).toBe(204);
    expect(await ask('GET /v1/sessions/{from}/{to}', pair)).toBe(200);
    expect(await ask('POST /v1/flows', {}, { body: fleet.flow(pair) })).toBe(422);
    expect(await ask('DELETE /v1/opt-outs/{from}/{to}', pair)).toBe(204);
    expect(await ask('GET /v1/sessions/{from}/{to}', pair)).toBe(200);
    expect(await ask('DELETE /v1/contacts/{from}/{to}', pair)).toBe(204);
  });

  it('a campaign in every state that its caller can reach', async () => {
    const order = campaigns.order({ recipients: { inline: [{ to: fleet.canaries.number(), name: 'A' }] } });
    const create = (body: object) => ask('POST /v1/campaigns', {}, { body, token: campaigns.token });
    const verbs = ['start', 'pause', 'resume', 'cancel', 'plan'];
    const request = { token: campaigns.token };
    expect(await create(order)).toBe(201);
    expect(await create(order)).toBe(201);
    expect(await create({ ...order, name: 'Another' })).toBe(422);
    for (const verb of ['plan', 'start', 'pause', 'resume', 'cancel', ...verbs]) {
      await ask(`POST ${CAMPAIGN}/${verb}`, order, request);
      expect(await ask(`GET ${CAMPAIGN}`, order, request)).toBe(200);
      await ask(`GET ${CAMPAIGN}/recipients`, order, request);
    }
    expect(await ask('GET /v1/campaigns', {}, request)).toBe(200);
  });

  it('a campaign that a planner has taken', async () => {
    const order = campaigns.order();
    await campaigns.create(order);
    const rows = Array.from({ length: 2_000 }, (_, n) => `${254_700_000_000 + n},${'n'.repeat(300)}`);
    await campaigns.upload(order.campaignId, ['to,name', ...rows].join('\n'));
    const request = { token: campaigns.token };
    expect(await ask(`POST ${CAMPAIGN}/plan`, order, request)).toBe(202);
    // No planner runs here, so it stays so.
    const answer = await campaigns.read(order.campaignId);
    expect(answer).toMatchObject({ status: 200, json: { state: 'planning' } });
    expectDocumented(`GET ${CAMPAIGN}`, answer);
    for (const verb of ['start', 'pause', 'resume', 'cancel']) {
      await ask(`POST ${CAMPAIGN}/${verb}`, order, request);
    }
  });

  it('a callback, and one with a wrong secret', async () => {
    const KEY = 'POST /v1/webhooks/lipachat/{secret}';
    expect(await ask(KEY, known(), { body: {} })).toBe(200);
    expect(await ask(KEY, { secret: 'x'.repeat(40) }, { body: {} })).toBe(401);
  });

  it('a registration, and one with a wrong secret', async () => {
    for (const method of ['GET', 'HEAD']) {
      const KEY = `${method} /v1/webhooks/lipachat/{secret}`;
      expect(await ask(KEY, known())).toBe(200);
      expect(await ask(KEY, { secret: 'x'.repeat(40) })).toBe(401);
    }
  });

  it('the open routes', async () => {
    expect(await ask('GET /v1/health', {})).toBe(200);
    expect(await ask('GET /docs/{file}', { file: 'nothing' })).toBe(404);
  });
});

it('asks every route but the page', () => {
  expect([...seen].toSorted()).toEqual(keys.filter((key) => key !== 'GET /docs').toSorted());
});
