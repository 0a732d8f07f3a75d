import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { type Fleet, type Flow, startFleet, sweep } from '../support/fleet/fleet.ts';
import {
  statusOf,
  sweepUntil,
  unlessKilled,
  whenCalled,
  whenDelivered,
  whenWritten,
} from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';
import type { Worker } from '../support/worker.ts';

const LEASE_SECONDS = 2;

let fleet: Fleet;
let sweeper: Worker;

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, settings: { LEASE_SECONDS: String(LEASE_SECONDS) } });
  sweeper = await fleet.spawn('sweeper');
});
afterEach(async () => {
  await fleet.lipachat.mend();
  await fleet.aws.reset();
});
afterAll(() => fleet.stop());

/** Sends through a process of its own, which is killed at the moment that `when` waits for. */
const sendAndKill = async (flow: Flow, when: () => Promise<unknown>): Promise<void> => {
  const doomed = await fleet.spawn('sendFlow');
  const call = unlessKilled(fleet.sendThrough(doomed, flow));
  await when();
  await doomed.stop();
  expect(await call).toBeUndefined();
};

const killBetweenAcceptAndStore = async (flow: Flow): Promise<void> => {
  await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
  await sendAndKill(flow, () => whenDelivered(fleet, flow.messageId));
};

const expectSentOnce = async (messageId: string): Promise<void> => {
  const [delivery, ...more] = await fleet.lipachat.deliveries(messageId);
  expect(more).toEqual([]);
  const item = await fleet.table.message(messageId);
  expect(item).toMatchObject({ status: 'sent', waId: delivery?.waId, answer: { kind: 'sent' } });
  expect(item).not.toHaveProperty('lease');
  expect(item).not.toHaveProperty('dueAt');
};

describe("a process killed between LipaChat's acceptance and our store", () => {
  it('leads to a 409 during the lease, and after it the sweeper alone settles the message as sent', async () => {
    const flow = fleet.flow();
    await killBetweenAcceptAndStore(flow);
    const busy = await fleet.send(flow);
    expect(busy).toMatchObject({ status: 409, json: { code: 'send-in-progress' } });
    expect(Number(busy.headers['retry-after'])).toBeGreaterThan(0);
    expect(Number(busy.headers['retry-after'])).toBeLessThanOrEqual(LEASE_SECONDS);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);

    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectSentOnce(flow.messageId);
    const replayed = await fleet.send(flow);
    expect(replayed.status).toBe(201);
    expect(isReplay(replayed)).toBe(true);
  });

  it('is recovered by a caller who repeats the request after the lease, too', async () => {
    const flow = fleet.flow();
    await killBetweenAcceptAndStore(flow);
    const answer = await until('the lease to be over', async () => {
      const tried = await fleet.send(flow);
      return tried.status !== 409 && tried;
    });
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent' } });
    await expectSentOnce(flow.messageId);
  });

  it('is recovered by a callback, without another call', async () => {
    const flow = fleet.flow();
    await killBetweenAcceptAndStore(flow);
    await fleet.lipachat.report(flow.messageId, 'DELIVERED');
    expect(await statusOf(fleet, flow.messageId)).toBe('delivered');
    await until('the sweeper to give it its answer', async () => {
      await sweep(sweeper);
      return (await fleet.table.message(flow.messageId))?.['answer'] !== undefined;
    });
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('is still recovered when LipaChat then reports the window closed', async () => {
    const to = await fleet.newCustomer();
    const flow = fleet.flow({ to });
    await killBetweenAcceptAndStore(flow);
    const other = fleet.flow({ to });
    await fleet.lipachat.fail({ kind: 'session-closed' }, { messageId: other.messageId });
    expect((await fleet.send(other)).status).toBe(409);
    await until('the lease to be over', async () => {
      await sweep(sweeper);
      return (await statusOf(fleet, flow.messageId)) !== 'sending';
    });
    expect(await fleet.message(flow.messageId)).toMatchObject({
      status: 200,
      json: { status: 'unknown', reason: expect.any(String), nextStep: expect.any(String) },
    });
    await fleet.lipachat.report(flow.messageId, 'DELIVERED');
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'delivered' });
  });
});

describe('a process killed at another moment', () => {
  it('after its claim and before its call leaves the send to the sweeper', async () => {
    const flow = fleet.flow();
    const pair = `session#${flow.from}#${flow.to}`;
    await fleet.aws.addFaults({ target: 'GetItem', fault: 'hang', match: pair });
    await sendAndKill(flow, () => whenWritten(fleet, flow.messageId, 1));
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectSentOnce(flow.messageId);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('while it stores the receipt leaves the sweeper to obtain it again', async () => {
    const flow = fleet.flow();
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: flow.messageId, nth: 2 });
    await sendAndKill(flow, () => whenWritten(fleet, flow.messageId, 2));
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectSentOnce(flow.messageId);
  });

  it('again and again, together with sweepers, still leads to sent, delivered once', async () => {
    const flow = fleet.flow();
    const options = { messageId: flow.messageId, times: 3 };
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, options);
    await sendAndKill(flow, () => whenDelivered(fleet, flow.messageId));
    for (const calls of [2, 3]) {
      const doomed = await fleet.spawn('sweeper');
      await until(`call ${calls}`, async () => {
        void unlessKilled(sweep(doomed));
        return (await fleet.lipachat.calls(flow.messageId)).length >= calls;
      });
      await doomed.stop();
    }
    await sweepUntil(fleet, { sweeper, messageId: flow.messageId, status: 'sent' });
    await expectSentOnce(flow.messageId);
  });
});

describe('a caller who repeats an unknown message inside the horizon', () => {
  it('gets it sent again under its messageId, and settled', async () => {
    const flow = fleet.flow();
    const options = { messageId: flow.messageId, times: null };
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, options);
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    const before = (await fleet.lipachat.calls(flow.messageId)).length;
    await fleet.lipachat.mend();
    expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent' } });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(before + 1);
    await expectSentOnce(flow.messageId);
  });
});

describe('with AMBIGUOUS_OUTCOME=hold', () => {
  const hold = { AMBIGUOUS_OUTCOME: 'hold' };
  let holding: Worker;
  beforeAll(async () => {
    await fleet.replace('sendFlow', hold);
    holding = await fleet.spawn('sweeper', hold);
  });

  it('a process killed after its call leaves the message unknown, and no process calls again', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
    const doomed = await fleet.spawn('sendFlow', hold);
    const call = unlessKilled(fleet.sendThrough(doomed, flow));
    await whenDelivered(fleet, flow.messageId);
    await doomed.stop();
    await call;
    await sweepUntil(fleet, { sweeper: holding, messageId: flow.messageId, status: 'unknown' });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    await fleet.lipachat.report(flow.messageId, 'DELIVERED');
    expect(await fleet.send(flow)).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('a message that was never sent is kept by a sweep that LipaChat refuses, and sent by the next', async () => {
    const flow = fleet.flow();
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: flow.messageId, nth: 2 });
    const doomed = await fleet.spawn('sendFlow', hold);
    const call = unlessKilled(fleet.sendThrough(doomed, flow));
    await whenWritten(fleet, flow.messageId, 2);
    await doomed.stop();
    await call;
    expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);

    const options = { messageId: flow.messageId, times: null };
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 60 }, options);
    await until('the sweeper to try', async () => {
      await sweep(holding);
      return (await fleet.lipachat.calls(flow.messageId)).length > 0;
    });
    expect(await fleet.table.message(flow.messageId)).toBeDefined();
    await fleet.lipachat.mend();
    await sweepUntil(fleet, { sweeper: holding, messageId: flow.messageId, status: 'sent' });
    await whenCalled(fleet, flow.messageId);
    await expectSentOnce(flow.messageId);
  });
});
