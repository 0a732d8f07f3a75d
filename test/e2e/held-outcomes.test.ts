import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { isReplay } from '../support/fleet/answer.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import type { Worker } from '../support/worker.ts';

const DEADLINE_MS = 1_000;

const AMBIGUOUS: [string, Fault][] = [
  ['accepted, then reset', { kind: 'accept-then-reset' }],
  ['accepted, then silence', { kind: 'accept-then-silence' }],
  ['cut in the middle', { kind: 'cut-body' }],
  ['a 500 behind a delivery', { kind: 'server-error', accepted: true }],
  ['HTML behind a delivery', { kind: 'html-502', accepted: true }],
];

let fleet: Fleet;
let sweeper: Worker;

beforeAll(async () => {
  const settings = { AMBIGUOUS_OUTCOME: 'hold', GATEWAY_DEADLINE_MS: String(DEADLINE_MS) };
  fleet = await startFleet({ settings });
  sweeper = await fleet.spawn('sweeper', clock({ ahead: 120_000 }));
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

describe('with AMBIGUOUS_OUTCOME=hold', () => {
  it.each(AMBIGUOUS)('LipaChat is called exactly once, whoever asks again: %s', async (_name, fault) => {
    const flow = fleet.flow();
    await fleet.lipachat.fail(fault, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    expect(await fleet.send(flow)).toMatchObject({
      status: 202,
      json: { status: 'unknown', reason: expect.any(String), nextStep: expect.any(String) },
    });
    await sweep(sweeper);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'unknown' });

    await fleet.lipachat.report(flow.messageId, 'DELIVERED');
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'delivered' });
    const settled = await fleet.send(flow);
    expect(settled.status).toBe(201);
    const again = await fleet.send(flow);
    expect(again).toMatchObject({ status: 201, text: settled.text });
    expect(isReplay(again)).toBe(true);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('a FAILED callback settles an unknown message as refused, for good', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, { messageId: flow.messageId });
    await fleet.send(flow);
    await fleet.lipachat.report(flow.messageId, 'FAILED', { errorCode: 131026 });
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'failed' });
    const refused = await fleet.send(flow);
    expect(refused).toMatchObject({ status: 422, json: { code: 'gateway-rejected' } });
    expect((await fleet.send(flow)).text).toBe(refused.text);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });

  it('a clean send is sent as ever', async () => {
    const flow = fleet.flow();
    expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent', attempts: 1 } });
  });

  it('what certainly never left is tried again: a connection that is refused is no ambiguity', async () => {
    const flow = fleet.flow();
    const [worker] = fleet.workers['sendFlow'] ?? [];
    const lost = await fleet.spawn('sendFlow', { LIPACHAT_BASE_URL: 'http://127.0.0.1:9/api/v1' });
    expect(await fleet.sendThrough(lost, flow)).toMatchObject({
      status: 503,
      json: { code: 'gateway-unavailable' },
    });
    expect(await fleet.table.message(flow.messageId)).toBeUndefined();
    expect(worker && (await fleet.sendThrough(worker, flow))).toMatchObject({ status: 201 });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });
});
