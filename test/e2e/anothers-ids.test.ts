/** Another client's id gets one answer on each route, whatever is stored under it and in whichever state. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readStack } from '../../local/stack.ts';
import type { Answer } from '../support/fleet/answer.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let owner: CampaignCalls;
let stranger: string;

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 1 } });
  owner = await campaignCallsOf(fleet);
  stranger = await fleet.newClient(['send', 'read', 'campaigns']);
});
afterAll(() => fleet.stop());

const inline = () => ({ inline: [{ to: fleet.customer, name: 'Asha' }] });
const later = () => new Date(Date.now() + 3_600_000).toISOString();

/** What the stranger's answer shows: all of it but the id of the request. */
const shown = ({ status, headers, json }: Answer) => ({
  status,
  retryAfter: headers['retry-after'],
  body: { ...json, correlationId: '' },
});

/** Messages of the fleet's own client. */
const MESSAGES: Record<string, () => Promise<string>> = {
  sent: async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    return flow.messageId;
  },
  queued: async () => {
    const flow = fleet.flow();
    await fleet.send(flow, { headers: { prefer: 'respond-async' } });
    return flow.messageId;
  },
  parked: async () => {
    const flow = { ...fleet.flow({ to: fleet.canaries.number() }), whenClosed: 'park' };
    await fleet.send(flow);
    return flow.messageId;
  },
  failed: async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'error-code', code: 131026 }, { messageId: flow.messageId });
    await fleet.send(flow);
    return flow.messageId;
  },
  sending: async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    const item = await fleet.table.message(flow.messageId);
    const { answer: _, ...rest } = item ?? { pk: '' };
    const lease = { owner: randomUUID(), until: Date.now() + 60_000, phase: 'claimed' };
    await fleet.table.put({ ...rest, pk: `message#${flow.messageId}`, status: 'sending', lease });
    return flow.messageId;
  },
  unknown: async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    const item = await fleet.table.message(flow.messageId);
    const { answer: _, ...rest } = item ?? { pk: '' };
    await fleet.table.put({ ...rest, pk: `message#${flow.messageId}`, status: 'unknown' });
    return flow.messageId;
  },
};

const CAMPAIGNS: Record<string, () => Promise<string>> = {
  draft: async () => {
    const order = owner.order({ recipients: inline() });
    await owner.create(order);
    return order.campaignId;
  },
  planned: () => ready(owner, { recipients: inline() }),
  scheduled: async () => {
    const campaignId = await ready(owner, { recipients: inline(), startAt: later() });
    await owner.start(campaignId);
    return campaignId;
  },
  running: async () => {
    const campaignId = await ready(owner, { recipients: inline() });
    await owner.start(campaignId);
    return campaignId;
  },
  paused: async () => {
    const campaignId = await ready(owner, { recipients: inline() });
    await owner.start(campaignId);
    await owner.pause(campaignId);
    return campaignId;
  },
  cancelled: async () => {
    const campaignId = await ready(owner, { recipients: inline() });
    await owner.cancel(campaignId);
    return campaignId;
  },
};

/** The routes of the stack that name a message or a campaign, as `POST /v1/campaigns/{campaignId}/plan`. */
const routesNaming = (parameter: string): string[] =>
  readStack()
    .routes.map(({ method, path }) => `${method} ${path}`)
    .filter((routeKey) => routeKey.includes(`{${parameter}}`));

const callFor = (routeKey: string, id: string): Promise<Answer> => {
  const [method = '', path = ''] = routeKey.split(' ');
  const body = routeKey.endsWith('/recipients') && method === 'POST' ? { body: { format: 'csv' } } : {};
  return fleet.call(method, path.replace(/\{\w+\}/, id), { token: stranger, ...body });
};

describe('a message of another client', () => {
  it.each(routesNaming('messageId'))('is not found by %s, in any state', async (routeKey) => {
    const nothing = shown(await callFor(routeKey, randomUUID()));
    expect(nothing.status).toBe(404);
    for (const [state, make] of Object.entries(MESSAGES))
      expect(shown(await callFor(routeKey, await make())), state).toEqual(nothing);
  });

  it('gives one 422 to a send with its id, in any state', async () => {
    const answers = [];
    for (const [state, make] of Object.entries(MESSAGES)) {
      const messageId = await make();
      const stored = await fleet.table.message(messageId);
      const sent = { ...fleet.flow(), messageId };
      for (const [kind, body] of Object.entries({
        reject: sent,
        park: { ...sent, whenClosed: 'park' },
        shut: { ...sent, whenClosed: 'park', to: fleet.canaries.number() },
      }))
        answers.push({ state, kind, ...shown(await fleet.send(body, { token: stranger })) });
      expect(await fleet.table.message(messageId), state).toEqual(stored);
    }
    for (const { state, kind, ...answer } of answers)
      expect(answer, `${state} ${kind}`).toMatchObject({
        status: 422,
        retryAfter: undefined,
        body: { code: 'message-id-reused' },
      });
    expect(new Set(answers.map(({ body }) => JSON.stringify(body))).size).toBe(1);
  });
});

describe('a campaign of another client', () => {
  it.each(routesNaming('campaignId'))('is not found by %s, in any state', async (routeKey) => {
    const nothing = shown(await callFor(routeKey, randomUUID()));
    expect(nothing.status).toBe(404);
    for (const [state, make] of Object.entries(CAMPAIGNS))
      expect(shown(await callFor(routeKey, await make())), state).toEqual(nothing);
  });

  it('gives one 422 to a create with its id, in any state', async () => {
    const bodies = new Set<string>();
    for (const [state, make] of Object.entries(CAMPAIGNS)) {
      const campaignId = await make();
      const stored = await fleet.table.item(`campaign#${campaignId}`);
      for (const fields of [{}, { startAt: '2020-01-01T00:00:00Z' }, { recipients: inline() }]) {
        const body = owner.order({ campaignId, ...fields });
        const answer = shown(await fleet.call('POST', '/v1/campaigns', { token: stranger, body }));
        expect(answer.status, state).toBe(422);
        bodies.add(JSON.stringify(answer));
      }
      expect(await fleet.table.item(`campaign#${campaignId}`), state).toEqual(stored);
    }
    expect(bodies.size).toBe(1);
  });
});
