import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpStream } from '../support/fleet/lanes.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let stream: StreamPump;

beforeAll(async () => {
  fleet = await startFleet({ counts: { publisher: 1, webhook: 2 } });
  stream = pumpStream(fleet);
});
afterAll(async () => {
  await stream.close();
  await fleet.stop();
});

const SHAPES = [
  'nfm_reply',
  'nfm_reply-object',
  'camelCase',
  'top-level-FLOW',
  'top-level-NFM_REPLY',
  'top-level-FLOW_REPLY',
  'top-level-FLOW_RESPONSE',
  'whatsapp',
];

const RESPONSE = { service: 'Delivery', boxes: 3, note: 'kesho 👍' };

const sentTo = async (to: string, fields: object = {}) => {
  const flow = { ...fleet.flow({ to }), ...fields };
  expect((await fleet.send(flow)).status).toBe(201);
  return flow.messageId;
};
const read = async (messageId: string) => (await fleet.message(messageId)).json;
const rawKept = async () => (await fleet.table.items()).filter(({ pk }) => pk.startsWith('raw#'));

describe.each(SHAPES)('a reply of shape %s', (shape) => {
  it('is tied to the only open flow, with neither token nor context', async () => {
    const customer = await fleet.newCustomer();
    const messageId = await sentTo(customer);
    const reply = { messageId, response: RESPONSE, shape, withContext: false, repeat: 3, concurrent: true };
    const { webhook } = await fleet.lipachat.fillIn(customer, reply);
    expect(webhook.map(({ status }) => status)).toEqual([200, 200, 200]);
    expect(await read(messageId)).toMatchObject({
      reply: { response: RESPONSE, matchedBy: 'only-open-flow' },
    });
  });

  it('is tied by its token among several, and the token wins over the context', async () => {
    const customer = await fleet.newCustomer();
    const ids = [await sentTo(customer, { correlate: true }), await sentTo(customer, { correlate: true })];
    const [first = '', second = ''] = ids;
    const reply = { messageId: first, response: RESPONSE, shape, withToken: true, withContext: true };
    await fleet.lipachat.fillIn(customer, reply);
    expect((await read(first))['reply']).toMatchObject({ matchedBy: 'token', response: RESPONSE });
    expect((await read(second))['reply']).toBeUndefined();
    const bare = { messageId: second, response: RESPONSE, shape, withToken: true, withContext: false };
    await fleet.lipachat.fillIn(customer, bare);
    expect((await read(second))['reply']).toMatchObject({ matchedBy: 'token' });
  });

  it('is tied by its context among several', async () => {
    const customer = await fleet.newCustomer();
    const [first, second] = [await sentTo(customer), await sentTo(customer)];
    const reply = { messageId: first, response: RESPONSE, shape, withContext: true };
    await fleet.lipachat.fillIn(customer, reply);
    expect((await read(first))['reply']).toMatchObject({ matchedBy: 'context', response: RESPONSE });
    expect(await read(second)).not.toHaveProperty('reply');
    expect(await read(second)).not.toHaveProperty('ambiguousReplies');
  });

  it('is ambiguous at two open flows, shown at both, and told as neither’s', async () => {
    const customer = await fleet.newCustomer();
    const ids = [await sentTo(customer), await sentTo(customer)];
    const reply = { messageId: ids[0], response: RESPONSE, shape, withContext: false, repeat: 2 };
    await fleet.lipachat.fillIn(customer, reply);
    for (const id of ids) {
      const shown = await read(id);
      expect(shown['reply']).toBeUndefined();
      expect(shown['ambiguousReplies']).toMatchObject([{ response: RESPONSE }]);
    }
    await stream.caughtUp();
    for (const id of ids) {
      expect((await eventsOf(fleet, id)).filter(({ type }) => type === 'flow.replied')).toEqual([]);
    }
  });
});

describe('a reply', () => {
  it('is told once on the bus, and opens the window again', async () => {
    const customer = await fleet.newCustomer();
    const messageId = await sentTo(customer);
    await fleet.lipachat.fillIn(customer, { messageId, response: RESPONSE, repeat: 5, concurrent: true });
    await stream.caughtUp();
    const told = firsts(await eventsOf(fleet, messageId)).filter(({ type }) => type === 'flow.replied');
    expect(told).toHaveLength(1);
    const pair = await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`);
    expect(pair.json).toMatchObject({ open: true });
  });

  it('travels with a correlation value only for a caller who asked for it', async () => {
    const customer = await fleet.newCustomer();
    const [plain, asked] = [await sentTo(customer), await sentTo(customer, { correlate: true })];
    const dataOf = async (id: string) => {
      const [delivery] = await fleet.lipachat.deliveries(id);
      return (delivery?.body as { data?: Record<string, unknown> } | undefined)?.data;
    };
    expect(await dataOf(plain)).not.toHaveProperty('lipaflow_ref');
    expect(await dataOf(asked)).toHaveProperty('lipaflow_ref', asked);
  });

  it('is never another customer’s, whatever its token says', async () => {
    const [ours, theirs] = [await fleet.newCustomer(), await fleet.newCustomer()];
    const [mine, other] = [await sentTo(ours), await sentTo(theirs)];
    const response = { ...RESPONSE, lipaflow_ref: other };
    await fleet.lipachat.fillIn(ours, { messageId: mine, response, withContext: false });
    expect(await read(other)).not.toHaveProperty('reply');
    expect((await read(mine))['reply']).toMatchObject({ matchedBy: 'only-open-flow' });
  });

  it('that fits none of our flows is kept raw', async () => {
    const customer = await fleet.newCustomer();
    const interactive = { type: 'nfm_reply', nfm_reply: { response_json: '{"foreign":"flow"}' } };
    const body = { messageId: 'f-1', from: customer, to: fleet.business, type: 'INTERACTIVE', interactive };
    expect((await fleet.lipachat.callBack(body)).webhook).toMatchObject([{ status: 200 }]);
    expect((await rawKept()).some(({ text }) => String(text).includes('foreign'))).toBe(true);
  });

  it.each<[string, unknown]>([
    ['an unknown type', { messageId: 'u-1', type: 'HOLOGRAM', hologram: { beam: 'unknown-one' } }],
    ['no type', { messageId: 'u-2', nfm: 'unknown-two' }],
    ['an unknown event', { event: 'FLOW_DONE', flow: { response: 'unknown-three' } }],
    [
      'an unknown change',
      { entry: [{ changes: [{ field: 'telepathy', value: { flow: 'unknown-four' } }] }] },
    ],
    ['a list of words', ['unknown-five']],
  ])('in a shape that nobody knows is kept raw and changes nothing: %s', async (_what, body) => {
    const customer = await fleet.newCustomer();
    const messageId = await sentTo(customer);
    const isObject = typeof body === 'object' && !Array.isArray(body);
    const whole = isObject ? { from: customer, to: fleet.business, ...body } : body;
    expect((await fleet.lipachat.callBack(whole)).webhook).toMatchObject([{ status: 200 }]);
    const word = /unknown-\w+/.exec(JSON.stringify(body))?.[0] ?? '-';
    expect((await rawKept()).some(({ text }) => String(text).includes(word))).toBe(true);
    expect(await read(messageId)).not.toHaveProperty('reply');
  });
});
