/** Which flow a reply answers, when WhatsApp failed one of them or something in the reply contradicts the other. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import { deliverTo } from '../support/fleet/lanes.ts';
import type { Worker } from '../support/worker.ts';

let fleet: Fleet;
let late: Record<'sweeper' | 'worker', Worker>;

beforeAll(async () => {
  fleet = await startFleet({ counts: { webhook: 2 } });
  const ahead = clock({ ahead: 600_000 });
  const [sweeper, worker] = await Promise.all([fleet.spawn('sweeper', ahead), fleet.spawn('worker', ahead)]);
  late = { sweeper, worker };
});
afterAll(() => fleet.stop());

const RESPONSE = { service: 'Delivery' };
const sentTo = async (to: string, fields: object = {}) => {
  const flow = { ...fleet.flow({ to }), ...fields };
  expect((await fleet.send(flow)).status).toBe(201);
  return flow.messageId;
};
const read = async (messageId: string) => (await fleet.message(messageId)).json;
const waIdOf = async (messageId: string) => (await fleet.lipachat.deliveries(messageId))[0]?.waId ?? '';
const rawKept = async (word: string) =>
  (await fleet.table.items()).filter(({ pk, text }) => pk.startsWith('raw#') && String(text).includes(word));
const fillIn = async (customer: string, reply: { messageId: string } & Record<string, unknown>) => {
  const { webhook } = await fleet.lipachat.fillIn(customer, {
    response: RESPONSE,
    withContext: false,
    ...reply,
  });
  for (const { status } of webhook) expect(status).toBe(200);
};

/** What the worker and the sweeper would send by then. */
const laterOn = async (messageId: string) => {
  await sweep(late.sweeper);
  await deliverTo(late.worker, messageId);
};

describe('a reply that quotes a send which WhatsApp failed', () => {
  it.each([
    [131_000, 'queued'],
    [130_429, 'queued'],
    [131_026, 'failed'],
  ])(
    'is that flow’s, although another one is open, and the flow is not sent again: %i',
    async (code, status) => {
      const customer = await fleet.newCustomer();
      const [failed, open] = [await sentTo(customer), await sentTo(customer)];
      await fleet.lipachat.report(failed, 'FAILED', { errorCode: code });
      expect((await read(failed)).status).toBe(status);
      await fillIn(customer, { messageId: failed, withContext: true, repeat: 3, concurrent: true });
      expect(await read(failed)).toMatchObject({
        status: 'delivered',
        reply: { response: RESPONSE, matchedBy: 'context' },
        waId: await waIdOf(failed),
      });
      expect(await read(open)).not.toHaveProperty('reply');
      await laterOn(failed);
      const flows = (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
      expect(flows.map(({ messageId }) => messageId)).toEqual([failed, open]);
    },
  );

  it('is that flow’s after its resend, too', async () => {
    const customer = await fleet.newCustomer();
    const flow = await sentTo(customer);
    const first = await waIdOf(flow);
    await fleet.lipachat.report(flow, 'FAILED', { errorCode: 131_000 });
    await laterOn(flow);
    const open = await sentTo(customer);
    expect((await read(flow)).status).toBe('sent');
    await fillIn(customer, { messageId: flow, raw: { context: { id: first } } });
    expect(await read(flow)).toMatchObject({ status: 'delivered', reply: { matchedBy: 'context' } });
    expect(await read(open)).not.toHaveProperty('reply');
  });

  it('is that flow’s while it is parked again', async () => {
    const customer = await fleet.newCustomer();
    const flow = await sentTo(customer, { whenClosed: 'park' });
    await fleet.lipachat.report(flow, 'FAILED', { errorCode: 131_047 });
    expect((await read(flow)).status).toBe('parked');
    await fillIn(customer, { messageId: flow, withContext: true });
    expect(await read(flow)).toMatchObject({ status: 'delivered', reply: { matchedBy: 'context' } });
    await laterOn(flow);
    expect((await fleet.lipachat.deliveries()).filter(({ to }) => to === customer)).toHaveLength(1);
  });
});

describe('a reply that the only open flow cannot have led to', () => {
  it.each<[string, object]>([
    ['an address', { formName: 'address_message' }],
    ['an address, at the top level', { formName: 'address_message', shape: 'top-level-NFM_REPLY' }],
    ['an address in WhatsApp’s envelope', { formName: 'address_message', shape: 'whatsapp' }],
    ['a payment', { formName: 'payment_info' }],
    ['an order review', { formName: 'review_and_pay' }],
    ['the quote of another message', { raw: { context: { id: 'wamid.SOMEONEELSES' } } }],
    [
      'the quote of another message, in WhatsApp’s envelope',
      { shape: 'whatsapp', raw: { context: { id: 'wamid.ELSE' } } },
    ],
  ])('is kept raw, and opens the window: %s', async (what, reply) => {
    const customer = await fleet.newCustomer();
    const flow = await sentTo(customer);
    await fillIn(customer, { messageId: flow, response: { about: what }, ...reply });
    expect(await read(flow)).toMatchObject({ status: 'sent' });
    expect(await read(flow)).not.toHaveProperty('reply');
    expect(await rawKept(`"about":"${what}"`)).toHaveLength(1);
  });

  it('is kept raw when it quotes the template message of a flow', async () => {
    const customer = fleet.canaries.number();
    const template = { name: 'hello', languageCode: 'en' };
    const parked = { ...fleet.flow({ to: customer }), whenClosed: 'template', template };
    expect((await fleet.send(parked)).json.status).toBe('parked');
    const [invitation] = (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer);
    await fleet.lipachat.writeIn(customer, { to: fleet.business });
    const open = await sentTo(customer);
    await fillIn(customer, { messageId: open, raw: { context: { id: invitation?.waId } } });
    expect(await read(open)).not.toHaveProperty('reply');
    expect(await read(parked.messageId)).not.toHaveProperty('reply');
  });
});

describe('a reply that names its send in another way', () => {
  it.each<[string, (messageId: string) => Promise<object>]>([
    ['by the messageId', async (id) => ({ id })],
    ['by WhatsApp’s id under another key', async (id) => ({ messageId: await waIdOf(id) })],
    ['by the messageId under another key', async (messageId) => ({ messageId })],
  ])('is matched %s', async (_, context) => {
    const customer = await fleet.newCustomer();
    const [first, second] = [await sentTo(customer), await sentTo(customer)];
    await fillIn(customer, { messageId: first, raw: { context: await context(first) } });
    expect(await read(first)).toMatchObject({ reply: { matchedBy: 'context' } });
    expect(await read(second)).not.toHaveProperty('reply');
  });

  it('is matched to the only open flow by an unknown name of the form, and without any quote', async () => {
    const customer = await fleet.newCustomer();
    const flow = await sentTo(customer);
    await fillIn(customer, { messageId: flow, formName: 'Galaxy_Message' });
    expect(await read(flow)).toMatchObject({ status: 'delivered', reply: { matchedBy: 'only-open-flow' } });
  });
});
