import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import {
  eventsOf,
  firsts,
  isReleased,
  pumpQueue,
  pumpStream,
  QUICK_QUEUES,
  tracesOf,
  whenStatus,
  workOn,
} from '../support/fleet/lanes.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let stream: StreamPump;
let admin: string;

beforeAll(async () => {
  // No pump before the worker: what is queued stays so until a test says otherwise.
  fleet = await startFleet({ counts: { worker: 1, contacts: 2, publisher: 1 }, queues: QUICK_QUEUES });
  stream = pumpStream(fleet);
  admin = await fleet.newClient(['admin']);
});
afterAll(async () => {
  await stream.close();
  await fleet.stop();
});

const PARK = { whenClosed: 'park' };
const OPTED_OUT = { status: 422, json: { code: 'recipient-opted-out' } };

const say = (customer: string, text: string, more: object = {}) =>
  fleet.lipachat.writeIn(customer, { to: fleet.business, text, ...more });
const session = async (customer: string) =>
  (await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`)).json;
const sendTo = (to: string, fields: object = {}) => fleet.send({ ...fleet.flow({ to }), ...fields });
const optOut = (customer: string, method = 'PUT', token = fleet.token) =>
  fleet.call(method, `/v1/opt-outs/${fleet.business}/${customer}`, { token });
const erase = (customer: string, token = admin) =>
  fleet.call('DELETE', `/v1/contacts/${fleet.business}/${customer}`, { token });
const statusOfMessage = async (id: string) => (await fleet.message(id)).json.status;

describe('a customer’s word', () => {
  it.each(['STOP', 'stop.', 'Acha', ' Unsubscribe! ', 'simama', 'TOKA', '"Stop"'])(
    '%s is an opt-out: nothing is sent, and the messageId is not burnt',
    async (word) => {
      const customer = fleet.canaries.number();
      await say(customer, word, { repeat: 3, concurrent: true });
      expect(await session(customer)).toMatchObject({ open: true, optedOut: true });
      const flow = fleet.flow({ to: customer });
      expect(await fleet.send(flow)).toMatchObject(OPTED_OUT);
      expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();
      await say(customer, 'START');
      expect(await session(customer)).toMatchObject({ optedOut: false });
      expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    },
  );

  it.each(['please don’t stop', "please don't stop", 'stop it', 'nonstop', 'Don’t', '🛑'])(
    '%s is none',
    async (text) => {
      const customer = fleet.canaries.number();
      await say(customer, text);
      expect(await session(customer)).toMatchObject({ open: true, optedOut: false });
      expect((await sendTo(customer)).status).toBe(201);
    },
  );

  it.each(['flat', 'array', 'messages', 'whatsapp'])('counts in the shape %s', async (shape) => {
    const customer = fleet.canaries.number();
    await say(customer, 'Stop', { shape });
    expect(await session(customer)).toMatchObject({ optedOut: true });
  });

  it('is heard in the order of its writing: a START that was written before the STOP and comes late changes nothing', async () => {
    const customer = fleet.canaries.number();
    const now = Math.floor(Date.now() / 1000);
    await say(customer, 'STOP', { timestamp: now - 5 });
    await say(customer, 'START', { timestamp: now - 60 });
    expect(await session(customer)).toMatchObject({ optedOut: true });
  });

  it('is of one business number alone', async () => {
    const customer = fleet.canaries.number();
    const other = fleet.canaries.number();
    await say(customer, 'STOP');
    await fleet.lipachat.writeIn(customer, { to: other, text: 'hello' });
    expect((await sendTo(customer, { from: other })).status).toBe(201);
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
  });

  it('cancels what is parked, and is told on the bus', async () => {
    const customer = fleet.canaries.number();
    const flows = [1, 2].map(() => ({ ...fleet.flow({ to: customer }), ...PARK }));
    for (const flow of flows) expect((await fleet.send(flow)).json.status).toBe('parked');
    await say(customer, 'STOP', { repeat: 3, concurrent: true });
    for (const { messageId } of flows) {
      expect((await fleet.message(messageId)).json).toMatchObject({ status: 'failed' });
    }
    expect(await session(customer)).toMatchObject({ open: true, optedOut: true, parked: 0 });
    for (const flow of flows) {
      expect(await fleet.send(flow)).toMatchObject(OPTED_OUT);
      await workOn(fleet, flow.messageId);
      expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    }
    await say(customer, 'START');
    await stream.caughtUp();
    const words = firsts(await eventsOf(fleet)).filter(
      ({ type, detail }) => type.startsWith('contact.') && detail['to'] === customer,
    );
    expect(words.map(({ type }) => type)).toEqual(['contact.opted-out', 'contact.opted-in']);
  });
});

describe('an opt-out between queueing and sending', () => {
  it('of a message that was queued at once: not sent, failed', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    expect((await fleet.send(flow, { headers: { Prefer: 'respond-async' } })).json.status).toBe('queued');
    await say(customer, 'STOP');
    await workOn(fleet, flow.messageId);
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect(await statusOfMessage(flow.messageId)).toBe('failed');
    expect(await fleet.send(flow)).toMatchObject(OPTED_OUT);
  });

  it('of a parked flow that was released: not sent, failed', async () => {
    const customer = fleet.canaries.number();
    const flow = { ...fleet.flow({ to: customer }), ...PARK };
    await fleet.send(flow);
    expect(await isReleased(fleet, flow.messageId)).toBe(false);
    await say(customer, 'hello');
    expect(await isReleased(fleet, flow.messageId)).toBe(true);
    expect((await optOut(customer)).status).toBe(204);
    await workOn(fleet, flow.messageId);
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect(await statusOfMessage(flow.messageId)).toBe('failed');
  });

  it('before the sweeper’s look at a template that could not go out: no template, failed', async () => {
    const customer = fleet.canaries.number();
    const template = { name: 'hello', languageCode: 'en' };
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'template', template };
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 60 }, { times: 1 });
    expect((await fleet.send(flow)).json.status).toBe('parked');
    await fleet.lipachat.mend();
    await optOut(customer);
    const sweeper = await fleet.spawn('sweeper', clock({ ahead: 80_000 }));
    await sweep(sweeper);
    expect(await statusOfMessage(flow.messageId)).toBe('failed');
    expect((await fleet.lipachat.deliveries()).filter(({ to }) => to === customer)).toEqual([]);
  });
});

describe('the routes of an opt-out', () => {
  it('are idempotent, in any spelling of the number', async () => {
    const customer = await fleet.newCustomer();
    for (let n = 0; n < 3; n += 1) expect((await optOut(customer)).status).toBe(204);
    expect((await optOut(encodeURIComponent(`+${customer}`))).status).toBe(204);
    expect(await session(customer)).toMatchObject({ open: true, optedOut: true });
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
    for (let n = 0; n < 3; n += 1) expect((await optOut(customer, 'DELETE')).status).toBe(204);
    expect((await sendTo(customer)).status).toBe(201);
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['to'] === customer);
    expect(told.filter(({ type }) => type.startsWith('contact.')).map(({ type }) => type)).toEqual([
      'contact.opted-out',
      'contact.opted-in',
    ]);
  });

  it('show the client that did it, until the customer says something else', async () => {
    const customer = await fleet.newCustomer();
    expect(await session(customer)).toEqual(expect.not.objectContaining({ consent: expect.anything() }));
    expect(await session(customer)).toMatchObject({ optedOut: false });
    for (const [method, optedOut] of [
      ['PUT', true],
      ['DELETE', false],
    ] as const) {
      await optOut(customer, method);
      const shown = await session(customer);
      expect(shown).toMatchObject({ optedOut, consent: { by: 'fleet' } });
      expect(new Date(String(Object(shown['consent']).at)).getTime()).toBeGreaterThan(Date.now() - 100_000);
    }
    // WhatsApp's time has whole seconds: in the same one, the later arrival wins.
    await say(customer, 'STOP', { timestamp: Math.ceil(Date.now() / 1000) });
    expect(await session(customer)).toEqual(expect.not.objectContaining({ consent: expect.anything() }));
    expect(await session(customer)).toMatchObject({ optedOut: true });
  });

  it('take a pair that was never seen', async () => {
    const customer = fleet.canaries.number();
    expect((await optOut(customer, 'DELETE')).status).toBe(204);
    expect((await optOut(customer)).status).toBe(204);
    await say(customer, 'hello');
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
  });

  it('need the scopes send and consent, and the erasure admin', async () => {
    const customer = fleet.canaries.number();
    const reader = await fleet.newClient(['read']);
    await optOut(customer);
    for (const [method, others] of [
      ['PUT', ['consent', 'read', 'campaigns', 'admin']],
      // A client that sends may not take a customer's STOP back.
      ['DELETE', ['send', 'read', 'campaigns', 'admin']],
    ] as const) {
      expect((await optOut(customer, method, reader)).status).toBe(403);
      expect((await optOut(customer, method, await fleet.newClient([...others]))).status).toBe(403);
      const none = await fleet.call(method, `/v1/opt-outs/${fleet.business}/${customer}`, { token: null });
      expect(none.status).toBe(401);
    }
    expect(await session(customer)).toMatchObject({ optedOut: true });
    expect((await erase(customer, fleet.token)).status).toBe(403);
    expect((await optOut('12ab')).status).toBe(400);
  });
});

/** A person of whom there is something of every kind. */
const knownPerson = async (): Promise<string> => {
  const customer = await fleet.newCustomer();
  const sent = fleet.flow({ to: customer });
  expect((await fleet.send(sent)).status).toBe(201);
  await fleet.lipachat.report(sent.messageId, 'DELIVERED');
  await fleet.lipachat.fillIn(customer, { messageId: sent.messageId, response: { phone: `+${customer}` } });
  const queued = fleet.flow({ to: customer });
  await fleet.send(queued, { headers: { Prefer: 'respond-async' } });
  const blanks = customer.replace(/(...)/g, '$1 ').trim();
  for (const spelling of [customer, `+${customer}`, `+${blanks}`, blanks.replaceAll(' ', '-')]) {
    await fleet.lipachat.callBack({ type: 'HOLOGRAM', from: spelling, to: fleet.business, note: spelling });
  }
  await say(customer, 'STOP');
  const parked = { ...fleet.flow({ to: customer }), ...PARK };
  expect(await fleet.send(parked)).toMatchObject(OPTED_OUT);
  return customer;
};

describe('erasure', () => {
  it('leaves no trace of the number in any spelling, is idempotent, and the opt-out stays in force', async () => {
    const customer = await knownPerson();
    expect(await tracesOf(fleet, customer)).not.toEqual([]);
    for (let n = 0; n < 3; n += 1) {
      expect((await erase(customer)).status).toBe(204);
      expect(await tracesOf(fleet, customer)).toEqual([]);
    }
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
    expect(await sendTo(customer, PARK)).toMatchObject(OPTED_OUT);
    expect(await tracesOf(fleet, customer)).toEqual([]);
    await say(customer, 'hello again');
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
    expect((await erase(customer)).status).toBe(204);
    expect(await tracesOf(fleet, customer)).toEqual([]);
    expect(await sendTo(customer)).toMatchObject(OPTED_OUT);
    await say(customer, 'START');
    expect((await sendTo(customer)).status).toBe(201);
  });

  it('shows the opt-out that outlived it', async () => {
    const customer = fleet.canaries.number();
    await say(customer, 'STOP');
    await erase(customer);
    expect(await session(customer)).toMatchObject({ open: false, optedOut: true });
  });

  it('takes what is parked with it, and a later reply releases nothing', async () => {
    const customer = fleet.canaries.number();
    const flow = { ...fleet.flow({ to: customer }), ...PARK };
    await fleet.send(flow);
    expect((await erase(customer)).status).toBe(204);
    expect(await tracesOf(fleet, customer)).toEqual([]);
    await say(customer, 'hello');
    await workOn(fleet, flow.messageId);
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect((await fleet.message(flow.messageId)).status).toBe(404);
  });

  it.each(['\u2010', '\u2011', '\u2013'])(
    'finds a raw callback in which the number is written with the dash %j',
    async (dash) => {
      const customer = fleet.canaries.number();
      const note = customer.replace(/(...)/g, `$1${dash}`);
      await fleet.lipachat.callBack({ type: 'HOLOGRAM', note });
      await erase(customer);
      expect(await tracesOf(fleet, customer)).toEqual([]);
    },
  );

  it('is not undone by a status that comes after it: WhatsApp’s id holds the number in base64', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    await fleet.send(flow);
    await erase(customer);
    for (const shape of ['flat', 'whatsapp']) {
      await fleet.lipachat.report(flow.messageId, 'DELIVERED', { shape });
    }
    await erase(customer);
    expect(await tracesOf(fleet, customer)).toEqual([]);
  });

  it('leaves everybody else alone', async () => {
    const [gone, other] = [await fleet.newCustomer(), await fleet.newCustomer()];
    const flow = fleet.flow({ to: other });
    await fleet.send(flow);
    await erase(gone);
    expect((await fleet.message(flow.messageId)).json.status).toBe('sent');
    expect(await session(other)).toMatchObject({ open: true });
  });
});

describe('what a worker finds in the queue', () => {
  it('is sent for somebody who has not opted out', async () => {
    const pump = pumpQueue(fleet);
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    await fleet.send(flow, { headers: { Prefer: 'respond-async' } });
    await whenStatus(fleet, flow.messageId, 'sent');
    await pump.close();
  });
});
