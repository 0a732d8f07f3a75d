import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Answer, isReplay } from '../support/fleet/answer.ts';
import { clock, type Fleet, startFleet, sweep } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import { processOf } from '../support/fleet/steps.ts';
import type { Worker } from '../support/worker.ts';

/** Of the process that meets silence; the others have the time that they need. */
const DEADLINE_MS = 800;
/** On a busy machine an answer takes its time. Without the deadline it would take GATEWAY_DEADLINE_MS's default of 20 s. */
const SLACK_MS = 15_000;

/** LipaChat delivers, and its answer does not say so. */
const SPOILT: Fault[] = [
  { kind: 'accept-then-reset' },
  { kind: 'cut-body' },
  { kind: 'html-502', accepted: true },
  { kind: 'server-error', status: 500, accepted: true },
  { kind: 'server-error', status: 503, accepted: true },
  { kind: 'not-json', accepted: true },
  { kind: 'empty', accepted: true },
  { kind: 'success-without-data', accepted: true },
  { kind: 'redirect', status: 303, location: 'http://127.0.0.1:9/', accepted: true },
];
/** Nothing is delivered, and the answer does not say that either. */
const NEVER_ACCEPTED: Fault[] = [
  { kind: 'reset-before-accept' },
  { kind: 'html-502' },
  { kind: 'server-error', status: 500 },
  { kind: 'not-json' },
  { kind: 'empty' },
];
/** The whole deadline passes. */
const SILENT: Fault[] = [
  { kind: 'accept-then-silence' },
  { kind: 'silence-before-accept' },
  { kind: 'slow-drip', intervalMs: 100 },
];

const nameOf = ({ kind, status, accepted }: Fault): string =>
  [kind, status, accepted && 'accepted'].filter(Boolean).join(' ');
const named = (faults: Fault[]): [string, Fault][] => faults.map((fault) => [nameOf(fault), fault]);

let fleet: Fleet;
let hasty: Worker;

beforeAll(async () => {
  fleet = await startFleet();
  hasty = await fleet.spawn('sendFlow', { GATEWAY_DEADLINE_MS: String(DEADLINE_MS) });
});
afterEach(() => fleet.lipachat.mend());
afterAll(() => fleet.stop());

const timed = async (run: () => Promise<Answer>): Promise<Answer> => {
  const start = performance.now();
  const answer = await run();
  expect(performance.now() - start).toBeLessThan(DEADLINE_MS + SLACK_MS);
  return answer;
};

const expectUnknown = async (messageId: string, answer: Answer): Promise<void> => {
  expect(answer).toMatchObject({
    status: 202,
    headers: { location: `/v1/messages/${messageId}` },
    json: { messageId, status: 'unknown', reason: expect.any(String), nextStep: expect.any(String) },
  });
  expect(isReplay(answer)).toBe(false);
  const read = await fleet.message(messageId);
  expect(read).toMatchObject({ status: 200, json: { status: 'unknown', reason: expect.any(String) } });
  expect(read.json.timeline?.map(({ status }) => status)).not.toContain('sent');
};

describe('one answer that does not tell, and then one that does', () => {
  it.each(named([...SPOILT, ...NEVER_ACCEPTED]))('ends as sent, delivered once: %s', async (_name, fault) => {
    const flow = fleet.flow();
    await fleet.lipachat.fail(fault, { messageId: flow.messageId });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent', attempts: 2 } });
    const [first, second, ...more] = await fleet.lipachat.calls(flow.messageId);
    expect(more).toEqual([]);
    expect(second?.body).toEqual(first?.body);
    const deliveries = await fleet.lipachat.deliveries(flow.messageId);
    expect(deliveries.map(({ waId }) => waId)).toEqual([answer.json.waId]);
    expect(await fleet.send(flow)).toMatchObject({ status: 201, text: answer.text });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(2);
  });
});

describe('answers that never tell', () => {
  it.each(named([...SPOILT, ...SILENT.slice(0, 1)]))(
    'stand as unknown until a DELIVERED callback settles it: %s',
    async (_name, fault) => {
      const flow = fleet.flow();
      await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
      await expectUnknown(flow.messageId, await timed(() => fleet.sendThrough(hasty, flow)));
      expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);

      await fleet.lipachat.report(flow.messageId, 'DELIVERED');
      const [delivery] = await fleet.lipachat.deliveries(flow.messageId);
      expect((await fleet.message(flow.messageId)).json).toMatchObject({
        status: 'delivered',
        waId: delivery?.waId,
      });
      const calls = await fleet.lipachat.calls(flow.messageId);
      const proven = await fleet.send(flow);
      expect(proven).toMatchObject({ status: 201, json: { waId: delivery?.waId } });
      expect((await fleet.send(flow)).text).toBe(proven.text);
      expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls.length);
      expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    },
  );

  it.each(named([...NEVER_ACCEPTED, ...SILENT.slice(1, 2)]))(
    'are never called sent where nothing was delivered, and a repeat of the caller sends it: %s',
    async (_name, fault) => {
      const flow = fleet.flow();
      await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
      await expectUnknown(flow.messageId, await timed(() => fleet.sendThrough(hasty, flow)));
      expect(await fleet.lipachat.deliveries(flow.messageId)).toEqual([]);

      await fleet.lipachat.mend();
      expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent' } });
      expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    },
  );

  it.each(named(SILENT.slice(2)))('are waited for no longer than the deadline: %s', async (_name, fault) => {
    const flow = fleet.flow();
    await fleet.lipachat.fail(fault, { messageId: flow.messageId });
    await expectUnknown(flow.messageId, await timed(() => fleet.sendThrough(hasty, flow)));
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });
});

describe('the time of the function itself', () => {
  it('ends the wait for LipaChat early enough to store what became of it', async () => {
    const patient = processOf(fleet, 'sendFlow');
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-silence' }, { messageId: flow.messageId });
    const answer = await fleet.sendThrough(patient, flow, { timeoutMs: 4_000 });
    await expectUnknown(flow.messageId, answer);
  });
});

describe('the sweeper', () => {
  it('settles an unknown message by the same messageId, with no caller’s help', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, { messageId: flow.messageId, times: 2 });
    await expectUnknown(flow.messageId, await fleet.send(flow));
    await sweep(await fleet.spawn('sweeper', clock({ ahead: 45_000 })));
    const [delivery, ...more] = await fleet.lipachat.deliveries(flow.messageId);
    expect(more).toEqual([]);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'sent',
      waId: delivery?.waId,
    });
  });

  it('repeats nothing past the resend horizon: it stays unknown, visibly', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'accept-then-reset' }, { messageId: flow.messageId, times: 2 });
    await fleet.send(flow);
    const calls = await fleet.lipachat.calls(flow.messageId);
    const late = await fleet.spawn('sweeper', clock({ ahead: 901_000 }));
    await sweep(late);
    await sweep(late);
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(calls.length);
    expect((await fleet.message(flow.messageId)).json).toMatchObject({
      status: 'unknown',
      reason: expect.any(String),
      nextStep: expect.any(String),
    });
    await fleet.lipachat.report(flow.messageId, 'READ');
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'read' });
  });
});
