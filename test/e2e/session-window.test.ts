import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';

const HOUR_S = 3_600;
const DAY_S = 24 * HOUR_S;
const MARGIN_S = 60;
/** The wall clock of all functions here: it stands still, so that a second is a second. */
const NOW_S = Math.floor(Date.now() / 1000);

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ settings: clock({ frozen: NOW_S * 1000 }) });
});
afterAll(() => fleet.stop());

const writeIn = async (customer: string, ageS: number, more: object = {}): Promise<void> => {
  const message = { to: fleet.business, timestamp: NOW_S - ageS, ...more };
  const { webhook } = await fleet.lipachat.writeIn(customer, message);
  expect(webhook.every(({ status }) => status === 200)).toBe(true);
};

const session = async (customer: string, business = fleet.business) =>
  (await fleet.call('GET', `/v1/sessions/${business}/${customer}`)).json;

const sendTo = (to: string, fields: object = {}) => fleet.send(fleet.flow({ to, ...fields }));

const iso = (epochS: number): string => new Date(epochS * 1000).toISOString();

describe('the window of a customer who wrote in', () => {
  it.each([
    ['a moment ago', 0],
    ['a margin and a second less than 24 hours ago', DAY_S - MARGIN_S - 1],
  ])('is open: %s', async (_when, ageS) => {
    const customer = fleet.canaries.number();
    await writeIn(customer, ageS);
    expect(await session(customer)).toEqual({
      from: fleet.business,
      to: customer,
      open: true,
      openedAt: iso(NOW_S - ageS),
      lastInboundAt: iso(NOW_S - ageS),
      expiresAt: iso(NOW_S - ageS + DAY_S),
      optedOut: false,
      parked: 0,
    });
    expect(await sendTo(customer)).toMatchObject({
      status: 201,
      json: { session: { open: true, expiresAt: iso(NOW_S - ageS + DAY_S) } },
    });
  });

  it.each([
    ['exactly 24 hours ago', DAY_S],
    ['within the margin of 24 hours', DAY_S - MARGIN_S],
    ['25 hours ago', DAY_S + HOUR_S],
  ])('is shut: %s', async (_when, ageS) => {
    const customer = fleet.canaries.number();
    await writeIn(customer, ageS);
    expect(await session(customer)).toMatchObject({ open: false });
    const flow = fleet.flow({ to: customer });
    expect(await fleet.send(flow)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
  });

  it('is of that business number alone', async () => {
    const customer = fleet.canaries.number();
    const other = fleet.canaries.number();
    await writeIn(customer, 10);
    expect(await session(customer, other)).toEqual({
      from: other,
      to: customer,
      open: false,
      openedAt: null,
      expiresAt: null,
      lastInboundAt: null,
      optedOut: false,
      parked: 0,
    });
    expect(await sendTo(customer, { from: other })).toMatchObject({ status: 409 });
    expect(await sendTo(customer)).toMatchObject({ status: 201 });
  });

  it('opens again for the same messageId after it was refused: the id is not burnt', async () => {
    const customer = fleet.canaries.number();
    await writeIn(customer, DAY_S);
    const flow = fleet.flow({ to: customer });
    expect((await fleet.send(flow)).status).toBe(409);
    await writeIn(customer, 5);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent' } });
  });
});

describe('an inbound message that is not news', () => {
  const stored = (customer: string) => fleet.table.session(fleet.business, customer);

  it('changes nothing the second time', async () => {
    const customer = fleet.canaries.number();
    const messageId = `wamid.${customer}`;
    await writeIn(customer, 3 * HOUR_S, { messageId });
    const before = await stored(customer);
    await writeIn(customer, 3 * HOUR_S, { messageId, repeat: 3 });
    expect(await stored(customer)).toEqual(before);
  });

  it('does not prolong the window when it is told again later, without a time of its own', async () => {
    const customer = fleet.canaries.number();
    const message = { messageId: `wamid.${customer}`, from: customer, to: fleet.business, type: 'TEXT' };
    await fleet.lipachat.callBack({ ...message, text: 'hi' });
    const before = await stored(customer);
    const later = await fleet.spawn('webhook', clock({ frozen: (NOW_S + 5 * HOUR_S) * 1000 }));
    const [now] = fleet.workers['webhook'] ?? [];
    if (!now) throw new Error('no worker');
    fleet.workers['webhook']?.splice(0, 1, later);
    await fleet.lipachat.callBack({ ...message, text: 'hi' });
    fleet.workers['webhook']?.splice(0, 1, now);
    expect(await stored(customer)).toEqual(before);
  });

  it('changes nothing when it is older than what is known', async () => {
    const customer = fleet.canaries.number();
    await writeIn(customer, HOUR_S);
    const before = await stored(customer);
    await writeIn(customer, 2 * HOUR_S);
    expect(await stored(customer)).toEqual(before);
    await writeIn(customer, 60);
    expect(await session(customer)).toMatchObject({
      openedAt: iso(NOW_S - HOUR_S),
      lastInboundAt: iso(NOW_S - 60),
      expiresAt: iso(NOW_S - 60 + DAY_S),
    });
  });

  it('changes nothing when it is stamped 25 hours ago, whether there is a window or not', async () => {
    const known = fleet.canaries.number();
    await writeIn(known, HOUR_S);
    const before = await stored(known);
    await writeIn(known, DAY_S + HOUR_S);
    expect(await stored(known)).toEqual(before);
    const unknown = fleet.canaries.number();
    await writeIn(unknown, DAY_S + HOUR_S);
    expect(await stored(unknown)).toBeUndefined();
  });
});

describe('what opens a window', () => {
  it.each(['flat', 'array', 'messages', 'text', 'whatsapp', 'entry', 'change', 'value'])(
    'a message in the shape %s does',
    async (shape) => {
      const customer = fleet.canaries.number();
      await writeIn(customer, 30, { shape });
      expect(await session(customer)).toMatchObject({ open: true, lastInboundAt: iso(NOW_S - 30) });
    },
  );

  it.each(['IMAGE', 'INTERACTIVE', 'LOCATION', 'contacts', 'HOLOGRAM'])(
    'a message of type %s does',
    async (type) => {
      const customer = fleet.canaries.number();
      await writeIn(customer, 30, { type });
      expect(await session(customer)).toMatchObject({ open: true });
    },
  );

  it.each<[string, (customer: string) => object]>([
    [
      'a status callback',
      (to) => ({
        event: 'MESSAGE_STATUS',
        messageStatus: { waId: 'wamid.X', status: 'DELIVERED', to, from: fleet.business },
      }),
    ],
    [
      'a template callback',
      (to) => ({
        event: 'TEMPLATE_STATUS',
        templateStatus: { status: 'APPROVED', templateId: '7', templateName: 'hello', to },
      }),
    ],
    ['a system event', (from) => ({ messageId: 'a', from, to: fleet.business, type: 'system' })],
    ['an unsupported event', (from) => ({ messageId: 'b', from, to: fleet.business, type: 'unsupported' })],
    ['a reaction', (from) => ({ messageId: 'c', from, to: fleet.business, type: 'reaction' })],
    ['an event unheard of', (from) => ({ event: 'HOLOGRAM', messageId: 'd', from, to: fleet.business })],
  ])('%s does not', async (_what, body) => {
    const customer = fleet.canaries.number();
    const { webhook } = await fleet.lipachat.callBack(body(customer));
    expect(webhook).toMatchObject([{ status: 200 }]);
    expect(await session(customer)).toMatchObject({ open: false, lastInboundAt: null });
    expect(await sendTo(customer)).toMatchObject({ status: 409, json: { code: 'session-closed' } });
  });
});
