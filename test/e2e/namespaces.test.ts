/** Clients in different namespaces, and one without, under one messageId: each has its own message, reply and events. */
import { randomBytes, randomUUID } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream } from '../support/fleet/lanes.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

interface Client {
  readonly token: string;
  readonly customer: string;
}

let fleet: Fleet;
let stream: StreamPump;
let queue: QueuePump;
/** In the first namespace, in the second one, and in none. */
let clients: readonly Client[];
const keys = [randomBytes(16).toString('base64url'), randomBytes(16).toString('base64url')];

beforeAll(async () => {
  fleet = await startFleet({ counts: { contacts: 1, publisher: 1, worker: 1 } });
  stream = pumpStream(fleet);
  queue = pumpQueue(fleet);
  const namespaces = [...keys.map((key, n) => ({ name: `space-${n}`, key })), undefined];
  clients = await Promise.all(
    namespaces.map(async (namespace) => ({
      token: await fleet.newClient(['send', 'read'], namespace ? { namespace } : {}),
      customer: await fleet.newCustomer(),
    })),
  );
});
afterAll(async () => {
  await stream.close();
  await queue.close();
  await fleet.stop();
});

const flowOf = (messageId: string, { customer }: Client, fields: object = {}) => ({
  ...fleet.flow({ to: customer }),
  messageId,
  ...fields,
});
const read = async (messageId: string, { token }: Client) =>
  (await fleet.call('GET', `/v1/messages/${messageId}`, { token })).json as Record<string, unknown>;
const ofAll = <T>(act: (client: Client, n: number) => Promise<T>) => Promise.all(clients.map(act));

/** The messageIds that LipaChat got, by client. */
const gatewayIds = async (): Promise<string[]> => {
  const deliveries = await fleet.lipachat.deliveries();
  return clients.map(({ customer }) => {
    const [only, ...others] = deliveries
      .map(({ body }) => body as { to: string; messageId: string })
      .filter(({ to }) => to === customer);
    expect(others).toEqual([]);
    return only?.messageId ?? '';
  });
};

describe('one messageId of three clients', () => {
  const messageId = randomUUID();

  it('is three messages, and three ids at LipaChat', async () => {
    const answers = await ofAll((client) =>
      fleet.send(flowOf(messageId, client, { correlate: true }), { token: client.token }),
    );
    for (const { status, json, headers } of answers) {
      expect([status, json['messageId']]).toEqual([201, messageId]);
      expect(headers['location']).toBe(`/v1/messages/${messageId}`);
    }
    const ids = await gatewayIds();
    expect(new Set(ids).size).toBe(3);
    expect(ids[2]).toBe(messageId);
    for (const id of ids.slice(0, 2)) expect(id).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/);

    const again = await ofAll((client) =>
      fleet.send(flowOf(messageId, client, { correlate: true }), { token: client.token }),
    );
    expect(again.map(({ text }) => text)).toEqual(answers.map(({ text }) => text));
    expect(again.map(({ headers }) => headers['idempotent-replayed'])).toEqual(['true', 'true', 'true']);
    expect(await gatewayIds()).toEqual(ids);
  });

  it('has the callbacks of its own message', async () => {
    const [first = '', second = ''] = await gatewayIds();
    await fleet.lipachat.report(first, 'DELIVERED');
    await fleet.lipachat.report(second, 'READ');
    const views = await ofAll((client) => read(messageId, client));
    expect(views.map(({ status }) => status)).toEqual(['delivered', 'read', 'sent']);
    expect(views.map((view) => view['messageId'])).toEqual([messageId, messageId, messageId]);
    expect(views.map(({ to }) => to)).toEqual(clients.map(({ customer }) => customer));
  });

  it('has the reply of its own customer, by the token that the flow returns', async () => {
    const ids = await gatewayIds();
    await ofAll(({ customer }, n) =>
      fleet.lipachat.fillIn(customer, {
        messageId: ids[n],
        response: { n },
        withToken: true,
        withContext: false,
      }),
    );
    const replies = await ofAll(async (client) => (await read(messageId, client))['reply']);
    expect(replies).toMatchObject([0, 1, 2].map((n) => ({ response: { n }, matchedBy: 'token' })));
  });

  it('has events with the own id, which the clientId tells apart', async () => {
    await stream.caughtUp();
    const events = firsts(await eventsOf(fleet, messageId));
    const byClient = Map.groupBy(events, ({ detail }) => String(detail['clientId']));
    expect(byClient.size).toBe(3);
    for (const told of byClient.values())
      expect(told.map(({ type }) => type)).toEqual(expect.arrayContaining(['message.sent', 'flow.replied']));
    expect(JSON.stringify(events)).not.toMatch(new RegExp(keys.join('|')));
  });

  it('is another client’s in the same namespace, and no client’s elsewhere', async () => {
    const [first] = clients;
    const [id = ''] = await gatewayIds();
    const neighbour = await fleet.newClient(['send', 'read'], {
      namespace: { name: 'space-0', key: keys[0] ?? '' },
    });
    const stranger = await fleet.newClient(['send', 'read']);
    const taken = await fleet.send(flowOf(messageId, first ?? expect.fail()), { token: neighbour });
    expect([taken.status, taken.json.code]).toEqual([422, 'message-id-reused']);
    for (const token of [neighbour, stranger])
      for (const path of [messageId, id])
        expect((await fleet.call('GET', `/v1/messages/${path}`, { token })).status).toBe(404);
  });

  it('is exported to an admin of its namespace, and to one without, but not to one of another', async () => {
    const within = (n: number) => ({ namespace: { name: `space-${n}`, key: keys[n] ?? '' } });
    const admins = await Promise.all(
      [within(0), within(1), {}].map((options) => fleet.newClient(['admin'], options)),
    );
    const { customer } = clients[0] ?? expect.fail();
    const path = `/v1/contacts/${fleet.business}/${customer}/export`;
    const seen = admins.map(async (token) => (await fleet.call('GET', path, { token })).json['messages']);
    const own = [expect.objectContaining({ messageId, to: customer })];
    expect(await Promise.all(seen)).toEqual([own, [], own]);
  });
});

describe('a 202 in a namespace', () => {
  it('shows the own id, and is sent by the worker', async () => {
    const [first] = clients;
    const client = { ...(first ?? expect.fail()), customer: await fleet.newCustomer() };
    const messageId = 'order-4711';
    const answer = await fleet.send(flowOf(messageId, client), {
      token: client.token,
      headers: { prefer: 'respond-async' },
    });
    expect(answer).toMatchObject({ status: 202, json: { messageId, status: 'queued' } });
    expect(answer.headers['location']).toBe(`/v1/messages/${messageId}`);
    await expect
      .poll(async () => (await read(messageId, client))['status'], { timeout: 20_000 })
      .toBe('sent');
  });
});
