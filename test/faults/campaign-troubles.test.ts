/**
 * The operator's trouble, and refusals, that meet a whole campaign: four workers in processes of their own, a queue that
 * delivers twice, a sweeper, and a gateway that forgets what it has sent. Every delivery counts.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Progress, progressOf, recipientsOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, pumpStream, QUICK_QUEUES, sweepOnAndOn } from '../support/fleet/lanes.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';

/** Failures since the last success after which a campaign pauses, by default. */
const MOST = 10;
const RECIPIENTS = 80;
const PER_MINUTE = 720;
/** The last call that meets a trouble that heals. */
const LAST = 100;
const WORKERS = 4;
/** What the workers may have in hand when the tenth fails: a batch of ten each, and what is delivered twice. */
const IN_FLIGHT = WORKERS * 10 + 10;

const reject = (message: string, httpStatus = 200): Fault => ({ kind: 'reject', httpStatus, message });

/** With the failures that pause a campaign: a wrong key is everybody's, so one is enough. */
const TROUBLES: [string, Fault, RegExp, number][] = [
  ['403 HTML', { kind: 'foreign', status: 403 }, /HTTP 403.*gateway-misconfigured/, MOST],
  ['no balance', reject('Insufficient balance'), /Insufficient balance.*gateway-misconfigured/, MOST],
  ['401', { kind: 'foreign', status: 401 }, /gateway-credentials/, 1],
];

describe.each(['resend', 'hold'])('with AMBIGUOUS_OUTCOME=%s', (mode) => {
  let fleet: Fleet;
  let campaigns: CampaignCalls;
  let queue: QueuePump;
  let running: { close: () => Promise<unknown> }[];

  beforeAll(async () => {
    fleet = await startFleet({
      ownProcesses: true,
      counts: { campaigns: 1, worker: WORKERS, publisher: 1, campaignTick: 1, sweeper: 1 },
      queues: QUICK_QUEUES,
      settings: {
        AMBIGUOUS_OUTCOME: mode,
        GATEWAY_ATTEMPTS: '1',
        SECRET_CACHE_SECONDS: '0',
        LOG_LEVEL: 'WARN',
      },
    });
    await fleet.lipachat.configure({ duplicateAnswer: 'send-again' });
    campaigns = await campaignCallsOf(fleet);
    const sweeps = sweepOnAndOn(fleet.workers['sweeper'] ?? [], 1_000);
    queue = pumpQueue(fleet, { queueName: 'CampaignQueue', duplicates: 0.1, environments: WORKERS });
    running = [{ close: sweeps.stop }, queue, pumpStream(fleet)];
  }, 60_000);
  afterEach(() => fleet.lipachat.mend());
  afterAll(async () => {
    await Promise.all(running.map((one) => one.close()));
    await fleet.stop();
  });

  const planned = async () => {
    const from = fleet.canaries.number();
    const customers = Array.from({ length: RECIPIENTS }, fleet.canaries.number);
    await fleet.simulator.control('POST', 'customers/messages', { customers, to: from });
    const recipients = { inline: customers.map((to) => ({ to, name: 'Asha' })) };
    const message = campaigns.message({ from });
    return { campaignId: await ready(campaigns, { perMinute: PER_MINUTE, message, recipients }), customers };
  };

  /** A paused campaign, once no worker has any of its jobs left. */
  const whenStill = (campaignId: string): Promise<Progress> =>
    until('it to stand still', async () => {
      const before = progressOf(await campaigns.read(campaignId));
      await sleep(400);
      if (!(await queue.isIdle())) return undefined;
      const after = progressOf(await campaigns.read(campaignId));
      return JSON.stringify(after) === JSON.stringify(before) && before;
    });

  const ringsOf = async (customers: readonly string[]) => {
    const rung = (await fleet.lipachat.deliveries()).map(({ to }) => to);
    return customers.map((customer) => rung.filter((to) => to === customer).length);
  };

  const callsFor = async (customers: readonly string[]) => {
    const calls = (await fleet.lipachat.calls()) as { body: { to?: string } }[];
    return calls.filter(({ body }) => customers.includes(body.to ?? '')).length;
  };

  const complete = async (campaignId: string): Promise<Progress> => {
    await fleet.lipachat.mend();
    const { json } = await campaigns.read(campaignId);
    if (json['state'] === 'paused') expect((await campaigns.resume(campaignId)).status).toBe(200);
    return progressOf(await campaigns.whenIs(campaignId, 'completed'));
  };

  it.each(TROUBLES)(
    '%s: pauses, all are pending again, and each gets it once',
    async (_, fault, reason, most) => {
      const { campaignId, customers } = await planned();
      await fleet.lipachat.fail(fault, { times: null });
      await campaigns.start(campaignId);
      const paused = await campaigns.whenIs(campaignId, 'paused');
      expect(paused.json).toMatchObject({ reason: expect.stringMatching(reason) });
      expect(await whenStill(campaignId)).toMatchObject({ pending: RECIPIENTS, sent: 0, failed: 0 });
      const calls = await callsFor(customers);
      expect(calls).toBeGreaterThanOrEqual(most);
      expect(calls).toBeLessThanOrEqual(most + IN_FLIGHT);
      expect(await complete(campaignId)).toMatchObject({ sent: RECIPIENTS, pending: 0, failed: 0 });
      expect(await ringsOf(customers)).toEqual(customers.map(() => 1));
    },
  );

  it('each refused in the same words: pauses, the refused stay so, and the rest get it once', async () => {
    const { campaignId, customers } = await planned();
    await fleet.lipachat.fail(reject('No such screen', 400), { times: null });
    await campaigns.start(campaignId);
    const paused = await campaigns.whenIs(campaignId, 'paused');
    expect(paused.json).toMatchObject({ reason: expect.stringMatching(/No such screen/) });
    const { failed = 0, pending } = await whenStill(campaignId);
    expect(failed).toBeGreaterThanOrEqual(MOST);
    expect(failed).toBeLessThanOrEqual(MOST + IN_FLIGHT);
    expect(pending).toBe(RECIPIENTS - failed);
    expect(await complete(campaignId)).toMatchObject({ sent: RECIPIENTS - failed, failed, pending: 0 });
    const refused = (await recipientsOf(campaigns, campaignId, '?status=failed')).map(({ to }) => to);
    expect(refused).toHaveLength(failed);
    expect(await ringsOf(customers)).toEqual(customers.map((to) => (refused.includes(to) ? 0 : 1)));
  });

  /** Until it is paused or completed, or `calls` were made for its customers. */
  const whenPausedOr = (campaignId: string, customers: readonly string[], calls: number) =>
    until('a pause, the end, or enough calls', async () => {
      const { json } = await campaigns.read(campaignId);
      return (json['state'] !== 'running' || (await callsFor(customers)) >= calls) && json;
    });

  it('trouble from about the 20th call to the 60th, which heals: each gets it once', async () => {
    const { campaignId, customers } = await planned();
    await campaigns.start(campaignId);
    await until('20 calls', async () => (await callsFor(customers)) >= 19);
    const healthy = await callsFor(customers);
    await fleet.lipachat.fail(reject('Salio lako halitoshi'), { times: LAST - healthy });
    let pauses = 0;
    for (;;) {
      const { state, reason } = await whenPausedOr(campaignId, customers, LAST);
      if (state !== 'paused') break;
      expect(reason).toMatch(/Salio lako halitoshi/);
      pauses += 1;
      const { sent = 0, pending = 0, failed } = await whenStill(campaignId);
      expect({ all: sent + pending, failed }).toEqual({ all: RECIPIENTS, failed: 0 });
      await campaigns.resume(campaignId);
    }
    expect(pauses).toBeGreaterThanOrEqual(2);
    expect(pauses).toBeLessThanOrEqual(Math.ceil(LAST / MOST));
    // The last failures were too few for a pause, and wait for a minute. A pause makes their records void.
    await campaigns.pause(campaignId);
    await whenStill(campaignId);
    expect(await complete(campaignId)).toMatchObject({ sent: RECIPIENTS, pending: 0, failed: 0 });
    expect(await ringsOf(customers)).toEqual(customers.map(() => 1));
  });
});
