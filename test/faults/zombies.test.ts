import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, isReplay } from '../support/fleet/answer.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { processOf, whenDelivered, whenWritten } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';
import type { Worker } from '../support/worker.ts';

let fleet: Fleet;
let zombie: Worker;

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, settings: { LEASE_SECONDS: '2' }, counts: { sendFlow: 2 } });
  zombie = processOf(fleet, 'sendFlow', 0);
});
afterEach(async () => {
  await fleet.lipachat.mend();
  await fleet.aws.reset();
});
afterAll(() => fleet.stop());

/** Another process asks until the lease of the stopped one is over, and takes the message over. */
const takeOver = (flow: Flow): Promise<Answer> =>
  until('the lease to be over', async () => {
    const answer = await fleet.sendThrough(processOf(fleet, 'sendFlow', 1), flow);
    return answer.status !== 409 && answer;
  });

/** Sends through a process that is stopped at the moment that `when` waits for. */
const stopWhen = async (flow: Flow, when: () => Promise<unknown>) => {
  const late = fleet.sendThrough(zombie, flow);
  await when();
  zombie.kill('SIGSTOP');
  const wake = (): Promise<Answer> => {
    zombie.kill('SIGCONT');
    return late;
  };
  return { wake };
};

describe('a zombie that is stopped past its lease while another process settles', () => {
  it('overwrites nothing with its late receipt, and returns the same bytes to its caller', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'slow', delayMs: 1_500 }, { messageId: flow.messageId });
    const { wake } = await stopWhen(flow, () => whenDelivered(fleet, flow.messageId));
    const taken = await takeOver(flow);
    expect(taken).toMatchObject({ status: 201, json: { status: 'sent' } });
    const settled = await fleet.table.message(flow.messageId);

    const late = await wake();
    expect(late).toMatchObject({ status: 201, text: taken.text });
    expect(isReplay(late)).toBe(true);
    expect(await fleet.table.message(flow.messageId)).toEqual(settled);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('overwrites nothing with a refusal', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'reject', message: 'Not now' }, { messageId: flow.messageId });
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: flow.messageId, nth: 2 });
    const { wake } = await stopWhen(flow, () => whenWritten(fleet, flow.messageId, 2));
    const taken = await takeOver(flow);
    expect(taken).toMatchObject({ status: 201, json: { status: 'sent' } });
    const settled = await fleet.table.message(flow.messageId);
    expect(await wake()).toMatchObject({ status: 201, text: taken.text });
    expect(await fleet.table.message(flow.messageId)).toEqual(settled);
  });

  it('overwrites nothing with an ambiguous outcome', async () => {
    const flow = fleet.flow();
    const spoilt = { messageId: flow.messageId, times: 2 };
    await fleet.lipachat.fail({ kind: 'html-502', accepted: true }, spoilt);
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: flow.messageId, nth: 2 });
    const { wake } = await stopWhen(flow, () => whenWritten(fleet, flow.messageId, 2));
    const taken = await takeOver(flow);
    expect(taken).toMatchObject({ status: 201, json: { status: 'sent' } });
    const settled = await fleet.table.message(flow.messageId);
    expect(await wake()).toMatchObject({ status: 201, text: taken.text });
    expect(await fleet.table.message(flow.messageId)).toEqual(settled);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('does not remove the claim of its new owner when it gives its own back', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 30 }, { messageId: flow.messageId });
    await fleet.aws.addFaults({ target: 'DeleteItem', fault: 'hang', match: flow.messageId });
    const deleting = () =>
      until('the release', async () => {
        return ((await fleet.aws.requests(flow.messageId))['DeleteItem'] ?? 0) > 0;
      });
    const { wake } = await stopWhen(flow, deleting);
    const taken = await takeOver(flow);
    expect(taken).toMatchObject({ status: 201, json: { status: 'sent' } });
    const settled = await fleet.table.message(flow.messageId);
    expect(await wake()).toMatchObject({ status: 201, text: taken.text });
    expect(await fleet.table.message(flow.messageId)).toEqual(settled);
  });

  it('makes no call when it was stopped before its call', async () => {
    const flow = fleet.flow({ to: await fleet.newCustomer() });
    const pair = `session#${flow.from}#${flow.to}`;
    await fleet.aws.addFaults({ target: 'GetItem', fault: 'hang', match: pair });
    const { wake } = await stopWhen(flow, () => whenWritten(fleet, flow.messageId, 1));
    const taken = await takeOver(flow);
    expect(taken).toMatchObject({ status: 201, json: { status: 'sent' } });
    const woken = await wake();
    // Its read may have run out of time meanwhile, and it can say no more than that.
    if (woken.status === 201) expect(woken.text).toBe(taken.text);
    else expect(woken).toMatchObject({ status: 503, json: { code: 'store-unavailable' } });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: taken.text });
  });
});

describe('a zombie with the only receipt', () => {
  it('contributes it: the unknown message becomes sent', async () => {
    const flow = fleet.flow();
    await fleet.aws.addFaults({ target: 'PutItem', fault: 'hang', match: flow.messageId, nth: 2 });
    const { wake } = await stopWhen(flow, () => whenWritten(fleet, flow.messageId, 2));
    await fleet.lipachat.fail({ kind: 'html-502' }, { messageId: flow.messageId, times: null });
    expect(await takeOver(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });

    const late = await wake();
    const [delivery, ...more] = await fleet.lipachat.deliveries(flow.messageId);
    expect(more).toEqual([]);
    expect(late).toMatchObject({ status: 201, json: { status: 'sent', waId: delivery?.waId } });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'sent' });
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: late.text });
  });
});
