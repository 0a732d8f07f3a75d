import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import {
  eventsOf,
  firsts,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  whenStatus,
  workOn,
} from '../support/fleet/lanes.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let queue: QueuePump;
let stream: StreamPump;

const TEMPLATE = { name: 'hello', languageCode: 'en' };
const PARK = { whenClosed: 'park' };
const INVITE = { whenClosed: 'template', template: TEMPLATE };
const ASYNC = { headers: { Prefer: 'respond-async' } };

beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 2, publisher: 1 }, queues: QUICK_QUEUES });
  queue = pumpQueue(fleet);
  stream = pumpStream(fleet);
});
afterEach(() => fleet.lipachat.mend());
afterAll(async () => {
  await Promise.all([queue.close(), stream.close()]);
  await fleet.stop();
});

const flowTo = (to: string, fields: object = {}) => ({ ...fleet.flow({ to }), ...fields });
const templatesTo = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter(({ to, kind }) => to === customer && kind === 'template');
const session = async (customer: string) =>
  (await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`)).json;

describe('whenClosed', () => {
  it.each<[string, object, string[]]>([
    ['something else', { whenClosed: 'wait' }, ['whenClosed']],
    ['template without one', { whenClosed: 'template' }, ['template']],
    ['park with a template', { ...PARK, template: TEMPLATE }, ['template']],
    ['nothing, with a template', { template: TEMPLATE }, ['template']],
    ['reject, with a time to park', { whenClosed: 'reject', parkForSeconds: 60 }, ['parkForSeconds']],
    ['nothing, with a time to park', { parkForSeconds: 60 }, ['parkForSeconds']],
    ['park for too short', { ...PARK, parkForSeconds: 59 }, ['parkForSeconds']],
    ['park for too long', { ...PARK, parkForSeconds: 2_592_001 }, ['parkForSeconds']],
    ['park for a fraction', { ...PARK, parkForSeconds: 60.5 }, ['parkForSeconds']],
    [
      'a template that is none',
      { whenClosed: 'template', template: { name: '', colour: 1 } },
      ['template.colour', 'template.languageCode', 'template.name'],
    ],
  ])('is refused by field: %s', async (_what, fields, paths) => {
    const flow = flowTo(fleet.customer, fields);
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 400, json: { code: 'invalid-request' } });
    expect(answer.json.errors?.map(({ path }) => path).toSorted()).toEqual(paths);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
  });

  it.each([
    ['park', PARK],
    ['template', INVITE],
  ])('%s sends at once where the window is open', async (_word, fields) => {
    const customer = await fleet.newCustomer();
    expect(await fleet.send(flowTo(customer, fields))).toMatchObject({ status: 201 });
    expect(await templatesTo(customer)).toEqual([]);
  });

  it('is a part of the payload: the same id with another word is refused', async () => {
    const flow = flowTo(fleet.canaries.number(), PARK);
    expect((await fleet.send(flow)).status).toBe(202);
    const other = await fleet.send({ ...flow, whenClosed: 'reject' });
    expect(other).toMatchObject({ status: 422, json: { code: 'message-id-reused' } });
  });
});

describe('respond-async', () => {
  it('is answered 202 queued at once, and then sent', async () => {
    const flow = flowTo(await fleet.newCustomer());
    const answer = await fleet.send(flow, ASYNC);
    expect(answer).toMatchObject({ status: 202, json: { status: 'queued', messageId: flow.messageId } });
    expect(answer.headers['location']).toContain(flow.messageId);
    await whenStatus(fleet, flow.messageId, 'sent');
    expect(await fleet.send(flow, ASYNC)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('fails where the window is shut and nothing else was asked for', async () => {
    const flow = flowTo(fleet.canaries.number());
    expect((await fleet.send(flow, ASYNC)).status).toBe(202);
    await whenStatus(fleet, flow.messageId, 'failed');
    expect(await fleet.send(flow, ASYNC)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
  });

  it('is parked by the worker where the window is shut, and released by the customer', async () => {
    const customer = fleet.canaries.number();
    const flow = flowTo(customer, INVITE);
    expect((await fleet.send(flow, ASYNC)).json.status).toBe('queued');
    await whenStatus(fleet, flow.messageId, 'parked');
    await until('the template', async () => (await templatesTo(customer)).length === 1);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await whenStatus(fleet, flow.messageId, 'sent');
  });
});

describe('a template message', () => {
  it('goes out once for a flow, however often it is posted', async () => {
    const customer = fleet.canaries.number();
    const flow = flowTo(customer, INVITE);
    const answers = await Promise.all([1, 2, 3].map(() => fleet.send(flow)));
    for (const { status } of answers) expect([202, 409]).toContain(status);
    for (let n = 0; n < 3; n += 1) expect((await fleet.send(flow)).json.status).toBe('parked');
    expect(await templatesTo(customer)).toHaveLength(1);
  });

  it('is spared for a second flow of the same flowId to the same customer, and not for another flowId', async () => {
    const customer = fleet.canaries.number();
    await fleet.send(flowTo(customer, INVITE));
    expect((await fleet.send(flowTo(customer, INVITE))).json.status).toBe('parked');
    expect(await templatesTo(customer)).toHaveLength(1);
    await fleet.send(flowTo(customer, { ...INVITE, flowId: 'ANOTHER_FLOW' }));
    expect(await templatesTo(customer)).toHaveLength(2);
    expect(await session(customer)).toMatchObject({ open: false, parked: 3, optedOut: false });
  });

  it('is settled by the same id where nobody could tell, and then sent once', async () => {
    const customer = fleet.canaries.number();
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, { times: 1 });
    expect((await fleet.send(flowTo(customer, INVITE))).json.status).toBe('parked');
    expect(await templatesTo(customer)).toHaveLength(1);
  });

  it('that LipaChat refuses fails the flow, visibly', async () => {
    await fleet.lipachat.configure({ templates: ['welcome'] });
    const flow = flowTo(fleet.canaries.number(), INVITE);
    await fleet.send(flow);
    await fleet.lipachat.configure({ templates: null });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('132001'),
    });
  });
});

/** Both wait for seconds, and need nothing of each other. */
describe('pauses', () => {
  it.concurrent('a message is sent by the worker’s own retry after it was throttled, with the reason kept meanwhile', async () => {
    const flow = flowTo(await fleet.newCustomer());
    await fleet.lipachat.fail({ kind: 'throttle' }, { messageId: flow.messageId, times: 2 });
    expect((await fleet.send(flow, ASYNC)).status).toBe(202);
    await until('the worker to put it back, and to say why', async () => {
      const { json } = await fleet.message(flow.messageId);
      return json.status === 'queued' && String(json.reason).includes('throttling') && json;
    });
    await whenStatus(fleet, flow.messageId, 'sent');
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it.concurrent('several parked flows of one customer go out oldest first, six seconds apart', async () => {
    const customer = fleet.canaries.number();
    const flows = [flowTo(customer, PARK), flowTo(customer, PARK)];
    for (const flow of flows) await fleet.send(flow);
    expect(await session(customer)).toMatchObject({ parked: 2 });
    await fleet.lipachat.writeIn(customer, { to: fleet.business, repeat: 3, concurrent: true });
    const last = flows.at(-1)?.messageId ?? '';
    await whenStatus(fleet, last, 'sent', 18_000);
    const rung = (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
    expect(rung.map(({ messageId }) => messageId)).toEqual(flows.map(({ messageId }) => messageId));
    const at = rung.map((delivery) => Date.parse(delivery.at));
    for (const [n, time] of at.entries()) {
      if (n > 0) expect(time - (at[n - 1] ?? 0)).toBeGreaterThanOrEqual(5_900);
    }
    expect(await session(customer)).toMatchObject({ parked: 0, open: true });
  });
});

describe('parked past its time', () => {
  it('it expires by the sweeper, an event goes out, and a reply a second later releases nothing', async () => {
    const customer = fleet.canaries.number();
    const flow = flowTo(customer, { ...PARK, parkForSeconds: 60 });
    expect((await fleet.send(flow)).json.status).toBe('parked');
    const before = await fleet.spawn('sweeper', clock({ ahead: 30_000 }));
    const after = await fleet.spawn('sweeper', clock({ ahead: 61_000 }));
    await sweep(before);
    expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
    await sweep(after);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'expired',
      reason: expect.any(String),
      nextStep: expect.any(String),
    });

    const behind = await fleet.spawn('webhook', clock({ ahead: 62_000 }));
    const [usual] = fleet.workers['webhook']?.splice(0, 1, behind) ?? [];
    await fleet.lipachat.writeIn(customer, { to: fleet.business, repeat: 2 });
    if (usual) fleet.workers['webhook']?.splice(0, 1, usual);
    await workOn(fleet, flow.messageId);
    await sweep(after);
    await queue.drained();
    expect((await fleet.message(flow.messageId)).json.status).toBe('expired');
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect(await fleet.send(flow)).toMatchObject({ json: { status: 'expired' } });
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet, flow.messageId)).map(({ type }) => type);
    expect(told).toEqual(['message.parked', 'message.expired']);
  });

  it('it goes by its time, not by when the sweeper comes: a late reply before any sweep releases nothing', async () => {
    const late = await fleet.spawn('sendFlow', clock({ ahead: -120_000 }));
    const customer = fleet.canaries.number();
    const flow = flowTo(customer, { ...PARK, parkForSeconds: 60 });
    expect((await fleet.sendThrough(late, flow)).json.status).toBe('parked');
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await queue.drained();
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
  });
});

describe('131047 while our ledger has the window open', () => {
  const refusal = { kind: 'error-code', code: 131047 } as const;

  it('with reject: 409, the window is shut, and nothing is repeated blindly', async () => {
    const customer = await fleet.newCustomer();
    const flow = flowTo(customer);
    await fleet.lipachat.fail(refusal, { messageId: flow.messageId, times: null });
    expect(await fleet.send(flow)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(await session(customer)).toMatchObject({ open: false });
    expect(await fleet.send(flow)).toMatchObject({ status: 409 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('with park: parked, and released by the next message of the customer', async () => {
    const customer = await fleet.newCustomer();
    const flow = flowTo(customer, PARK);
    await fleet.lipachat.fail(refusal, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'parked' } });
    expect(await session(customer)).toMatchObject({ open: false, parked: 1 });
    await queue.drained();
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await whenStatus(fleet, flow.messageId, 'sent');
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('with template: the template goes out, and the flow is parked', async () => {
    const customer = await fleet.newCustomer();
    const flow = flowTo(customer, INVITE);
    await fleet.lipachat.fail(refusal, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'parked' } });
    expect(await templatesTo(customer)).toHaveLength(1);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it.each([['flat'], ['words'], ['whatsapp']])(
    'in a callback of shape %s: parked again, and sent after the next message of the customer',
    async (shape) => {
      const customer = await fleet.newCustomer();
      const flow = flowTo(customer, PARK);
      expect((await fleet.send(flow)).status).toBe(201);
      await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 131047, shape, repeat: 3 });
      expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
      expect(await session(customer)).toMatchObject({ open: false, parked: 1 });
      await queue.drained();
      expect((await fleet.lipachat.deliveries()).filter(({ to }) => to === customer)).toHaveLength(1);
      await fleet.lipachat.writeIn(customer, { to: fleet.business });
      await whenStatus(fleet, flow.messageId, 'sent');
      expect((await fleet.lipachat.deliveries()).filter(({ to }) => to === customer)).toHaveLength(2);
    },
  );
});
