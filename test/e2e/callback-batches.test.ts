/** One poison among forty messages, over the built bundles: forty windows, answer 200, and at most one raw callback. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';

const NEIGHBOURS = 40;

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet();
});
afterAll(() => fleet.stop());

const post = async (body: string): Promise<{ status: number; received: number }> => {
  const response = await fetch(`${fleet.url}/v1/webhooks/lipachat/${fleet.webhookSecret}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body,
  });
  return { status: response.status, ...((await response.json()) as { received: number }) };
};

let ids = 0;
const message = (from: string): string => {
  ids += 1;
  return JSON.stringify({ messageId: `wamid.b${ids}`, from, to: fleet.business, type: 'TEXT', text: 'hi' });
};

const deep = (levels: number, inside = '1'): string =>
  `${'{"a":['.repeat(levels)}${inside}${']}'.repeat(levels)}`;
const status = (fields: string): string => `{"event":"MESSAGE_STATUS","messageStatus":{${fields}}}`;
const template = (fields: string): string => `{"event":"TEMPLATE_STATUS","templateStatus":{${fields}}}`;
const long = (n: number, unit = 'x'): string => JSON.stringify(unit.repeat(n));

/** Each with its number, so that no two have the same content. `raw`: how many raw callbacks each leaves at most. */
const POISONS: [what: string, entry: (n: number) => string][] = [
  [
    'a template name of 3,000 characters',
    (n) => template(`"status":"APPROVED","templateName":${long(3_000, `${n}`)}`),
  ],
  ['a template name of 400 KB', (n) => template(`"status":"X${n}","templateName":${long(400_000)}`)],
  ['a template status of 5,000 characters', (n) => template(`"templateId":"${n}","status":${long(5_000)}`)],
  [
    'an errorCode over 2^53',
    (n) => status(`"waId":"wamid.p${n}","status":"FAILED","errorCode":9007199254740993`),
  ],
  ['an errorCode of 1e400', (n) => status(`"waId":"wamid.q${n}","status":"FAILED","errorCode":1e400`)],
  ['a status of 500 KB', (n) => status(`"waId":"wamid.r${n}","status":${long(500_000)}`)],
  [
    'a description of 500 KB',
    (n) => status(`"waId":"wamid.s${n}","status":"FAILED","statusDesc":${long(500_000)}`),
  ],
  ['an id of 3,000 characters', (n) => status(`"waId":"w${n}${'x'.repeat(3_000)}","status":"READ"`)],
  [
    'a name of a message of 3,000 characters',
    (n) => status(`"messageId":"${n}${'x'.repeat(3_000)}","status":"READ"`),
  ],
  ['10,000 levels', (n) => deep(10_000, `${n}`)],
  ['lone surrogates and NUL characters', (n) => `{"event":"\\ud800\\u0000${n}","\\udfff":"\\u0000"}`],
  ['the key __proto__', (n) => `{"__proto__":{"from":"1"},"constructor":null,"":${n}}`],
  ['a key twice', (n) => `{"type":"TEXT","type":[],"n":${n}}`],
  ['a huge number', (n) => `{"from":${'9'.repeat(400)},"n":${n},"timestamp":-1e308}`],
  ['no object', (n) => `"text ${n}"`],
];

/** Posts the poison at a place among fresh customers. */
const batch = async (poison: string, at: number): Promise<string[]> => {
  const customers = Array.from({ length: NEIGHBOURS }, () => fleet.canaries.number());
  const entries = customers.map(message).toSpliced(at, 0, poison);
  expect(await post(`[${entries.join(',')}]`)).toEqual({ status: 200, received: NEIGHBOURS + 1 });
  return customers;
};

const keysOf = async (prefix: string): Promise<Set<string>> =>
  new Set((await fleet.table.items()).map(({ pk }) => pk).filter((pk) => pk.startsWith(prefix)));

/** The windows that these batches opened; how many raw callbacks they left. Nothing is repeated in between. */
const settled = async (
  customers: readonly string[],
  before: { raws: number; delivered: number },
  posts: number,
) => {
  await fleet.callbacks.drained();
  expect(fleet.callbacks.counts().delivered - before.delivered).toBe(posts);
  const sessions = await keysOf(`session#${fleet.business}#`);
  expect(customers.filter((one) => !sessions.has(`session#${fleet.business}#${one}`))).toEqual([]);
  expect((await fleet.sqs.counts('CallbackDeadLetterQueue')).ready).toBe(0);
  return (await keysOf('raw#')).size - before.raws;
};
const stateNow = async () => ({
  raws: (await keysOf('raw#')).size,
  delivered: fleet.callbacks.counts().delivered,
});

describe('a batch of one poison and forty messages', () => {
  it('opens forty windows, with the poison in any position', { timeout: 120_000 }, async () => {
    const before = await stateNow();
    const [[, poison] = ['', String]] = POISONS;
    const customers: string[] = [];
    for (let at = 0; at <= NEIGHBOURS; at += 1) customers.push(...(await batch(poison(at), at)));
    expect(await settled(customers, before, NEIGHBOURS + 1)).toBe(NEIGHBOURS + 1);
  });

  it.each(POISONS)('opens forty windows beside %s', { timeout: 60_000 }, async (_, poison) => {
    const before = await stateNow();
    const customers: string[] = [];
    const places = [0, 20, NEIGHBOURS];
    for (const at of places) customers.push(...(await batch(poison(at + 1_000), at)));
    // A poison that is read in part needs no raw callback.
    expect(await settled(customers, before, places.length)).toBeLessThanOrEqual(places.length);
  });

  it('keeps thousands of entries that are not understood, beside a message', async () => {
    const before = await stateNow();
    const customer = fleet.canaries.number();
    const odd = Array.from({ length: 50_000 }, (_, n) => n);
    expect((await post(`[${odd.join(',')},${message(customer)}]`)).status).toBe(200);
    expect(await settled([customer], before, 1)).toBeLessThan(10);
  });
});
