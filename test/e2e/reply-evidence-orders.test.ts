/** Which flow a reply answers, by what it quotes and names: more orders, shapes and neighbours. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { deliverTo, tracesOf } from '../support/fleet/lanes.ts';
import { whenCalled } from '../support/fleet/steps.ts';
import type { Worker } from '../support/worker.ts';

let fleet: Fleet;
let worker: Worker;
let sweeper: Worker;

const startWith = async (settings: Record<string, string>): Promise<void> => {
  fleet = await startFleet({
    counts: { worker: 1, contacts: 1 },
    settings: { GATEWAY_ATTEMPTS: '1', ...settings },
  });
  const hourLater = clock({ ahead: 3_600_000 });
  [worker, sweeper] = await Promise.all([
    fleet.spawn('worker', hourLater),
    fleet.spawn('sweeper', hourLater),
  ]);
};

const sentTo = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter(({ to, kind }) => to === customer && kind === 'flow');
const rawKept = async (text: string) =>
  (await fleet.table.items()).filter(
    (item) => item.pk.startsWith('raw#') && JSON.stringify(item).includes(text),
  );

const send = async (customer: string, fields: object = {}) => {
  const flow = { ...fleet.flow({ to: customer }), ...fields };
  const answer = await fleet.send(flow);
  return { flow, answer, id: flow.messageId, waId: String(answer.json.waId) };
};
const ofMessage = async (id: string) => (await fleet.message(id)).json;
const replyOf = async (id: string) => (await ofMessage(id))['reply'];
const resend = async (id: string, errorCode = 131000) => {
  await fleet.lipachat.report(id, 'FAILED', { errorCode });
  await deliverTo(worker, id);
};

/** A filled-in flow in LipaChat's own form; `said` is its mark. */
const reply = (
  from: string,
  said: string,
  {
    context,
    name = 'flow',
    id = randomUUID(),
    to = fleet.business,
  }: {
    context?: unknown;
    name?: string | undefined;
    id?: string;
    to?: string;
  } = {},
) => ({
  messageId: id,
  from,
  to,
  profileName: 'Wanjiku',
  type: 'INTERACTIVE',
  interactive: {
    type: 'nfm_reply',
    nfm_reply: { name, body: 'Sent', response_json: JSON.stringify({ said }) },
  },
  ...(context === undefined ? {} : { context }),
});
const tell = (body: unknown) => fleet.lipachat.callBack(body);
const answered = (said: string, matchedBy: string) => ({ response: { said }, matchedBy });

/** LipaChat answers with a messageId of its own. */
const withOwnId = async (messageId: string, own: string, waId: string) => {
  const data = { messageId: own, waId, status: 'SENT' };
  const body = { timestamp: null, data, status: 'success', message: '', errors: null };
  await fleet.lipachat.fail({ kind: 'outcome', status: 200, body, accepted: true }, { messageId });
};

describe('with resend', () => {
  beforeAll(() => startWith({}));
  afterEach(() => fleet.lipachat.mend());
  afterAll(() => fleet.stop());

  it('it quotes a flow that WhatsApp failed for good, while another is open', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 131026 });
    await tell(reply(customer, 'one', { context: { id: x.waId } }));
    expect(await ofMessage(x.id)).toMatchObject({ status: 'delivered', reply: answered('one', 'context') });
    expect(await replyOf(y.id)).toBeUndefined();
  });

  it('it quotes the second send of a flow, or after that one failed too, and no third follows', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await resend(x.id);
    const second = (await sentTo(customer)).at(-1);
    await fleet.lipachat.report(second?.messageId ?? '', 'FAILED', { errorCode: 131000 });
    await tell(reply(customer, 'two', { context: { id: second?.waId } }));
    await deliverTo(worker, x.id);
    expect(await ofMessage(x.id)).toMatchObject({ status: 'delivered', reply: answered('two', 'context') });
    expect(await replyOf(y.id)).toBeUndefined();
    expect(await sentTo(customer)).toHaveLength(3);
  });

  it('it quotes LipaChat’s own messageId of a flow, as context.id and as context.messageId', async () => {
    for (const [n, key] of ['id', 'messageId', 'message_id'].entries()) {
      const customer = await fleet.newCustomer();
      const flow = fleet.flow({ to: customer });
      const own = `own-${randomUUID()}`;
      await withOwnId(flow.messageId, own, `wamid.OWN${n}`);
      await fleet.send(flow);
      const y = await send(customer);
      await tell(reply(customer, 'three', { context: { [key]: own } }));
      expect(await replyOf(flow.messageId)).toMatchObject(answered('three', 'context'));
      expect(await replyOf(y.id)).toBeUndefined();
    }
  });

  it('it quotes LipaChat’s own messageId of a second send, which no receipt kept', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await withOwnId(flow.messageId, `own-${randomUUID()}`, 'wamid.FIRST4');
    await fleet.send(flow);
    await fleet.lipachat.callBack({
      event: 'MESSAGE_STATUS',
      messageStatus: { waId: 'wamid.FIRST4', messageId: flow.messageId, status: 'FAILED', errorCode: 131000 },
    });
    const own = `own-${randomUUID()}`;
    await fleet.lipachat.fail({
      kind: 'outcome',
      status: 200,
      accepted: true,
      body: {
        timestamp: null,
        data: { messageId: own, waId: 'wamid.SECOND4', status: 'SENT' },
        status: 'success',
        message: '',
        errors: null,
      },
    });
    await deliverTo(worker, flow.messageId);
    expect((await ofMessage(flow.messageId)).waId).toBe('wamid.SECOND4');
    await tell({ ...reply(customer, 'four', { context: { id: own } }), timestamp: Date.now() + 3_700_000 });
    expect(await replyOf(flow.messageId)).toMatchObject(answered('four', 'only-open-flow'));
  });

  it('it quotes a message of ours that is no flow, or of another system', async () => {
    const customer = await fleet.newCustomer();
    const y = await send(customer);
    await tell(reply(customer, 'five', { context: { id: 'wamid.SOMETHINGELSE' } }));
    expect(await replyOf(y.id)).toBeUndefined();
    expect((await ofMessage(y.id)).status).toBe('sent');
    expect(await rawKept('five')).toHaveLength(1);
  });

  it('it quotes another customer’s flow, while a flow with an unknown wamid is open', async () => {
    const [customer, neighbour] = [await fleet.newCustomer(), await fleet.newCustomer()];
    const x = await send(neighbour);
    const flow = fleet.flow({ to: customer });
    await fleet.lipachat.fail(
      {
        kind: 'outcome',
        status: 200,
        accepted: true,
        body: {
          timestamp: null,
          data: { messageId: flow.messageId, status: 'SENT' },
          status: 'success',
          message: '',
          errors: null,
        },
      },
      { messageId: flow.messageId },
    );
    expect((await fleet.send(flow)).status).toBe(201);
    await tell(reply(customer, 'six', { context: { id: x.waId } }));
    expect(await replyOf(x.id)).toBeUndefined();
    expect(await replyOf(flow.messageId)).toBeUndefined();
    expect(await rawKept('six')).toHaveLength(1);
  });

  it('it quotes our template message: the open flow has no reply, the parked one goes', async () => {
    const customer = fleet.canaries.number();
    const template = { name: 'hello', languageCode: 'en' };
    const parked = await send(customer, { whenClosed: 'template', template });
    const asked = (await fleet.lipachat.deliveries()).find((one) => one.to === customer);
    await fleet.table.addWindow(fleet.business, customer);
    await fleet.lipachat.writeIn(customer, { to: fleet.business, notify: false });
    const y = await send(customer);
    for (const context of [{ id: asked?.waId }, { id: asked?.messageId }])
      await tell(reply(customer, 'seven', { context }));
    expect(await replyOf(y.id)).toBeUndefined();
    expect(await rawKept('seven')).toHaveLength(2);
    await deliverTo(worker, parked.id);
    expect(await ofMessage(parked.id)).toMatchObject({ status: 'sent' });
    expect(await replyOf(parked.id)).toBeUndefined();
  });

  it('of several quoted ids one is known', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await tell(
      reply(customer, 'eight', { context: { id: randomUUID(), messageId: randomUUID(), waId: x.waId } }),
    );
    expect(await replyOf(x.id)).toMatchObject(answered('eight', 'context'));
    expect(await replyOf(y.id)).toBeUndefined();
  });

  it('its form has another name, in every spelling', async () => {
    const customer = await fleet.newCustomer();
    const y = await send(customer);
    for (const name of ['address_message', 'ADDRESS_MESSAGE', 'payment', 'order_details'])
      await tell(reply(customer, `nine-${name}`, { name }));
    expect(await replyOf(y.id)).toBeUndefined();
    await tell(reply(customer, 'nine', { name: 'Flow' }));
    expect(await replyOf(y.id)).toMatchObject(answered('nine', 'only-open-flow'));
  });

  it('it comes three times at once, and again when another flow is open', async () => {
    const customer = await fleet.newCustomer();
    const x = await send(customer);
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 130429 });
    const body = reply(customer, 'ten times', { context: { id: x.waId, from: fleet.business } });
    await Promise.all([tell(body), tell(body), tell(body)]);
    const y = await send(customer);
    await tell(body);
    await tell({ ...body, context: undefined });
    await deliverTo(worker, x.id);
    expect(await replyOf(x.id)).toMatchObject(answered('ten times', 'context'));
    expect(await replyOf(y.id)).toBeUndefined();
    expect(await sentTo(customer)).toHaveLength(2);
    expect(await rawKept('ten times')).toEqual([]);
  });

  it.each([
    ['its wamid', (waId: string) => ({ id: waId })],
    ['our messageId', (_: string, id: string) => ({ messageId: id })],
    ['nothing', () => undefined],
  ])('it comes before the answer of the send, and quotes %s', async (_name, contextOf) => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 1500 }, { messageId: flow.messageId });
    const sending = fleet.send(flow);
    await whenCalled(fleet, flow.messageId);
    await sleep(300);
    const [rung] = await sentTo(customer);
    await tell(reply(customer, 'eleven', { context: contextOf(rung?.waId ?? '', flow.messageId) }));
    expect((await sending).status).toBe(201);
    await sweep(sweeper);
    expect(await ofMessage(flow.messageId)).toMatchObject({
      status: 'delivered',
      reply: { response: { said: 'eleven' } },
    });
    expect(await sentTo(customer)).toHaveLength(1);
  });

  it('it quotes nothing, and the only flow ever sent is the one that FAILED a moment ago', async () => {
    const customer = await fleet.newCustomer();
    const x = await send(customer);
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 131000 });
    await tell(reply(customer, 'twelve'));
    await deliverTo(worker, x.id);
    expect(await sentTo(customer)).toHaveLength(1);
    expect(await ofMessage(x.id)).toMatchObject({
      status: 'delivered',
      reply: answered('twelve', 'only-open-flow'),
    });
  });

  it('it quotes a flow that was parked again and has expired, while another is open', async () => {
    const customer = await fleet.newCustomer();
    const x = await send(customer, { whenClosed: 'park', parkForSeconds: 600 });
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 131047 });
    await sweep(sweeper);
    expect((await ofMessage(x.id)).status).toBe('expired');
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    const y = await send(customer);
    await tell(reply(customer, 'thirteen', { context: { id: x.waId } }));
    expect(await ofMessage(x.id)).toMatchObject({
      status: 'delivered',
      reply: answered('thirteen', 'context'),
    });
    expect(await replyOf(y.id)).toBeUndefined();
  });

  it('the token names one flow and the quote another', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    const body = reply(customer, 'fourteen', { context: { id: y.waId } });
    body.interactive.nfm_reply.response_json = JSON.stringify({ said: 'fourteen', lipaflow_ref: x.id });
    await tell(body);
    expect(await replyOf(x.id)).toMatchObject({ matchedBy: 'token' });
    expect(await replyOf(y.id)).toBeUndefined();
  });

  it('it quotes a flow that was erased, and the new one stays unanswered', async () => {
    const customer = await fleet.newCustomer();
    const x = await send(customer);
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 131000 });
    const admin = await fleet.newClient(['admin']);
    await fleet.call('DELETE', `/v1/contacts/${fleet.business}/${customer}`, { token: admin });
    expect(await tracesOf(fleet, customer)).toEqual([]);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    const y = await send(customer);
    await tell(reply(customer, 'fifteen', { context: { id: x.waId } }));
    expect(await replyOf(y.id)).toBeUndefined();
    expect(await rawKept('fifteen')).toHaveLength(1);
    expect(await fleet.message(x.id)).toMatchObject({ status: 404 });
  });

  it('two replies quote one flow: the first is kept, the second visibly', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await tell(reply(customer, 'sixteen-a', { context: { id: x.waId } }));
    await tell(reply(customer, 'sixteen-b', { context: { id: x.waId } }));
    expect(await replyOf(x.id)).toMatchObject(answered('sixteen-a', 'context'));
    expect(await replyOf(y.id)).toBeUndefined();
    expect(await rawKept('sixteen-b')).toHaveLength(1);
  });

  it('another business number of the same customer', async () => {
    const customer = await fleet.newCustomer();
    const other = fleet.canaries.number();
    const x = await send(customer);
    await tell(reply(customer, 'seventeen', { context: { id: x.waId }, to: other }));
    expect(await replyOf(x.id)).toBeUndefined();
    expect(await rawKept('seventeen')).toHaveLength(1);
  });

  it('its quoted ids name two flows of the customer', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await tell(reply(customer, 'eighteen', { context: { id: x.waId, messageId: y.id } }));
    const replies = [await replyOf(x.id), await replyOf(y.id)].filter((one) => one !== undefined);
    expect(replies.length).toBeLessThanOrEqual(1);
  });
});

describe('a reply to another system’s flow, which is the first that a customer writes', () => {
  beforeAll(() => startWith({}));
  afterAll(() => fleet.stop());

  it.each([['no time'], ['a time']])('it releases a parked flow and is repeated: with %s', async (stamp) => {
    const customer = fleet.canaries.number();
    const x = await send(customer, { whenClosed: 'park' });
    expect(x.answer.json.status).toBe('parked');
    await fleet.lipachat.writeIn(customer, { to: fleet.business, notify: false });
    const stamped = stamp === 'a time' ? { timestamp: Math.floor(Date.now() / 1000) } : {};
    const body = { ...reply(customer, 'twenty-one'), ...stamped };
    await tell(body);
    await deliverTo(fleet.workers['worker']?.[0] ?? expect.fail(), x.id);
    expect((await ofMessage(x.id)).status).toBe('sent');
    await tell(body);
    expect(await replyOf(x.id)).toBeUndefined();
  });
});

describe('with hold', () => {
  beforeAll(() => startWith({ AMBIGUOUS_OUTCOME: 'hold', GATEWAY_DEADLINE_MS: '1500' }));
  afterEach(() => fleet.lipachat.mend());
  afterAll(() => fleet.stop());

  it.each([
    ['its wamid', (waId: string) => ({ id: waId })],
    ['our messageId', (_: string, id: string) => ({ id })],
    ['nothing', () => undefined],
  ])('it answers a flow that is unknown, and quotes %s', async (_name, contextOf) => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
    expect((await fleet.send(flow)).json.status).toBe('unknown');
    const [rung] = await sentTo(customer);
    await tell(reply(customer, 'nineteen', { context: contextOf(rung?.waId ?? '', flow.messageId) }));
    await sweep(sweeper);
    expect(await ofMessage(flow.messageId)).toMatchObject({
      status: 'delivered',
      reply: { response: { said: 'nineteen' } },
    });
    expect((await fleet.send(flow)).status).toBe(201);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('it quotes the flow that FAILED for now, and the other stays open', async () => {
    const customer = await fleet.newCustomer();
    const [x, y] = [await send(customer), await send(customer)];
    await fleet.lipachat.report(x.id, 'FAILED', { errorCode: 131000 });
    await tell(reply(customer, 'twenty', { context: { id: x.waId } }));
    expect(await ofMessage(x.id)).toMatchObject({
      status: 'delivered',
      reply: answered('twenty', 'context'),
    });
    expect(await replyOf(y.id)).toBeUndefined();
  });
});
