/** Clients in different namespaces, and one without, under one campaignId: each has its own campaign, recipients and events. */
import { randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type CampaignCalls, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream } from '../support/fleet/lanes.ts';

interface Client {
  readonly campaigns: CampaignCalls;
  readonly customer: string;
}

const keys = [randomBytes(16).toString('base64url'), randomBytes(16).toString('base64url')];
const HOUR_MS = 3_600_000;

let fleet: Fleet;
/** In the first namespace, in the second one, and in none. */
let clients: readonly Client[];
let closers: { close: () => Promise<void> }[];
let caughtUp: () => Promise<void>;

beforeAll(async () => {
  const counts = { campaigns: 1, campaignPlanner: 1, campaignTick: 1, worker: 1, publisher: 1 };
  fleet = await startFleet({ counts });
  const stream = pumpStream(fleet);
  caughtUp = stream.caughtUp;
  const planning = { queueName: 'PlanQueue', workers: fleet.workers['campaignPlanner'] ?? [] };
  closers = [stream, pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpQueue(fleet, planning)];
  const namespaces = [...keys.map((key, n) => ({ name: `space-${n}`, key })), undefined];
  clients = await Promise.all(
    namespaces.map(async (namespace) => ({
      campaigns: await campaignCallsOf(fleet, namespace ? { namespace } : {}),
      customer: await fleet.newCustomer(),
    })),
  );
});
afterAll(async () => {
  await Promise.all(closers.map((one) => one.close()));
  await fleet.stop();
});

const ofAll = <T>(act: (client: Client, n: number) => Promise<T>) => Promise.all(clients.map(act));
const to = (customer: string) => ({ inline: [{ to: customer, name: 'Asha' }] });
const ringsOf = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter((delivery) => delivery.to === customer).length;
const eventsAbout = async (campaignId: string) => {
  await caughtUp();
  return firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
};

describe('one campaignId of three clients', () => {
  const campaignId = 'spring';

  it('is three campaigns, each of its own client', async () => {
    const orders = clients.map(({ campaigns, customer }) =>
      campaigns.order({ campaignId, recipients: to(customer) }),
    );
    const created = await ofAll(({ campaigns }, n) => campaigns.create(orders[n] ?? {}));
    for (const { status, json, headers } of created) {
      expect([status, json['campaignId'], headers['idempotent-replayed']]).toEqual([
        201,
        campaignId,
        undefined,
      ]);
      expect(headers['location']).toBe(`/v1/campaigns/${campaignId}`);
    }
    const again = await ofAll(({ campaigns }, n) => campaigns.create(orders[n] ?? {}));
    expect(again.map(({ headers }) => headers['idempotent-replayed'])).toEqual(['true', 'true', 'true']);
  });

  it('is planned, sent and completed for each, without the others', async () => {
    await ofAll(({ campaigns }) => campaigns.plan(campaignId));
    await ofAll(({ campaigns }) => campaigns.whenIs(campaignId, 'planned'));
    await clients[0]?.campaigns.cancel(campaignId);
    for (const { campaigns, customer } of clients.slice(1)) {
      await campaigns.start(campaignId);
      await campaigns.whenIs(campaignId, 'completed');
      expect(await ringsOf(customer)).toBe(1);
    }
    expect(await ringsOf(clients[0]?.customer ?? '')).toBe(0);
    const lists = await ofAll(
      async ({ campaigns }) => (await campaigns.list()).json['campaigns'] as object[],
    );
    expect(lists).toMatchObject(
      ['cancelled', 'completed', 'completed'].map((state) => [{ campaignId, state, parent: null }]),
    );
  });

  it('has recipients of its own, whose messages only its client reads', async () => {
    const ids = await ofAll(async ({ campaigns }) => {
      const { json } = await campaigns.recipients(campaignId);
      return (json['recipients'] as { messageId: string }[])[0]?.messageId ?? '';
    });
    expect(new Set(ids).size).toBe(3);
  });

  it('has events with the own id, which the clientId tells apart', async () => {
    const byClient = Map.groupBy(await eventsAbout(campaignId), ({ detail }) => String(detail['clientId']));
    expect(byClient.size).toBe(3);
    const told = [...byClient.values()].map((events) => events.map(({ type }) => type).at(-1));
    expect(told.toSorted()).toEqual(['campaign.cancelled', 'campaign.completed', 'campaign.completed']);
  });
});

describe('a schedule in a namespace', () => {
  it('makes a run that its client reads by the id of its events and lists', async () => {
    const { campaigns, customer } = clients[0] ?? expect.fail();
    const campaignId = 'hourly';
    const schedule = { expression: 'rate(1 hour)' };
    await campaigns.create(campaigns.order({ campaignId, schedule, recipients: to(customer) }));
    expect((await campaigns.start(campaignId)).json).toMatchObject({ state: 'scheduled' });
    const ticker = await fleet.spawn('campaignTick', clock({ ahead: HOUR_MS + 1_000 }));
    await ticker.invoke({});
    const { json } = await campaigns.list();
    const views = json['campaigns'] as { campaignId: string; parent: string | null }[];
    const [run] = views.filter(({ parent }) => parent === campaignId);
    expect(run?.campaignId).toMatch(/^hourly~\d{8}T\d{4}~[A-Za-z0-9_-]{10}$/);
    const read = await campaigns.read(run?.campaignId ?? '');
    expect(read).toMatchObject({ status: 200, json: { campaignId: run?.campaignId, parent: campaignId } });
    for (const stranger of clients.slice(1))
      expect((await stranger.campaigns.read(run?.campaignId ?? '')).status).toBe(404);
    await campaigns.whenIs(run?.campaignId ?? '', ['running', 'completed']);
    const [event] = await eventsAbout(run?.campaignId ?? '');
    expect(event?.detail).toMatchObject({ parent: campaignId });
    await campaigns.cancel(run?.campaignId ?? '');
    await campaigns.cancel(campaignId);
  });
});

describe('a campaign in a namespace', () => {
  it('is not found by its key, which no answer and no event shows', async () => {
    const pks = (await fleet.table.items()).map(({ pk }) => pk).filter((pk) => pk.startsWith('campaign#'));
    const internal = pks.map((pk) => pk.slice('campaign#'.length)).filter((id) => /^[0-9a-f-]{36}$/.test(id));
    expect(internal.length).toBeGreaterThan(2);
    for (const id of internal)
      for (const { campaigns } of clients) expect((await campaigns.read(id)).status).toBe(404);
    const shown = await ofAll(async ({ campaigns }) => (await campaigns.list()).text);
    const events = JSON.stringify((await eventsOf(fleet)).map(({ detail: { eventId: _, ...rest } }) => rest));
    for (const id of internal) for (const text of [...shown, events]) expect(text).not.toContain(id);
    for (const key of keys) expect(events).not.toContain(key);
  });
});
