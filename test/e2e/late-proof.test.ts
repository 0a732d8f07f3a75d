/** Proof of a send that comes late, in other orders and shapes: what WhatsApp failed and delivered rings once. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { clock, type Fleet, type Flow, startFleet, sweep } from '../support/fleet/fleet.ts';
import { deliverTo, isReleased, pumpQueue, pumpStream, tracesOf } from '../support/fleet/lanes.ts';
import { progressOf } from '../support/fleet/progress.ts';
import { processOf, whenCalled } from '../support/fleet/steps.ts';
import type { Worker } from '../support/worker.ts';

const HOUR_MS = 3_600_000;
const FLEET = { counts: { worker: 1, contacts: 1 }, settings: { GATEWAY_ATTEMPTS: '1' } };

let fleet: Fleet;
let worker: Worker;
let sweeper: Worker;

/** A fleet whose worker and sweeper are an hour ahead: every pause is over for them. */
const startWith = async (settings: Record<string, string> = {}): Promise<void> => {
  fleet = await startFleet({ ...FLEET, settings: { ...FLEET.settings, ...settings } });
  const hourLater = clock({ ahead: HOUR_MS });
  [worker, sweeper] = await Promise.all([
    fleet.spawn('worker', hourLater),
    fleet.spawn('sweeper', hourLater),
  ]);
};

const sentTo = async (customer: string, kind = 'flow') =>
  (await fleet.lipachat.deliveries()).filter((one) => one.to === customer && one.kind === kind);
const waIdsTo = async (customer: string) => (await sentTo(customer)).map(({ waId }) => waId);

/** LipaChat's own form, with nothing in it but what is given. */
const flat = (messageStatus: object) => ({ event: 'MESSAGE_STATUS', messageStatus });
const failed = (names: object, errorCode = 131000) => flat({ ...names, status: 'FAILED', errorCode });
const tell = (body: unknown) => fleet.lipachat.callBack(body);

/** Whatever could send it again, or end it, has had its chance. */
const everyChance = async (messageId: string): Promise<void> => {
  await deliverTo(worker, messageId);
  await sweep(sweeper);
  await deliverTo(worker, messageId);
  await sweep(sweeper);
};

/** Nothing is left for the sweeper, for ever. */
const atRest = async (messageId: string): Promise<void> => {
  const item = await fleet.table.message(messageId);
  expect([item?.['lease'], item?.['dueAt'], item?.['due']]).toEqual([undefined, undefined, undefined]);
};

const started = async (fields: object = {}) => {
  const customer = await fleet.newCustomer();
  const flow: Flow = { ...fleet.flow({ to: customer }), ...fields };
  const first = await fleet.send(flow);
  expect(first.status).toBe(201);
  return { customer, flow, first, id: flow.messageId, waId: String(first.json.waId) };
};

describe('with resend', () => {
  beforeAll(() => startWith());
  afterEach(() => fleet.lipachat.mend());
  afterAll(() => fleet.stop());

  it('READ of the first of three sends, by its wamid in WhatsApp’s envelope', async () => {
    const { customer, flow, first, id } = await started();
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131000 });
    await deliverTo(worker, id);
    const [, second] = await sentTo(customer);
    await fleet.lipachat.report(second?.messageId ?? '', 'FAILED', { errorCode: 131000, shape: 'whatsapp' });
    expect((await fleet.message(id)).json.status).toBe('queued');
    await fleet.lipachat.report(id, 'READ', { shape: 'whatsapp', repeat: 2 });
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('read');
    expect(await sentTo(customer)).toHaveLength(2);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    await atRest(id);
  });

  it('FAILED names only our messageId, DELIVERED only the wamid', async () => {
    const { customer, id, waId } = await started();
    await tell(failed({ messageId: id }));
    await tell(flat({ waId, status: 'DELIVERED' }));
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('delivered');
    expect(await sentTo(customer)).toHaveLength(1);
    await atRest(id);
  });

  it('callbacks name the wamid beside a messageId of LipaChat’s own', async () => {
    const { customer, id, waId } = await started();
    const names = { waId, messageId: 'b1946ac9-2492-4d23-a9f4-2f3c1d0e5a77' };
    await tell(failed(names, 130429));
    expect((await fleet.message(id)).json.status).toBe('queued');
    await tell(flat({ ...names, status: 'READ' }));
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('read');
    expect(await sentTo(customer)).toHaveLength(1);
  });

  it('callbacks name nothing but a messageId of LipaChat’s own: nothing is sent, and they are kept', async () => {
    const { customer, id } = await started();
    const messageId = 'own-4f6d';
    await tell(failed({ messageId }));
    await tell(flat({ messageId, status: 'DELIVERED' }));
    await everyChance(id);
    expect(await sentTo(customer)).toHaveLength(1);
    expect((await fleet.message(id)).json.status).toBe('sent');
    const raw = (await fleet.table.items()).filter(
      ({ pk, text }) => pk.startsWith('raw#') && String(text).includes(messageId),
    );
    expect(raw).toHaveLength(2);
  });

  it('FAILED and DELIVERED in one list, in both orders', async () => {
    for (const order of [0, 1]) {
      const { customer, id, waId } = await started();
      const both = [failed({ waId, messageId: id }), flat({ waId, status: 'DELIVERED' })];
      await tell(order === 0 ? both : both.toReversed());
      await everyChance(id);
      expect((await fleet.message(id)).json.status).toBe('delivered');
      expect(await sentTo(customer)).toHaveLength(1);
      await atRest(id);
    }
  });

  it('DELIVERED, then FAILED with 131047 of the same send: the window stays open', async () => {
    const { customer, id } = await started();
    await fleet.lipachat.report(id, 'DELIVERED');
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131047 });
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('delivered');
    const session = await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`);
    expect(session.json.open).toBe(true);
    expect(await sentTo(customer)).toHaveLength(1);
  });

  it('a flow that was parked again is proved: the next of the queue goes, it does not', async () => {
    const { customer, id, waId } = await started({ whenClosed: 'park' });
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131047 });
    const younger = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
    expect((await fleet.send(younger)).json.status).toBe('parked');
    await tell(flat({ waId, status: 'DELIVERED' }));
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    expect(await isReleased(fleet, younger.messageId)).toBe(true);
    await everyChance(id);
    await everyChance(younger.messageId);
    expect((await sentTo(customer)).map(({ messageId }) => messageId)).toEqual([id, younger.messageId]);
    expect((await fleet.message(id)).json.status).toBe('delivered');
    await atRest(id);
  });

  it('READ of a flow that was parked again and has expired', async () => {
    const { customer, flow, first, id } = await started({ whenClosed: 'park', parkForSeconds: 600 });
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131047 });
    await sweep(sweeper);
    expect((await fleet.message(id)).json.status).toBe('expired');
    await fleet.lipachat.report(id, 'READ', { useWaIdOnly: true });
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('read');
    expect(await sentTo(customer)).toHaveLength(1);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    await atRest(id);
  });

  it('the caller repeats at each moment, over HTTP and directly, and reads the same bytes', async () => {
    const { customer, flow, first, id } = await started();
    const direct = processOf(fleet, 'sendFlow');
    const same = async () => {
      const again = await fleet.send(flow);
      expect(again).toMatchObject({ status: 201, text: first.text });
      expect(again.headers['idempotent-replayed']).toBe('true');
      expect(await direct.invoke(flow)).toMatchObject({ statusCode: 201, body: first.json });
    };
    await same();
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131000 });
    await same();
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 1500 });
    const resend = deliverTo(worker, id);
    await sleep(500);
    await same();
    await fleet.lipachat.report(id, 'DELIVERED', { shape: 'whatsapp' });
    await same();
    await resend;
    await same();
    await everyChance(id);
    await same();
    expect((await fleet.message(id)).json.status).toBe('delivered');
    expect(await sentTo(customer)).toHaveLength(2);
    await atRest(id);
  });

  it('FAILED before the answer of the send, DELIVERED by wamid after it', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 1500 }, { messageId: flow.messageId });
    const sending = fleet.send(flow);
    await whenCalled(fleet, flow.messageId);
    await sleep(300);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 131000 });
    const first = await sending;
    expect(first).toMatchObject({ status: 202, json: { status: 'queued' } });
    await fleet.lipachat.report(flow.messageId, 'DELIVERED', { shape: 'whatsapp' });
    await everyChance(flow.messageId);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'delivered',
      waId: (await waIdsTo(customer))[0],
    });
    expect(await sentTo(customer)).toHaveLength(1);
    expect((await fleet.send(flow)).status).toBe(201);
    await atRest(flow.messageId);
  });

  it('STOP between FAILED and DELIVERED', async () => {
    const { customer, flow, first, id } = await started();
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131000 });
    await fleet.lipachat.writeIn(customer, { to: fleet.business, text: 'STOP' });
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('failed');
    await fleet.lipachat.report(id, 'DELIVERED', { useWaIdOnly: true });
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('delivered');
    expect(await sentTo(customer)).toHaveLength(1);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
  });

  it('an erasure between FAILED and DELIVERED leaves nothing', async () => {
    const { customer, id, waId } = await started();
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131000 });
    const admin = await fleet.newClient(['admin']);
    const path = `/v1/contacts/${fleet.business}/${customer}`;
    expect((await fleet.call('DELETE', path, { token: admin })).status).toBe(204);
    await tell(flat({ waId, messageId: id, status: 'DELIVERED' }));
    await everyChance(id);
    expect(await sentTo(customer)).toHaveLength(1);
    expect(await tracesOf(fleet, customer)).toEqual([]);
    const leftovers = (await fleet.table.items()).filter((item) => JSON.stringify(item).includes(id));
    expect(leftovers).toEqual([]);
  });

  it('DELIVERED of the first send while the second is out and no answer comes', async () => {
    const { customer, flow, first, id } = await started();
    await fleet.lipachat.report(id, 'FAILED', { errorCode: 131000 });
    const impatient = await fleet.spawn('worker', {
      ...clock({ ahead: HOUR_MS }),
      GATEWAY_DEADLINE_MS: '1500',
    });
    await fleet.lipachat.fail({ kind: 'accept-then-silence' });
    const resend = deliverTo(impatient, id);
    await sleep(600);
    await fleet.lipachat.report(id, 'DELIVERED', { useWaIdOnly: true });
    await resend;
    await everyChance(id);
    expect((await fleet.message(id)).json.status).toBe('delivered');
    expect(await sentTo(customer)).toHaveLength(2);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
    await atRest(id);
  });

  it('twenty at once, FAILED and DELIVERED and a worker at the same instant, without deduplication', async () => {
    await fleet.lipachat.configure({ duplicateAnswer: 'send-again' });
    const all = await Promise.all(Array.from({ length: 20 }, () => started()));
    await Promise.all(
      all.flatMap(({ id, waId }, n) => [
        tell(failed(n % 2 === 0 ? { waId } : { messageId: id })),
        tell(flat(n % 3 === 0 ? { messageId: id, status: 'DELIVERED' } : { waId, status: 'READ' })),
        deliverTo(processOf(fleet, 'worker'), id),
      ]),
    );
    for (const { id } of all) await deliverTo(worker, id);
    await sweep(sweeper);
    const rung = await Promise.all(all.map(async ({ customer }) => (await sentTo(customer)).length));
    expect(rung).toEqual(all.map(() => 1));
    for (const { id } of all) await atRest(id);
    await fleet.lipachat.configure({ duplicateAnswer: 'same-receipt' });
  });

  it('a template message that FAILED for now was delivered: none follows, and the flow goes when they write', async () => {
    const customer = fleet.canaries.number();
    const template = { name: 'hello', languageCode: 'en' };
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'template', template };
    expect((await fleet.send(flow)).json.status).toBe('parked');
    const [asked] = await sentTo(customer, 'template');
    await tell(failed({ waId: asked?.waId }, 130429));
    await tell(flat({ messageId: asked?.messageId, status: 'DELIVERED' }));
    await tell(failed({ messageId: asked?.messageId }, 132001));
    await sweep(sweeper);
    await sweep(sweeper);
    expect(await sentTo(customer, 'template')).toHaveLength(1);
    expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await everyChance(flow.messageId);
    expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
  });
});

describe('with hold', () => {
  beforeAll(() => startWith({ AMBIGUOUS_OUTCOME: 'hold', GATEWAY_DEADLINE_MS: '1500' }));
  afterEach(() => fleet.lipachat.mend());
  afterAll(() => fleet.stop());

  it.each([130429, 131000, 131047, 131049, 132015])(
    'FAILED with %i of a flow that may wait, then READ',
    async (errorCode) => {
      const { customer, flow, first, id } = await started({ whenClosed: 'park' });
      await fleet.lipachat.report(id, 'FAILED', { errorCode, shape: 'whatsapp' });
      await fleet.lipachat.writeIn(customer, { to: fleet.business });
      await everyChance(id);
      expect((await fleet.message(id)).json.status).toBe('failed');
      await fleet.lipachat.report(id, 'READ', { useWaIdOnly: true });
      await everyChance(id);
      expect((await fleet.message(id)).json.status).toBe('read');
      expect(await sentTo(customer)).toHaveLength(1);
      expect(await fleet.send(flow)).toMatchObject({ status: 201, text: first.text });
      await atRest(id);
    },
  );

  it.each([130429, 131000])(
    'FAILED with %i of a template message, then DELIVERED: one template, and the flow',
    async (errorCode) => {
      const customer = fleet.canaries.number();
      const template = { name: 'hello', languageCode: 'en' };
      const flow = { ...fleet.flow({ to: customer }), whenClosed: 'template', template };
      expect((await fleet.send(flow)).json.status).toBe('parked');
      const [asked] = await sentTo(customer, 'template');
      await tell(failed({ messageId: asked?.messageId }, errorCode));
      await sweep(sweeper);
      await tell(flat({ waId: asked?.waId, status: 'DELIVERED' }));
      await sweep(sweeper);
      expect(await sentTo(customer, 'template')).toHaveLength(1);
      await fleet.lipachat.writeIn(customer, { to: fleet.business });
      await everyChance(flow.messageId);
      expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
      expect(await sentTo(customer)).toHaveLength(1);
    },
  );

  it('no answer to the flow, FAILED, the caller again and again, DELIVERED', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    await everyChance(flow.messageId);
    await tell(failed({ messageId: flow.messageId }));
    const answer = await fleet.send(flow);
    await everyChance(flow.messageId);
    await fleet.lipachat.report(flow.messageId, 'DELIVERED');
    await everyChance(flow.messageId);
    expect(await fleet.send(flow)).toMatchObject({ status: answer.status, text: answer.text });
    expect((await fleet.message(flow.messageId)).json.status).toBe('delivered');
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    await atRest(flow.messageId);
  });

  it('no answer to the template message: no other, also a day later; their message releases the flow', async () => {
    const customer = fleet.canaries.number();
    const template = { name: 'hello', languageCode: 'en' };
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'template', template };
    await fleet.lipachat.fail({ kind: 'accept-then-silence' });
    expect((await fleet.send(flow)).json.status).toBe('parked');
    await fleet.lipachat.mend();
    await sweep(sweeper);
    await sweep(sweeper);
    expect(await sentTo(customer, 'template')).toHaveLength(1);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    await everyChance(flow.messageId);
    expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
  });
});

describe('a campaign', () => {
  beforeAll(async () => {
    fleet = await startFleet({
      counts: { campaigns: 1, worker: 1, publisher: 1, campaignTick: 1 },
      settings: { GATEWAY_ATTEMPTS: '1' },
    });
    worker = await fleet.spawn('worker', clock({ ahead: HOUR_MS }));
    sweeper = await fleet.spawn('sweeper', clock({ ahead: HOUR_MS }));
  }, 60_000);
  afterAll(() => fleet.stop());

  it('a recipient whose flow FAILED and was READ rings once, and counts as sent', async () => {
    const campaigns = await campaignCallsOf(fleet);
    const pumps = [pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpStream(fleet)];
    const customers = [fleet.customer, await fleet.newCustomer()];
    const recipients = { inline: customers.map((to) => ({ to, name: 'Asha' })) };
    const campaignId = await ready(campaigns, { recipients, perMinute: 1_200 });
    await campaigns.start(campaignId);
    await campaigns.whenIs(campaignId, 'completed');
    for (const customer of customers) {
      const [rung] = await sentTo(customer);
      await tell(failed({ waId: rung?.waId }, 130429));
      await tell(flat({ messageId: rung?.messageId, status: 'READ' }));
      await everyChance(rung?.messageId ?? '');
      expect(await sentTo(customer)).toHaveLength(1);
      expect((await fleet.table.message(rung?.messageId ?? ''))?.['status']).toBe('read');
    }
    expect(progressOf((await campaigns.read(campaignId)).json)).toMatchObject({
      sent: 2,
      failed: 0,
      queued: 0,
    });
    await Promise.all(pumps.map((pump) => pump.close()));
  });
});
