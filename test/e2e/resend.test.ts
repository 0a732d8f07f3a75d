/** What WhatsApp fails after LipaChat took it: sent once more where that helps, under an id of its own. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import {
  deliverTo,
  eventsOf,
  firsts,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  whenStatus,
} from '../support/fleet/lanes.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let queue: QueuePump;
let stream: StreamPump;

const PARK = { whenClosed: 'park' };
const INVITE = { whenClosed: 'template', template: { name: 'hello', languageCode: 'en' } };

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

/** Each shape names the template message by other ids. */
describe.each([['flat'], ['words'], ['whatsapp']])(
  'WhatsApp’s word on a template message, of shape %s',
  (shape) => {
    const invited = async (fields: object = {}) => {
      const customer = fleet.canaries.number();
      const flow = flowTo(customer, { ...INVITE, ...fields });
      expect((await fleet.send(flow)).json.status).toBe('parked');
      const [template] = await templatesTo(customer);
      return { customer, flow, gatewayMessageId: template?.messageId ?? '' };
    };

    it('that it arrived changes nothing of the flow, and is kept nowhere', async () => {
      const { flow, gatewayMessageId } = await invited();
      const before = await fleet.table.items();
      for (const status of ['SENT', 'DELIVERED', 'READ'] as const) {
        await fleet.lipachat.report(gatewayMessageId, status, { shape, repeat: 2 });
      }
      expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
      const kept = (items: typeof before) => items.filter(({ pk }) => /^(raw|orphan)#/.test(pk)).length;
      expect(kept(await fleet.table.items())).toBe(kept(before));
    });

    it('that its caller has to change it fails the flow, with the reason', async () => {
      const { flow, gatewayMessageId } = await invited();
      await fleet.lipachat.report(gatewayMessageId, 'FAILED', { errorCode: 132001, shape, repeat: 2 });
      const { json } = await fleet.message(flow.messageId);
      expect(json).toMatchObject({ status: 'failed', reason: expect.stringContaining('132001') });
      expect(await fleet.send(flow)).toMatchObject({ status: 422, json: { code: 'gateway-rejected' } });
    });

    it('that the customer has opted out is their word', async () => {
      const { customer, flow, gatewayMessageId } = await invited();
      await fleet.lipachat.report(gatewayMessageId, 'FAILED', { errorCode: 131050, shape });
      expect(await session(customer)).toMatchObject({ optedOut: true, parked: 0 });
      expect((await fleet.message(flow.messageId)).json.status).toBe('failed');
    });

    it('that it was too fast lets another go out under an id of its own', async () => {
      const { customer, flow, gatewayMessageId } = await invited();
      const report = { errorCode: 130429, shape, repeat: 3, concurrent: true };
      await fleet.lipachat.report(gatewayMessageId, 'FAILED', report);
      const late = await fleet.spawn('sweeper', clock({ ahead: 600_000 }));
      await sweep(late);
      await sweep(late);
      const ids = (await templatesTo(customer)).map(({ messageId }) => messageId);
      expect([ids.length, new Set(ids).size]).toEqual([2, 2]);
      await fleet.lipachat.report(gatewayMessageId, 'FAILED', { ...report, errorCode: 132001 });
      expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
      await fleet.lipachat.writeIn(customer, { to: fleet.business });
      await whenStatus(fleet, flow.messageId, 'sent');
      await late.stop();
    });
  },
);

describe('a failure in the callback that passes', () => {
  it('sends a flow that may not wait once more, by the queue alone, and tells of it', async () => {
    const customer = await fleet.newCustomer();
    const flow = flowTo(customer);
    const first = await fleet.send(flow);
    expect(first.status).toBe(201);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 130429, repeat: 3, concurrent: true });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'queued',
      reason: expect.stringContaining('130429'),
      nextStep: expect.any(String),
    });
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    await whenStatus(fleet, flow.messageId, 'sent');
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    const rung = (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
    expect(rung).toHaveLength(2);
    const [, second] = rung;
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 130429 });
    expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
    await fleet.lipachat.report(second?.messageId ?? '', 'DELIVERED');
    expect((await fleet.message(flow.messageId)).json.status).toBe('delivered');
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet, flow.messageId)).map(({ type }) => type);
    expect(told).toEqual(['message.sent', 'message.sent', 'message.delivered']);
  });

  it('fails a flow that may not wait, if its window is shut by then', async () => {
    const flow = flowTo(await fleet.newCustomer());
    const first = await fleet.send(flow);
    expect(first.status).toBe(201);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 130429 });
    const late = await fleet.spawn('worker', clock({ ahead: 25 * 3_600_000 }));
    await deliverTo(late, flow.messageId);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'failed',
      reason: expect.stringContaining('session window'),
    });
    await late.stop();
  });
});

describe('131049 in the answer', () => {
  it('is 202 queued to a caller who waits, and goes out a day later, by the sweeper', async () => {
    const customer = await fleet.newCustomer();
    const flow = flowTo(customer, PARK);
    await fleet.lipachat.fail({ kind: 'error-code', code: 131049 }, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({
      status: 202,
      json: {
        status: 'queued',
        reason: expect.any(String),
        nextStep: expect.stringContaining('no earlier than'),
      },
    });
    const early = await fleet.spawn('sweeper', clock({ ahead: 24 * 3_600_000 - 60_000 }));
    await sweep(early);
    await queue.drained();
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    const day = clock({ ahead: 24 * 3_600_000 + 60_000 });
    const [sweeper, worker] = await Promise.all(['sweeper', 'worker'].map((name) => fleet.spawn(name, day)));
    for (const name of ['webhook', 'callbacks']) await fleet.replace(name, day);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await sweep(sweeper ?? expect.fail());
    await deliverTo(worker ?? expect.fail(), flow.messageId);
    expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    await Promise.all([early, sweeper, worker].map((process) => process?.stop()));
  });
});
