import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ERROR_CLASSES } from '../../src/lib/whatsapp/error-codes.ts';
import { isReplay } from '../support/fleet/answer.ts';
import { ANSWERED, ERROR_BOOK, PROMISED, SENT_AGAIN } from '../support/fleet/error-book.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { deliverTo, QUICK_QUEUES, workOn } from '../support/fleet/lanes.ts';

const PLACES = ['message', 'errors-array', 'errors-object', 'data'];
const SHAPES = ['flat', 'words', 'whatsapp'];
/** Each code with its class. */
const CODES = ERROR_CLASSES.flatMap((name) => ERROR_BOOK[name].map((code) => ({ name, code })));

let fleet: Fleet;

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    settings: { LOG_LEVEL: 'WARN' },
    counts: { sendFlow: 2, webhook: 2, worker: 2 },
    queues: QUICK_QUEUES,
  });
});
afterAll(() => fleet.stop());

const expectPair = async (customer: string, name: string): Promise<void> => {
  const { json } = await fleet.call('GET', `/v1/sessions/${fleet.business}/${customer}`);
  expect(json).toMatchObject({ open: name !== 'window-shut', optedOut: name === 'opted-out' });
};

const callsFor = async (messageId: string) => (await fleet.lipachat.calls(messageId)).length;

const forEachCode = async (check: (one: (typeof CODES)[number], n: number) => Promise<void>) => {
  const faults: string[] = [];
  let next = 0;
  const runner = async (): Promise<void> => {
    for (let n = next++; n < CODES.length; n = next++) {
      const one = CODES[n];
      if (!one) return;
      await check(one, n).catch((error: unknown) => {
        faults.push(`${one.code} (${one.name}): ${error instanceof Error ? error.message : error}`);
      });
    }
  };
  await Promise.all([runner(), runner(), runner(), runner()]);
  expect(faults).toEqual([]);
};

describe(`all ${CODES.length} known error codes`, () => {
  it('are each in one class', () => {
    expect(new Set(CODES.map(({ code }) => code)).size).toBe(CODES.length);
  });

  it.each(PLACES)(
    'in the response as %s lead to the action of their class, and nothing else',
    async (place) => {
      await forEachCode(async ({ name, code }) => {
        const customer = await fleet.newCustomer();
        const flow = fleet.flow({ to: customer });
        const { calls, ends, ...expected } = ANSWERED[name];
        const fault = { kind: 'error-code', code, place } as const;
        await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: calls });
        const answer = await fleet.send(flow);
        expect(answer).toMatchObject(expected);
        expect(await callsFor(flow.messageId)).toBe(calls);
        await expectPair(customer, name);
        if (ends !== 'final') return;
        expect(isReplay(await fleet.send(flow))).toBe(true);
        expect(await callsFor(flow.messageId)).toBe(calls);
      });
    },
  );

  it("in the response to an accepted message lead to the worker's action", async () => {
    await forEachCode(async ({ name, code }, n) => {
      const customer = await fleet.newCustomer();
      const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
      const { calls } = ANSWERED[name];
      const place = PLACES[n % PLACES.length];
      const fault = { kind: 'error-code', code, place } as const;
      await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: calls });
      await fleet.send(flow, { headers: { Prefer: 'respond-async' } });
      await Promise.all([workOn(fleet, flow.messageId), workOn(fleet, flow.messageId, 1)]);
      expect((await fleet.message(flow.messageId)).json.status).toBe(PROMISED[name]);
      expect(await callsFor(flow.messageId)).toBe(calls);
      await expectPair(customer, name);
    });
  });

  it.each(SHAPES)(
    'in a callback of shape %s, three times at once, lead to one action, once',
    async (shape) => {
      const flows = new Map<number, { messageId: string; to: string }>();
      const fail = (messageId: string, code: number) =>
        fleet.lipachat.report(messageId, 'FAILED', { errorCode: code, shape, repeat: 3, concurrent: true });

      await forEachCode(async ({ name, code }) => {
        const customer = await fleet.newCustomer();
        const flow = { ...fleet.flow({ to: customer }), whenClosed: 'park' };
        expect((await fleet.send(flow)).status).toBe(201);
        await fail(flow.messageId, code);
        const { json } = await fleet.message(flow.messageId);
        expect(json).toMatchObject({ status: PROMISED[name], reason: expect.stringMatching(/./) });
        await expectPair(customer, name);
        expect(await callsFor(flow.messageId)).toBe(1);
        flows.set(code, { messageId: flow.messageId, to: customer });
      });

      const late = await fleet.spawn('worker', clock({ ahead: 15 * 60_000 }));
      await forEachCode(async ({ code }) => {
        const { messageId = '' } = flows.get(code) ?? {};
        // The queue delivers twice.
        await Promise.all([deliverTo(late, messageId), deliverTo(late, messageId)]);
      });
      const before = await fleet.lipachat.deliveries();
      await forEachCode(async ({ name, code }) => {
        const { messageId = '', to = '' } = flows.get(code) ?? {};
        const ids = before.filter((delivery) => delivery.to === to).map((delivery) => delivery.messageId);
        expect(ids).toHaveLength(SENT_AGAIN.includes(name) ? 2 : 1);
        expect(new Set(ids).size).toBe(ids.length);
        const status = SENT_AGAIN.includes(name) ? 'sent' : PROMISED[name];
        expect((await fleet.message(messageId)).json.status).toBe(status);
        // A repeated callback about the first send is not about the second.
        await fail(messageId, code);
        expect((await fleet.message(messageId)).json.status).toBe(status);
      });
      await late.stop();
    },
  );
});
