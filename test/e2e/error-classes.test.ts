import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { clock, type Fleet, startFleet } from '../support/fleet.ts';
import { isReplay } from '../support/fleet-answer.ts';
import { ANSWERED, PROMISED } from '../support/fleet-error-book.ts';
import { QUICK_QUEUES, workOn } from '../support/fleet-lanes.ts';

/** One code a class; test/faults/error-book.test.ts takes all of them. */
const ONE: [string, number][] = [
  ['stop-number', 131031],
  ['wait', 130429],
  ['pair-too-fast', 131056],
  ['window-shut', 131047],
  ['undeliverable', 131026],
  ['held-for-user', 131049],
  ['opted-out', 131050],
  ['bad-request', 100],
  ['content-held', 132068],
  ['cannot-tell', 131000],
];
const PLACES = ['message', 'errors-array', 'errors-object', 'data'];

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 1 }, queues: QUICK_QUEUES });
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

const session = async (customer: string) =>
  (await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`)).json;

/** Only its own class shuts a window, and only its own is an opt-out. */
const expectPair = async (customer: string, name: string): Promise<void> => {
  const expected = { open: name !== 'window-shut', optedOut: name === 'opted-out' };
  expect(await session(customer)).toMatchObject(expected);
};

describe.each(ONE)('the class %s (%i)', (name, code) => {
  it('in the answer: its action and nothing else', async () => {
    const customer = await fleet.newCustomer();
    const flow = fleet.flow({ to: customer });
    const { calls, final, ...expected } = ANSWERED[name] ?? { calls: 0, status: 0, code: '' };
    const fault = { kind: 'error-code', code, place: PLACES[code % PLACES.length] } as const;
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: expected.status, json: { code: expected.code } });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls);
    if (expected.status === 503) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await expectPair(customer, name);
    await fleet.lipachat.mend();
    if (final) {
      const again = await fleet.send(flow);
      expect(again).toMatchObject({ status: expected.status, json: { code: expected.code } });
      expect(isReplay(again)).toBe(true);
      expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls);
    } else {
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    }
  });

  it('in the answer to a message that was promised: the worker does the same', async () => {
    const customer = await fleet.newCustomer();
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
    const fault = { kind: 'error-code', code } as const;
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    await fleet.send(flow, { headers: { Prefer: 'respond-async' } });
    await workOn(fleet, flow.messageId);
    const { json } = await fleet.message(flow.messageId);
    expect(json).toMatchObject({ status: PROMISED[name], reason: expect.any(String) });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(ANSWERED[name]?.calls ?? 0);
    await expectPair(customer, name);
  });

  it.each(['flat', 'whatsapp'])('in a callback of shape %s: its action and nothing else', async (shape) => {
    const customer = await fleet.newCustomer();
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
    expect((await fleet.send(flow)).status).toBe(201);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: code, shape, repeat: 2 });
    const { json } = await fleet.message(flow.messageId);
    expect(json.status).toBe(name === 'window-shut' ? 'parked' : 'failed');
    await expectPair(customer, name);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    const others = (await fleet.lipachat.calls()).filter(({ body }) =>
      JSON.stringify(body).includes(customer),
    );
    expect(others).toHaveLength(1);
  });
});

describe('two tries for what cannot be told', () => {
  it('and then it has failed', async () => {
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    const fault = { kind: 'error-code', code: 1 } as const;
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    await fleet.send(flow, { headers: { Prefer: 'respond-async' } });
    await workOn(fleet, flow.messageId);
    for (const ahead of [60_000, 120_000, 180_000]) {
      await fleet.replace('worker', clock({ ahead }));
      await workOn(fleet, flow.messageId);
    }
    expect((await fleet.message(flow.messageId)).json.status).toBe('failed');
    const calls = await fleet.lipachat.calls(flow.messageId);
    // At most two repeats (whatsapp-rules): three calls in all.
    expect(calls).toHaveLength(3);
  });
});
