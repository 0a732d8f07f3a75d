import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, isReplay } from '../support/fleet/answer.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';

let fleet: Fleet;
let flow: Flow;
let first: Answer;

beforeAll(async () => {
  fleet = await startFleet();
  flow = fleet.flow({
    text: 'Please tell us who you are',
    flowId: 'onboarding-7781',
    data: { service: 'loans', serviceOption: 'new', package: 'gold', rows: [{ a: 1, b: '2' }] },
  });
  first = await fleet.send(flow);
});
afterAll(() => fleet.stop());

const withData = (data: Record<string, unknown>) => (one: Flow) => ({
  ...one,
  data: { ...one.data, ...data },
});

/** Keys in the opposite order, all the way down. */
const reversed = (value: unknown): unknown => {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  return Object.fromEntries(
    Object.entries(value)
      .toReversed()
      .map(([key, inner]) => [key, reversed(inner)]),
  );
};

describe('another payload under a messageId that is taken', () => {
  it.each<[string, (one: Flow) => object]>([
    ['to', (one) => ({ ...one, to: '254733000111' })],
    ['from', (one) => ({ ...one, from: '254733000222' })],
    ['text', (one) => ({ ...one, text: `${one.text}.` })],
    ['flowId', (one) => ({ ...one, flowId: 'onboarding-7782' })],
    ['flowCta', (one) => ({ ...one, flowCta: 'Share details!' })],
    ['screen', (one) => ({ ...one, screen: 'SECOND' })],
    ['data: a key added', withData({ extra: '' })],
    ['data: a key taken away', ({ data, ...one }) => ({ ...one, data: { service: data['service'] } })],
    ['data: another value', withData({ service: 'savings' })],
    ['data: a number for a string', withData({ rows: [{ a: 1, b: 2 }] })],
    ['data: a string for a number', withData({ rows: [{ a: '1', b: '2' }] })],
    ['data: null for an empty string', withData({ package: null })],
    ['data: left out', ({ data: _, ...one }) => one],
  ])('is refused, sends nothing and shows nothing of the first: %s', async (_field, change) => {
    const stored = await fleet.table.asText();
    const answer = await fleet.send(change(flow));
    expect(answer).toMatchObject({ status: 422, json: { code: 'message-id-reused' } });
    expect(answer.headers['content-type']).toBe('application/problem+json');
    for (const secret of [flow.to, flow.from, flow.text, flow.flowId, 'loans', first.json.waId ?? '?']) {
      expect(JSON.stringify([answer.headers, answer.text])).not.toContain(secret);
    }
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    expect(await fleet.table.asText()).toBe(stored);
  });

  it('is refused also while the first is still on its way', async () => {
    const slow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 700 }, { messageId: slow.messageId });
    const sending = fleet.send(slow);
    await expect.poll(() => fleet.lipachat.calls(slow.messageId)).toHaveLength(1);
    expect(await fleet.send({ ...slow, text: 'another' })).toMatchObject({ status: 422 });
    expect(await fleet.send(slow)).toMatchObject({ status: 409, json: { code: 'send-in-progress' } });
    expect((await sending).status).toBe(201);
    expect(await fleet.lipachat.calls(slow.messageId)).toHaveLength(1);
  });
});

describe('the same payload in another spelling', () => {
  it.each<[string, (one: Flow) => object]>([
    ['word for word', (one) => one],
    ['keys in another order', (one) => reversed(one) as object],
    ['to with a plus', (one) => ({ ...one, to: `+${one.to}` })],
    [
      'to with blanks, dashes and brackets',
      (one) => ({ ...one, to: one.to.replace(/^(...)(...)(...)/, '+$1 ($2) $3-') }),
    ],
    ['from with a plus', (one) => ({ ...one, from: `+${one.from}` })],
    ['the default written out', (one) => ({ ...one, whenClosed: 'reject' })],
  ])('is answered with the same bytes and sends nothing: %s', async (_spelling, spell) => {
    const answer = await fleet.send(spell(flow));
    expect(answer).toMatchObject({ status: 201, text: first.text });
    expect(isReplay(answer)).toBe(true);
    expect(answer.headers['location']).toBe(first.headers['location']);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });
});
