import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FaultSpec } from '../../local/aws/faults.ts';
import type { Answer } from '../support/fleet/answer.ts';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, type Flow, startFleet, sweep } from '../support/fleet/fleet.ts';
import { processOf } from '../support/fleet/steps.ts';
import type { Worker } from '../support/worker.ts';

const RUNS = 100;
const AT_ONCE = 10;

const random = chanceFor('lost acknowledgements');

let fleet: Fleet;
let holding: Worker;

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, counts: { sendFlow: 3 } });
  holding = await fleet.spawn('sendFlow', { AMBIGUOUS_OUTCOME: 'hold' });
});
afterAll(() => fleet.stop());

type Run = { flow: Flow; fault: FaultSpec; answer: Answer };

/** Applied and never acknowledged: the nth call about this message, and maybe some after it. */
const lost = (flow: Flow, times: number): FaultSpec => ({
  target: random.pick(['*', 'PutItem', 'PutItem', 'GetItem']),
  fault: 'apply-then-reset',
  match: flow.messageId,
  nth: random.between(1, 4),
  times,
});

const runAll = async (count: number, times: () => number): Promise<Run[]> => {
  const runs: Run[] = [];
  for (let at = 0; at < count; at += AT_ONCE) {
    await fleet.aws.reset();
    const some = Array.from({ length: AT_ONCE }, async (_, n): Promise<Run> => {
      const flow = fleet.flow();
      const fault = lost(flow, times());
      await fleet.aws.addFaults(fault);
      const worker = n % 4 === 3 ? holding : processOf(fleet, 'sendFlow', n % 4);
      return { flow, fault, answer: await fleet.sendThrough(worker, flow) };
    });
    runs.push(...(await Promise.all(some)));
  }
  await fleet.aws.reset();
  return runs;
};

describe('a lost acknowledgement', () => {
  it('at any call for a message strands none of a hundred: each is sent with one call', async () => {
    const runs = await runAll(RUNS, () => random.between(1, 3));
    expect(runs).toHaveLength(RUNS);
    for (const { flow, fault, answer } of runs) {
      expect(answer, JSON.stringify(fault)).toMatchObject({ status: 201, json: { status: 'sent' } });
      expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
    }
    const messages = (await fleet.table.items()).filter(({ pk }) => pk.startsWith('message#'));
    expect(messages).toHaveLength(RUNS);
    for (const message of messages) {
      expect(message).toMatchObject({ status: 'sent', answer: { kind: 'sent' } });
      expect(message).not.toHaveProperty('lease');
    }
  });

  it('that recurs past all retries strands nothing either, and nothing is delivered twice', async () => {
    const runs = await runAll(40, () => random.between(4, 12));
    expect(runs).toHaveLength(40);
    const later = await fleet.spawn('sweeper', clock({ ahead: 100_000 }));
    await sweep(later);
    for (const { flow, fault, answer } of runs) {
      expect([201, 202, 503], JSON.stringify(fault)).toContain(answer.status);
      const stored = await fleet.table.message(flow.messageId);
      // Either the claim was given back before anything left, or the message is sent.
      if (stored) expect(stored, JSON.stringify(fault)).toMatchObject({ status: 'sent' });
      else expect(await fleet.lipachat.calls(flow.messageId)).toEqual([]);
      expect(await fleet.send(flow)).toMatchObject({ status: 201 });
      expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
    }
  });

  it('when a claim is given back leaves the id free: the same request is sent the next time', async () => {
    // A fresh process, because the SDK has a budget of retries and the others have used theirs up.
    const fresh = await fleet.spawn('sendFlow');
    for (const times of [1, 3]) {
      const flow = fleet.flow();
      await fleet.lipachat.fail({ kind: 'throttle', retryAfter: 30 }, { messageId: flow.messageId });
      const fault = { target: 'DeleteItem', fault: 'apply-then-reset', times } as const;
      await fleet.aws.addFaults({ ...fault, match: flow.messageId });
      expect(await fleet.sendThrough(fresh, flow)).toMatchObject({
        status: 503,
        json: { code: 'gateway-throttled' },
      });
      expect(await fleet.table.message(flow.messageId)).toBeUndefined();
      expect(await fleet.sendThrough(fresh, flow)).toMatchObject({ status: 201 });
    }
  });
});
