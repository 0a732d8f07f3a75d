import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { processOf, sweepUntil, unlessKilled, whenWritten } from '../support/fleet/steps.ts';
import type { Worker } from '../support/worker.ts';

let fleet: Fleet;
let sweeper: Worker;

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, settings: { LEASE_SECONDS: '3' } });
  sweeper = await fleet.spawn('sweeper');
});
afterEach(async () => {
  await fleet.lipachat.mend();
  await fleet.aws.reset();
});
afterAll(() => fleet.stop());

const expectGivenBack = async (flow: Flow): Promise<void> => {
  expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
  expect(await fleet.table.message(flow.messageId)).toBeUndefined();
  await fleet.aws.clearFaults();
  const answer = await fleet.send(flow);
  expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
  expect(isReplay(answer)).toBe(false);
  expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
};

const expectDeliveredOnce = async (flow: Flow): Promise<void> => {
  expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  expect(await fleet.table.message(flow.messageId)).toMatchObject({
    status: 'sent',
    answer: { kind: 'sent' },
  });
};

describe('a store that fails the claim', () => {
  it.each(['throttle', 'unavailable', 'reset', 'hang'] as const)(
    'is a 503 without a call to the gateway: %s',
    async (fault) => {
      const flow = fleet.flow();
      await fleet.aws.addFaults({ target: 'PutItem', fault, match: flow.messageId, times: null });
      const answer = await fleet.send(flow);
      expect(answer).toMatchObject({ status: 503, json: { code: 'store-unavailable' } });
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0);
      await expectGivenBack(flow);
    },
  );

  it('for a moment goes unnoticed by the caller', async () => {
    const flow = fleet.flow();
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'throttle', match: flow.messageId, times: 2 });
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });
});

describe('a store that fails the read of the session', () => {
  it('is a 503, the claim is given back, and the gateway is not called', async () => {
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    const match = `session#${flow.from}#${flow.to}`;
    await fleet.aws.addFaults({ target: 'GetItem', fault: 'throttle', match, times: null });
    expect(await fleet.send(flow)).toMatchObject({ status: 503, json: { code: 'store-unavailable' } });
    await expectGivenBack(flow);
  });
});

describe('a store that fails the settle', () => {
  it.each(['throttle', 'unavailable', 'reset'] as const)(
    'for a while is waited out, and the caller gets the 201 of the single call: %s',
    async (fault) => {
      const flow = fleet.flow();
      const settle = { target: 'PutItem', match: flow.messageId, nth: 2, times: null } as const;
      await fleet.aws.addFaults({ ...settle, fault });
      const sending = fleet.send(flow);
      await whenWritten(fleet, flow.messageId, 6);
      await fleet.aws.clearFaults();
      expect(await sending).toMatchObject({ status: 201, json: { status: 'sent' } });
      expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
      await expectDeliveredOnce(flow);
    },
  );

  it.each(['throttle', 'hang'] as const)(
    'to the end of the invocation leads to a response that promises nothing, and the sweeper finishes: %s',
    async (fault) => {
      const flow = fleet.flow();
      const settle = { target: 'PutItem', match: flow.messageId, nth: 2, times: null } as const;
      await fleet.aws.addFaults({ ...settle, fault });
      const answer = await fleet.sendThrough(processOf(fleet, 'sendFlow'), flow, { timeoutMs: 8_000 });
      expect(answer).toMatchObject({
        status: 202,
        json: { status: 'unknown', reason: expect.any(String), nextStep: expect.any(String) },
      });

      await fleet.aws.clearFaults();
      await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
      await expectDeliveredOnce(flow);
      expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    },
  );

  it('until the process is killed leaves the message to the sweeper, which sends nothing twice', async () => {
    const flow = fleet.flow();
    const settle = { target: 'PutItem', match: flow.messageId, nth: 2, times: null } as const;
    await fleet.aws.addFaults({ ...settle, fault: 'unavailable' });
    const doomed = await fleet.spawn('sendFlow');
    const call = unlessKilled(fleet.sendThrough(doomed, flow));
    await whenWritten(fleet, flow.messageId, 3);
    await doomed.stop();
    await call;
    await fleet.aws.clearFaults();
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectDeliveredOnce(flow);
  });
});

describe('a store that fails while a claim is given back', () => {
  it('leaves the claim to its lease: the caller gets a fault, and the message is sent once in the end', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 30 }, { messageId: flow.messageId });
    await fleet.aws.addFaults({
      target: 'DeleteItem',
      fault: 'throttle',
      match: flow.messageId,
      times: null,
    });
    const told = await fleet.send(flow);
    expect(told.status).toBe(503);
    await fleet.aws.clearFaults();
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectDeliveredOnce(flow);
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
  });
});

describe('a store that is down for the sweeper', () => {
  it('leaves the message to the next tick', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
    const doomed = await fleet.spawn('sendFlow');
    const call = unlessKilled(fleet.sendThrough(doomed, flow));
    await whenWritten(fleet, flow.messageId, 1);
    await expect.poll(() => fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    await doomed.stop();
    await call;
    await sleep(3_100);
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'throttle', times: null });
    await sweeper.invoke({});
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    await fleet.aws.clearFaults();
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectDeliveredOnce(flow);
  });
});
