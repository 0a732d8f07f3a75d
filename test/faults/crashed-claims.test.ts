/** Claims whose processes were killed in mid-send, and what finishes them without any index (ADR 028). */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { callSqs } from '../../local/aws/sqs-call.ts';
import { clock, type Fleet, type Flow, type SweepReport, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { unlessKilled } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';
import type { Worker } from '../support/worker.ts';

const CLAIMS = 200;
const SENDERS = 4;
const MINUTES = 1_440;
/** The consumer of the stream was stopped for an hour: by the clocks of what comes then, so much time has passed. */
const AN_HOUR_LATER = clock({ ahead: 3_600_000 });

let fleet: Fleet;
let flows: Flow[];

beforeEach(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    // The horizon is longer than the outage: past it, nothing may be repeated.
    settings: { RESEND_HORIZON_SECONDS: '86400' },
    counts: { sendFlow: 1 },
    queues: QUICK_QUEUES,
  });
  flows = Array.from({ length: CLAIMS }, () => fleet.flow());
  await killAllInMidSend();
});
afterEach(() => fleet.stop());

/** LipaChat has taken every other message, and none of them is answered when the processes are killed. */
async function killAllInMidSend(): Promise<void> {
  const faults = ['accept-then-silence', 'silence-before-accept'] as const;
  for (const [n, { messageId }] of flows.entries()) {
    await fleet.lipachat.fail({ kind: faults[n % 2] ?? faults[0] }, { messageId });
  }
  const doomed = await Promise.all(Array.from({ length: SENDERS }, () => fleet.spawn('sendFlow')));
  const calls = flows.map((flow, n) => {
    const sender = doomed[n % SENDERS];
    return sender && unlessKilled(fleet.sendThrough(sender, flow));
  });
  await until('every message to be under way', async () => (await fleet.lipachat.calls()).length >= CLAIMS);
  await Promise.all(doomed.map((sender) => sender.stop()));
  expect((await Promise.all(calls)).filter((answer) => answer !== undefined)).toEqual([]);
}

const messages = async () => (await fleet.table.items()).filter(({ pk }) => pk.startsWith('message#'));

const expectCrashed = async (): Promise<void> => {
  const items = await messages();
  expect(items).toHaveLength(CLAIMS);
  for (const item of items) {
    expect(item).toMatchObject({ status: 'sending', lease: { phase: 'dispatched' } });
    expect(item).not.toHaveProperty('due');
  }
};

const isFinished = async (): Promise<boolean> => (await messages()).every(({ status }) => status === 'sent');

const expectEachSentOnce = async (): Promise<void> => {
  const items = await messages();
  expect(items).toHaveLength(CLAIMS);
  for (const item of items) {
    expect(item).toMatchObject({ status: 'sent', answer: { kind: 'sent' } });
    for (const gone of ['lease', 'due', 'dueAt']) expect(item).not.toHaveProperty(gone);
  }
  const delivered = Map.groupBy(await fleet.lipachat.deliveries(), ({ messageId }) => messageId);
  for (const { messageId } of flows) expect(delivered.get(messageId)).toHaveLength(1);
};

describe(`${CLAIMS} claims whose ${SENDERS} processes were killed in mid-send`, () => {
  it('are finished by their watches after the consumer of the stream was stopped for an hour', async () => {
    await expectCrashed();
    fleet.workers['publisher'] = [await fleet.spawn('publisher', AN_HOUR_LATER)];
    fleet.workers['worker'] = await Promise.all(
      Array.from({ length: 2 }, () => fleet.spawn('worker', AN_HOUR_LATER)),
    );
    const pumps = [pumpStream(fleet, { duplicates: 0.2 }), pumpQueue(fleet, { duplicates: 0.2 })] as const;
    await until('all of them to be finished', isFinished, 180_000);
    await pumps[0].caughtUp();
    await pumps[1].drained();
    await Promise.all(pumps.map((pump) => pump.close()));
    expect(pumps[0].failures()).toEqual([]);
    await expectEachSentOnce();
  });

  it('are finished by a day of scans when every watch was lost', async () => {
    fleet.workers['publisher'] = [await fleet.spawn('publisher')];
    const stream = pumpStream(fleet);
    await stream.caughtUp();
    await stream.close();
    const watches = (await fleet.sqs.bodies()).filter((body) => body.startsWith('{"watch":'));
    expect(watches.length).toBeGreaterThanOrEqual(CLAIMS);
    await callSqs('PurgeQueue', { QueueUrl: fleet.sqs.queueUrl() });
    expect(await fleet.sqs.bodies()).toEqual([]);
    await expectCrashed();

    const sweeper = await fleet.spawn('sweeper', AN_HOUR_LATER);
    const { finished, failed } = await aDayOfTicks(sweeper);
    // On a busy machine LipaChat may answer a repeat too late: that message is finished a second time, when it is due.
    expect(finished).toBeGreaterThanOrEqual(CLAIMS);
    expect(failed).toBe(0);
    await expectEachSentOnce();
  });
});

/** The ticks of all minutes, each with its part of the table, a few at a time. */
async function aDayOfTicks(sweeper: Worker): Promise<{ finished: number; failed: number }> {
  const sum = { finished: 0, failed: 0 };
  let minute = 0;
  const runner = async (): Promise<void> => {
    while (minute < MINUTES) {
      const segment = minute;
      minute += 1;
      const report = await sweeper.invoke<SweepReport>({ segment, of: MINUTES });
      sum.finished += report.finished;
      sum.failed += report.failed;
      expect(report).not.toHaveProperty('cut');
    }
  };
  // Each tick makes twenty queries and scans.
  await Promise.all(Array.from({ length: 2 }, runner));
  return sum;
}
