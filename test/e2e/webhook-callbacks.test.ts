import { createHash } from 'node:crypto';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { StatusWord } from '../../local/simulator/settings.ts';
import { answerOfHttp } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { whenStatus } from '../support/fleet/lanes.ts';
import { until } from '../support/fleet/wait.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ counts: { webhook: 3 } });
});
afterEach(async () => {
  await fleet.aws.reset();
  await fleet.lipachat.configure({ callbacks: { enabled: false, early: false } });
});
afterAll(() => fleet.stop());

const post = async (body: object) =>
  answerOfHttp(
    await fetch(`${fleet.url}/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );

const sentFlow = async (): Promise<string> => {
  const flow = fleet.flow();
  expect((await fleet.send(flow)).status).toBe(201);
  return flow.messageId;
};

const permutations = <T>(all: readonly T[]): T[][] =>
  all.length < 2
    ? [[...all]]
    : all.flatMap((one, at) => permutations(all.toSpliced(at, 1)).map((rest) => [one, ...rest]));

describe('fifty concurrent duplicates over three processes', () => {
  it('of an inbound message have one effect', async () => {
    const customer = fleet.canaries.number();
    const { webhook } = await fleet.lipachat.writeIn(customer, {
      to: fleet.business,
      messageId: `wamid.once-${customer}`,
      repeat: 50,
      concurrent: true,
    });
    expect(webhook.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const stored = await fleet.table.items();
    const digest = createHash('sha256').update(`wamid.once-${customer}`).digest('hex');
    expect(stored.filter(({ pk }) => pk === `inbound#${digest}`)).toHaveLength(1);
    const window = await fleet.table.session(fleet.business, customer);
    await fleet.lipachat.writeIn(customer, { to: fleet.business, messageId: `wamid.once-${customer}` });
    expect(await fleet.table.session(fleet.business, customer)).toEqual(window);
  });

  it('of a status have one effect', async () => {
    const messageId = await sentFlow();
    const body = { event: 'MESSAGE_STATUS', messageStatus: { messageId, status: 'DELIVERED' } };
    const { webhook } = await fleet.lipachat.callBack(body, { repeat: 50, concurrent: true });
    expect(webhook.map(({ status }) => status)).toEqual(Array(50).fill(200));
    const { json } = await fleet.message(messageId);
    expect(json.status).toBe('delivered');
    expect(json.timeline?.filter(({ status }) => status === 'delivered')).toHaveLength(1);
  });
});

describe('status callbacks', () => {
  const afterwards = async (reports: StatusWord[]): Promise<unknown> => {
    const messageId = await sentFlow();
    for (const status of reports) await fleet.lipachat.report(messageId, status);
    const { json } = await fleet.message(messageId);
    const timeline = json.timeline?.map(({ status, source }) => `${status} ${source}`).toSorted();
    return { status: json.status, reason: json.reason, timeline };
  };

  it('give one result in all orders of SENT, DELIVERED, READ and FAILED, with repeats', async () => {
    const orders = permutations<StatusWord>(['SENT', 'DELIVERED', 'READ', 'FAILED']);
    const results = await Promise.all(orders.map((order) => afterwards([...order, ...order.toReversed()])));
    expect(results).toHaveLength(24);
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(results[0]).toMatchObject({ status: 'read' });
  });

  it.each<[string, StatusWord[]]>([
    ['failed', ['SENT', 'FAILED']],
    ['delivered', ['SENT', 'DELIVERED', 'FAILED']],
    ['read', ['READ']],
  ])('come to %s in whatever order', async (expected, words) => {
    const results = await Promise.all(permutations(words).map((order) => afterwards([...order, ...order])));
    expect(new Set(results.map((result) => JSON.stringify(result))).size).toBe(1);
    expect(results[0]).toMatchObject({ status: expected });
  });

  it('do not change the stored answer of the send', async () => {
    const flow = fleet.flow();
    const first = await fleet.send(flow);
    for (const status of ['DELIVERED', 'FAILED', 'READ'] as const) {
      await fleet.lipachat.report(flow.messageId, status);
    }
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
  });

  it('are taken in batches, in each known shape', async () => {
    const ids = await Promise.all(Array.from({ length: 4 }, sentFlow));
    const [flat = '', listed = '', wrapped = '', whatsapp = ''] = ids;
    const status = (messageId: string) => ({
      event: 'MESSAGE_STATUS',
      messageStatus: { messageId, status: 'READ' },
    });
    const waId = (await fleet.message(whatsapp)).json.waId;
    const value = { statuses: [{ id: waId, status: 'read', timestamp: '1767225600' }] };
    expect(await post(status(flat))).toMatchObject({ status: 200, json: { received: 1 } });
    expect(await post([status(listed), { event: 'TEMPLATE_STATUS' }])).toMatchObject({
      json: { received: 2 },
    });
    expect((await post({ messages: [status(wrapped)] })).status).toBe(200);
    expect((await post({ entry: [{ id: '1', changes: [{ field: 'messages', value }] }] })).status).toBe(200);
    for (const id of ids) expect((await fleet.message(id)).json.status).toBe('read');
  });
});

describe('callbacks that come before the send’s own answer', () => {
  it('are kept where they name our messageId', async () => {
    await fleet.lipachat.configure({
      callbacks: { enabled: true, early: true, duplicate: true, statuses: ['SENT', 'DELIVERED'] },
    });
    const flow = fleet.flow();
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'delivered' });
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: answer.text });
  });

  it('wait in the queue where they name WhatsApp’s id alone, and are looked up again', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 400 }, { messageId: flow.messageId });
    const sending = fleet.send(flow);
    await expect.poll(() => fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    await fleet.lipachat.report(flow.messageId, 'DELIVERED', { useWaIdOnly: true });
    expect((await sending).status).toBe(201);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'sent' });
    await fleet.callbacks.lookUpNow();
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'delivered' });
  });

  it('name WhatsApp’s id alone later, and are found at once', async () => {
    const messageId = await sentFlow();
    await fleet.lipachat.report(messageId, 'READ', { useWaIdOnly: true });
    expect((await fleet.message(messageId)).json).toMatchObject({ status: 'read' });
  });
});

describe('while the store is down', () => {
  it.each(['unavailable', 'reset'] as const)(
    'a callback is taken all the same, and has its effects once it is back: %s',
    async (fault) => {
      const customer = fleet.canaries.number();
      const messageId = await sentFlow();
      const batch = [
        { messageId: `wamid.${fault}`, from: customer, to: fleet.business, type: 'TEXT', text: 'hi' },
        { event: 'MESSAGE_STATUS', messageStatus: { messageId, status: 'DELIVERED' } },
      ];
      await fleet.aws.addFaults({ target: '*', fault, times: null });
      expect(await post(batch)).toMatchObject({ status: 200, json: { received: 2 } });
      await fleet.aws.clearFaults();
      await whenStatus(fleet, messageId, 'delivered');
      const session = () => fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`);
      await until('the window to be open', async () => (await session()).json.open);
    },
  );

  it('a callback whose writes were applied and never acknowledged means the same when it is repeated', async () => {
    const customer = fleet.canaries.number();
    const body = { messageId: `wamid.lost-${customer}`, from: customer, to: fleet.business, type: 'TEXT' };
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'apply-then-reset', times: null, match: customer });
    await post(body);
    await fleet.aws.clearFaults();
    const before = await fleet.table.session(fleet.business, customer);
    expect((await post(body)).status).toBe(200);
    const after = await fleet.table.session(fleet.business, customer);
    expect(after).toMatchObject({ lastInboundAt: before?.['lastInboundAt'] ?? expect.any(Number) });
  });
});
