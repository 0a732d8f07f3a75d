/** The given cases of callbacks, with their right effect, over the built bundles. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { answerOfHttp } from '../support/fleet/answer.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { sharedCase, sharedWebhooks } from '../support/shared.ts';

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

/** The other business number of case 64. */
const OTHER_BUSINESS = '254110090748';
const CODE_OF_CLOSED = 131_047;

interface Told {
  readonly customer: string;
  /** The send that a status or a reply is about. */
  readonly send?: { readonly messageId: string; readonly waId: string };
  /** In place of the given time, which is as old as the case. */
  readonly at?: Date;
  readonly timestamp?: unknown;
}

/** The body of a case about this customer and send, of now, with ids of its own. */
function bodyOf(
  number: string,
  { customer, send, at = new Date(), timestamp }: Told,
): Record<string, unknown> {
  const text = JSON.stringify(sharedCase(number))
    .replaceAll('254700000001', customer)
    .replaceAll('254110090747', fleet.business)
    .replaceAll('1795775000', String(Math.floor(at.getTime() / 1_000)))
    .replaceAll(/wamid\.IN/g, `wamid.${customer}-`)
    .replaceAll('"in-1"', `"in-${customer}"`)
    .replaceAll('48151623', customer)
    .replaceAll('KE.777', `KE.${customer}`)
    .replaceAll('<waId of the send>', send?.waId ?? '')
    .replaceAll('<messageId of the send>', send?.messageId ?? '');
  const body = JSON.parse(text) as Record<string, unknown>;
  return timestamp === undefined ? body : { ...body, timestamp };
}

const post = async (body: unknown) =>
  answerOfHttp(
    await fetch(`${fleet.url}/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  );

const tell = async (number: string, told: Told): Promise<void> => {
  const { webhook } = await fleet.lipachat.callBack(bodyOf(number, told));
  expect(webhook.map(({ status }) => status)).toEqual([200]);
};
const session = async (customer: string, business = fleet.business) =>
  (await fleet.call('GET', `/v1/sessions/${business}/${customer}`)).json;
const read = async (messageId: string) => (await fleet.message(messageId)).json;
const sentTo = async (customer: string) => {
  const flow = fleet.flow({ to: customer });
  expect((await fleet.send(flow)).status).toBe(201);
  const [delivery] = await fleet.lipachat.deliveries(flow.messageId);
  return { messageId: flow.messageId, waId: delivery?.waId ?? '' };
};
const rawKept = async (word: string) =>
  (await fleet.table.items()).filter(({ pk, text }) => pk.startsWith('raw#') && String(text).includes(word));

/** A local time as Jackson writes it, in Nairobi. */
const jackson = (at: Date): number[] => {
  const local = new Date(at.getTime() + 3 * 3_600_000);
  const date = [local.getUTCFullYear(), local.getUTCMonth() + 1, local.getUTCDate()];
  return [...date, local.getUTCHours(), local.getUTCMinutes(), local.getUTCSeconds(), 625_016_916];
};
const daysAgo = (days: number) => new Date(Date.now() - days * 86_400_000);

describe('an inbound message', () => {
  it.each<[string, string, object]>([
    ['03', 'with a number for an id', { open: true, optedOut: false }],
    ['05', 'with an empty list for a context', { open: true, optedOut: false }],
    ['09', 'in a value alone', { open: true, optedOut: false }],
    ['14', 'that is STOP on a button', { open: true, optedOut: true }],
    ['46', 'that is Meta’s wording of STOP', { open: true, optedOut: true }],
    ['13', 'in a group', { open: false }],
    ['16', 'that is none, but stop in the settings', { open: false, optedOut: true }],
  ])('%s: %s', async (number, _, expected) => {
    const customer = fleet.canaries.number();
    await tell(number, { customer });
    expect(await session(customer)).toMatchObject(expected);
  });

  it('01: with a time as a list opens the window of the arrival, and is a STOP', async () => {
    const customer = fleet.canaries.number();
    await tell('01', { customer, timestamp: jackson(new Date()) });
    expect(await session(customer)).toMatchObject({ open: true, optedOut: true });
  });

  it.each<[string, (at: Date) => unknown]>([
    ['ISO 8601', (at) => at.toISOString()],
    [
      'ISO 8601 with a zone',
      (at) => `${new Date(at.getTime() + 10_800_000).toISOString().slice(0, 19)}+03:00`,
    ],
    ['ISO 8601 without a zone', (at) => at.toISOString().slice(0, 19)],
    ['Jackson', jackson],
    ['a day', (at) => at.toISOString().slice(0, 10)],
    ['RFC 1123', (at) => at.toUTCString()],
    ['seconds as text', (at) => String(Math.floor(at.getTime() / 1_000))],
    ['microseconds', (at) => at.getTime() * 1_000],
  ])('07: three days old opens nothing: %s', async (_, write) => {
    const customer = fleet.canaries.number();
    await tell('07', { customer, timestamp: write(daysAgo(3)) });
    expect(await session(customer)).toMatchObject({ open: false });
  });

  it('11: of a person without a number is their STOP', async () => {
    const customer = fleet.canaries.number();
    await tell('11', { customer });
    expect(await session(`KE.${customer}`)).toMatchObject({ open: true, optedOut: true });
  });

  it('62: in a mixed batch is received with all others, and each counts', async () => {
    const customer = fleet.canaries.number();
    const body = bodyOf('62', { customer });
    expect((await post(body)).json).toEqual({ received: 5 });
    await fleet.lipachat.callBack(body);
    expect(await session(customer)).toMatchObject({ open: true, optedOut: true });
    expect(await rawKept('"bad":true')).toHaveLength(1);
  });

  it('64: to two numbers opts out of the second only', async () => {
    const customer = fleet.canaries.number();
    await tell('64', { customer });
    expect(await session(customer)).toMatchObject({ open: true, optedOut: false });
    expect(await session(customer, OTHER_BUSINESS)).toMatchObject({ open: true, optedOut: true });
  });
});

describe('a status', () => {
  it.each<[string, string, object]>([
    ['10', 'at the top', { status: 'delivered' }],
    ['26', 'with a description as an object', { status: 'failed' }],
    ['29', 'UNDELIVERED', { status: 'failed' }],
    ['65', 'with its price', { status: 'delivered' }],
  ])('%s: %s', async (number, _, expected) => {
    const customer = await fleet.newCustomer();
    const send = await sentTo(customer);
    await tell(number, { customer, send });
    expect(await read(send.messageId)).toMatchObject(expected);
  });

  it.each([
    ['22', 'with errors as an object'],
    ['24', 'with a list of errors, flat'],
    ['26', 'with a description as an object'],
    ['27', 'with words that stand for the code'],
  ])(`%s: %s shuts the window, as ${CODE_OF_CLOSED} does`, async (number) => {
    const customer = await fleet.newCustomer();
    const send = await sentTo(customer);
    await tell(number, { customer, send });
    expect((await read(send.messageId)).status).toBe('failed');
    expect(await session(customer)).toMatchObject({ open: false });
  });
});

describe('a flow reply', () => {
  it('18: that is an address leaves the only open flow unanswered, and opens the window', async () => {
    const customer = await fleet.newCustomer();
    const send = await sentTo(customer);
    await tell('18', { customer });
    expect(await read(send.messageId)).not.toHaveProperty('reply');
    expect(await session(customer)).toMatchObject({ open: true });
  });

  it('20: encoded twice is matched by its token, although two flows are open', async () => {
    const customer = await fleet.newCustomer();
    const [first, second] = [await sentTo(customer), await sentTo(customer)];
    await tell('20', { customer, send: first });
    expect(await read(first.messageId)).toMatchObject({ reply: { matchedBy: 'token', response: { x: 1 } } });
    expect(await read(second.messageId)).not.toHaveProperty('reply');
  });

  it('21: with interactive as text is the reply', async () => {
    const customer = await fleet.newCustomer();
    const send = await sentTo(customer);
    await tell('21', { customer });
    expect(await read(send.messageId)).toMatchObject({ reply: { response: { a: 1 } } });
  });
});

describe('WhatsApp’s own webhooks', () => {
  it('are received, and none is kept raw as new', async () => {
    const before = new Set((await rawKept('')).map(({ pk }) => pk));
    for (const [, body] of sharedWebhooks()) {
      const { webhook } = await fleet.lipachat.callBack(body);
      expect(webhook.map(({ status }) => status)).toEqual([200]);
    }
    // Flow replies that answer no flow of ours are kept.
    const kept = (await rawKept('')).filter(({ pk }) => !before.has(pk));
    expect(kept.filter(({ text }) => !String(text).includes('"reply"'))).toEqual([]);
  });
});
