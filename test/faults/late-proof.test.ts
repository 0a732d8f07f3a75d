/**
 * WhatsApp fails a send and delivers it all the same, and processes die between a template message and its note.
 * LipaChat deduplicates nothing here, so that each send makes the customer's phone ring.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { chanceFor } from '../support/fleet/chance.ts';
import { clock, type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, QUICK_QUEUES, sweepOnAndOn } from '../support/fleet/lanes.ts';
import { unlessKilled } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';

const PROVED = 40;
const FAILED = 8;
const INVITED = 12;
/** Minutes of the sweeper and of the pauses pass in seconds. */
const FAST = clock({ fast: 12, since: Date.now() });

const random = chanceFor('late-proof');
const failed = { errorCode: 131_000, repeat: 2, concurrent: true };

/** Reports one send as failed, and proves by another callback that it arrived. */
const contradict = async (fleet: Fleet, flow: Flow, n: number): Promise<void> => {
  const useWaIdOnly = n % 3 === 0;
  const steps = [
    () => fleet.lipachat.report(flow.messageId, 'FAILED', { ...failed, useWaIdOnly: random.happens(0.3) }),
    () =>
      n % 4 === 3
        ? fleet.lipachat.fillIn(flow.to, { messageId: flow.messageId, response: { a: 1 }, withContext: true })
        : fleet.lipachat.report(flow.messageId, n % 4 === 0 ? 'READ' : 'DELIVERED', { useWaIdOnly }),
  ];
  if (n % 2 === 1) steps.reverse();
  if (n % 5 === 0) await Promise.all(steps.map((step) => step()));
  else for (const step of steps) await step();
};

describe.each(['resend', 'hold'] as const)('with AMBIGUOUS_OUTCOME=%s and four processes of each', (mode) => {
  let fleet: Fleet;
  let endAll: () => Promise<unknown> = async () => {};
  const proved: { flow: Flow; text: string }[] = [];
  const unproved: Flow[] = [];

  beforeAll(async () => {
    const settings = { ...FAST, AMBIGUOUS_OUTCOME: mode, LEASE_SECONDS: '24', GATEWAY_DEADLINE_MS: '6000' };
    const counts = { sendFlow: 4, webhook: 4, worker: 4, sweeper: 4 };
    fleet = await startFleet({ settings, counts, ownProcesses: true, queues: QUICK_QUEUES });
    await fleet.lipachat.configure({ duplicateAnswer: 'send-again' });
  });
  afterAll(async () => {
    await endAll();
    await fleet.stop();
  });

  /** What sends again. A pause is below a second here: on a busy machine a proof would come after it. */
  const startResending = (): QueuePump => {
    const queue = pumpQueue(fleet);
    const sweeping = sweepOnAndOn(fleet.workers['sweeper'] ?? [], 1_000);
    endAll = () => Promise.all([queue.close(), sweeping.stop()]);
    return queue;
  };

  const ringsOf = async (messageId: string) => {
    const { waId, to } = (await fleet.lipachat.deliveries(messageId))[0] ?? expect.fail(messageId);
    const all = await fleet.lipachat.deliveries();
    return all.filter((one) => one.to === to && (one.waId === waId || one.kind === 'flow')).length;
  };

  it('a send that WhatsApp failed and delivered rings once', async () => {
    for (let n = 0; n < PROVED + FAILED; n += 1) {
      const flow = fleet.flow({ to: await fleet.newCustomer() });
      const { status, text } = await fleet.send(flow);
      expect(status).toBe(201);
      if (n < PROVED) proved.push({ flow, text });
      else unproved.push(flow);
    }
    await Promise.all(proved.map(({ flow }, n) => contradict(fleet, flow, n)));
    await Promise.all(unproved.map((flow) => fleet.lipachat.report(flow.messageId, 'FAILED', failed)));
    const queue = startResending();
    const wanted = mode === 'resend' ? 2 : 1;
    for (const flow of unproved) {
      await until(`${wanted} sends of ${flow.messageId}`, async () => {
        const { status } = (await fleet.message(flow.messageId)).json;
        return status === (mode === 'resend' ? 'sent' : 'failed');
      });
      expect(await ringsOf(flow.messageId)).toBe(wanted);
    }
    // The pauses of the failed sends above are over, so a resend of the proved ones has left by then.
    await queue.drained();
    for (const { flow, text } of proved) {
      const { json } = await fleet.message(flow.messageId);
      expect(['delivered', 'read']).toContain(json.status);
      expect(await ringsOf(flow.messageId)).toBe(1);
      expect(await fleet.send(flow)).toMatchObject({ status: 201, text });
    }
  });

  it('a template message rings once with hold, and under one id with resend, whoever dies before its note', async () => {
    const flows = Array.from({ length: INVITED }, () => ({
      ...fleet.flow({ to: fleet.canaries.number() }),
      whenClosed: 'template',
      template: { name: 'hello', languageCode: 'en' },
    }));
    for (const [n, flow] of flows.entries()) {
      const dies = n % 2 === 0;
      if (dies) await fleet.lipachat.configure({ latencyMs: 400 });
      // The claim, the parking, the lock, the alias and the first note are written; what follows the call is not.
      else
        await fleet.aws.addFaults({
          target: 'PutItem',
          fault: 'reset',
          nth: 6,
          times: 8,
          match: flow.messageId,
        });
      const sender = await fleet.spawn('sendFlow', FAST);
      const sending = unlessKilled(fleet.sendThrough(sender, flow));
      if (dies) {
        await until('its template message', async () => {
          const calls = await fleet.lipachat.calls();
          return calls.some(({ body }) => JSON.stringify(body).includes(flow.to)) || undefined;
        });
        sender.kill();
      }
      await sending;
      await fleet.lipachat.configure({ latencyMs: 0 });
      if (!dies) await sender.stop();
    }
    // Some sweeps of the parked flows, at the pace of the fast clock.
    await sleep(20_000);
    const all = await fleet.lipachat.deliveries();
    for (const flow of flows) {
      const rings = all.filter(({ to }) => to === flow.to);
      expect(rings.length).toBeGreaterThan(0);
      if (mode === 'hold') expect(rings).toHaveLength(1);
      expect(new Set(rings.map(({ messageId }) => messageId)).size).toBe(1);
      expect((await fleet.message(flow.messageId)).json.status).toBe('parked');
    }
  });
});
