import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { ErrorClass } from '../../src/lib/whatsapp/error-codes.ts';
import { isReplay } from '../support/fleet/answer.ts';
import { ANSWERED, PROMISED, SENT_AGAIN } from '../support/fleet/error-book.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { deliverTo, QUICK_QUEUES, workOn } from '../support/fleet/lanes.ts';
import type { Worker } from '../support/worker.ts';

/** One code a class; test/faults/error-codes.test.ts takes all of them. */
const ONE: [ErrorClass, number][] = [
  ['stop-number', 131031],
  ['wait', 130429],
  ['pair-too-fast', 131056],
  ['window-shut', 131047],
  ['undeliverable', 131026],
  ['held-for-user', 131049],
  ['opted-out', 131050],
  ['bad-request', 100],
  ['content-held', 132069],
  ['content-blocked', 132068],
  ['cannot-tell', 131000],
];
const PLACES = ['message', 'errors-array', 'errors-object', 'data'];

let fleet: Fleet;
/** A quarter of an hour later, when every pause but one is over. */
let late: Worker;

beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 1 }, queues: QUICK_QUEUES });
  late = await fleet.spawn('worker', clock({ ahead: 15 * 60_000 }));
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
    const { calls, ends, ...expected } = ANSWERED[name];
    const fault = { kind: 'error-code', code, place: PLACES[code % PLACES.length] } as const;
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject(expected);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls);
    if (answer.status === 503) expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
    await expectPair(customer, name);
    await fleet.lipachat.mend();
    if (ends === 'released') {
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();
      return;
    }
    const again = await fleet.send(flow);
    expect(again).toMatchObject(expected);
    expect(isReplay(again)).toBe(ends === 'final');
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls);
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
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(ANSWERED[name].calls);
    await expectPair(customer, name);
  });

  it.each(['flat', 'whatsapp'])('in a callback of shape %s: its action and nothing else', async (shape) => {
    const customer = await fleet.newCustomer();
    const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
    expect((await fleet.send(flow)).status).toBe(201);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: code, shape, repeat: 2 });
    const { json } = await fleet.message(flow.messageId);
    const why = name === 'window-shut' ? 'session window was closed' : String(code);
    expect(json).toMatchObject({ status: PROMISED[name], reason: expect.stringContaining(why) });
    await expectPair(customer, name);
    const sends = async () =>
      (await fleet.lipachat.calls()).filter(({ body }) => JSON.stringify(body).includes(customer));
    expect(await sends()).toHaveLength(1);
    await deliverTo(late, flow.messageId);
    const again = (await sends()).slice(1).map(({ messageId }) => messageId);
    expect(again).toEqual(SENT_AGAIN.includes(name) ? [expect.not.stringMatching(flow.messageId)] : []);
    const status = SENT_AGAIN.includes(name) ? 'sent' : PROMISED[name];
    expect((await fleet.message(flow.messageId)).json.status).toBe(status);
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
