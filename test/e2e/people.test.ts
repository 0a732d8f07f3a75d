import { randomInt } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let admin: string;

beforeAll(async () => {
  fleet = await startFleet({ counts: { webhook: 2, callbacks: 2, contacts: 2, sendFlow: 1 } });
  admin = await fleet.newClient(['admin']);
});
afterAll(() => fleet.stop());

const newId = () => `KE.${randomInt(1e12, 1e13)}`;
const path = (kind: string, customer: string) =>
  `/v1/${kind}/${fleet.business}/${encodeURIComponent(customer)}`;
const session = async (customer: string) => (await fleet.call('GET', path('sessions', customer))).json;
const optOut = (customer: string, method = 'PUT') => fleet.call(method, path('opt-outs', customer));
const erase = (customer: string) => fleet.call('DELETE', path('contacts', customer), { token: admin });
const sendTo = (to: string, fields: object = {}) => fleet.send({ ...fleet.flow(), to, ...fields });

/** The keys of all items that contain one of the texts. */
const traces = async (...texts: string[]) =>
  (await fleet.table.items())
    .filter((item) => texts.some((text) => JSON.stringify(item).includes(text)))
    .map(({ pk }) => pk.split('#')[0]);

interface Named {
  readonly number?: string;
  readonly id?: string;
}
let messages = 0;

/** In WhatsApp's envelope, as Meta's documentation of user ids has it. */
const says = ({ number, id }: Named, text: string) => {
  messages += 1;
  const contacts = [{ profile: { name: 'A' }, wa_id: number, user_id: id }];
  const message = { from: number, from_user_id: id, id: `wamid.people-${messages}`, type: 'text' };
  const timestamp = String(Math.floor(Date.now() / 1000));
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: fleet.business, phone_number_id: '1' },
    contacts,
    messages: [{ ...message, timestamp, text: { body: text } }],
  };
  const entry = [{ id: '1', changes: [{ field: 'messages', value }] }];
  return fleet.lipachat.callBack({ object: 'whatsapp_business_account', entry });
};

describe('a person seen by number, then by id, then by both', () => {
  it('has one session, one opt-out, and one erasure that leaves nothing', async () => {
    const [number, id] = [fleet.canaries.number(), newId()];
    await fleet.lipachat.writeIn(number, { to: fleet.business });
    await says({ id }, 'hello');
    expect(await session(id)).toMatchObject({ to: id, open: true, optedOut: false });
    await says({ number, id }, 'hello');
    expect((await traces(number, id)).sort()).toEqual(['person', 'session']);
    expect({ ...(await session(id)), to: number }).toEqual(await session(number));

    await says({ id }, 'STOP');
    for (const one of [number, id]) expect(await session(one)).toMatchObject({ optedOut: true });
    expect((await sendTo(number)).json.code).toBe('recipient-opted-out');
    expect((await optOut(id, 'DELETE')).status).toBe(204);
    expect((await sendTo(number)).status).toBe(201);
    expect((await optOut(id)).status).toBe(204);

    await fleet.lipachat.callBack({ type: 'HOLOGRAM', user_id: id });
    expect((await erase(id)).status).toBe(204);
    expect(await traces(number, id)).toEqual([]);
    for (const one of [number, id]) expect(await session(one)).toMatchObject({ open: false, optedOut: true });
    expect((await erase(number)).status).toBe(204);
    expect(await traces(number, id)).toEqual([]);
  });

  it.each([
    ['number', (number: string) => number],
    ['user id', (_: string, id: string) => id],
  ])('keeps a STOP that was said under the id before, and is erased by %s', async (_, name) => {
    const [number, id] = [fleet.canaries.number(), newId()];
    await says({ id }, 'STOP');
    await says({ number }, 'START');
    await says({ number, id }, 'hello');
    expect((await sendTo(number)).json.code).toBe('recipient-opted-out');
    expect((await erase(name(number, id))).status).toBe(204);
    expect(await traces(number, id)).toEqual([]);
  });

  it('cannot be sent to by id unless the stage allows it', async () => {
    const id = newId();
    await says({ id }, 'hello');
    const flow = { ...fleet.flow(), to: id };
    const { status, json } = await fleet.send(flow);
    expect([status, json.code, json.errors]).toEqual([
      400,
      'invalid-request',
      [{ path: 'to', message: expect.stringContaining('SEND_TO_USER_IDS') }],
    ]);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
  });
});

describe('a number that no numbering plan has', () => {
  const numbers = [
    ['Benin, eight digits', '22961234567'],
    ['Ivory Coast, eight digits', '22507123456'],
    ['eight digits', '12345678'],
    ['a country that is not assigned', '99912345678'],
    ['seven digits', '1234567'],
  ];

  it.each(numbers)('is refused as `to` until the customer writes, then taken: %s', async (_, number) => {
    const flow = { ...fleet.flow(), to: number };
    const refused = await fleet.send(flow);
    expect([refused.status, refused.json.errors]).toEqual([
      400,
      [{ path: 'to', message: expect.stringMatching(/country code.*let the customer write first/) }],
    ]);
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    await fleet.lipachat.writeIn(number, { to: fleet.business });
    expect((await fleet.send(flow)).status).toBe(201);
    expect(await session(number)).toMatchObject({ to: number, open: true });
    expect((await optOut(`+${number}`)).status).toBe(204);
    expect(await session(number)).toMatchObject({ optedOut: true });
    expect((await sendTo(number)).json.code).toBe('recipient-opted-out');
    expect((await erase(number)).status).toBe(204);
    const left = (await fleet.table.items()).filter(({ pk }) => pk.endsWith(`#${number}`));
    expect(left).toEqual([]);
  });

  it('is no fault of a route, and a text that is no number is', async () => {
    for (const [, number = ''] of numbers) expect(await session(number)).toMatchObject({ to: number });
    for (const text of ['1234', '123456789012345678901', '12ab', 'KE.', 'ke.1']) {
      for (const kind of ['sessions', 'opt-outs', 'contacts']) {
        const token = kind === 'contacts' ? admin : fleet.token;
        const method = kind === 'sessions' ? 'GET' : 'DELETE';
        const { status, json } = await fleet.call(method, path(kind, text), { token });
        expect([status, json.errors]).toEqual([400, [expect.objectContaining({ path: 'to' })]]);
      }
    }
  });
});
