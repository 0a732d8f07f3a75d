/** Failures of a whole campaign: it pauses before the rest is spent, with four workers, and nobody gets it twice. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Progress, progressOf, recipientsOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import type { StreamPump } from '../support/stream-pump.ts';

const MOST = 10;
const RECIPIENTS = 30;
/** Recipients that the workers have in hand when the tenth fails. */
const IN_FLIGHT = 12;

let fleet: Fleet;
let campaigns: CampaignCalls;
let pumps: [QueuePump, StreamPump];

beforeAll(async () => {
  fleet = await startFleet({
    counts: { campaigns: 1, worker: 4, publisher: 1, campaignTick: 1 },
    queues: QUICK_QUEUES,
    settings: { GATEWAY_ATTEMPTS: '1', SECRET_CACHE_SECONDS: '0' },
  });
  // A second delivery would show.
  await fleet.lipachat.configure({ duplicateAnswer: 'send-again' });
  campaigns = await campaignCallsOf(fleet);
  pumps = [pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpStream(fleet)];
}, 60_000);
afterEach(() => fleet.lipachat.mend());
afterAll(async () => {
  await Promise.all(pumps.map((pump) => pump.close()));
  await fleet.stop();
});

/** Slow enough that a pause of a busy machine is still far from the last recipient. */
const SLOW_PER_MINUTE = 150;

const started = async (perMinute = 1_200) => {
  const from = fleet.canaries.number();
  const customers = Array.from({ length: RECIPIENTS }, fleet.canaries.number);
  await fleet.simulator.control('POST', 'customers/messages', { customers, to: from });
  const recipients = { inline: customers.map((to) => ({ to, name: 'Asha' })) };
  const message = campaigns.message({ from });
  const campaignId = await ready(campaigns, { perMinute, message, recipients });
  return { campaignId, customers };
};

const whenStill = (campaignId: string): Promise<Progress> =>
  until('it to stand still', async () => {
    const before = progressOf(await campaigns.read(campaignId));
    await sleep(400);
    const after = progressOf(await campaigns.read(campaignId));
    return JSON.stringify(after) === JSON.stringify(before) && before;
  });

const ringsOf = async (customers: readonly string[]) => {
  const rung = (await fleet.lipachat.deliveries()).map(({ to }) => to);
  return customers.map((customer) => rung.filter((to) => to === customer).length);
};

const reject = (message: string, httpStatus = 200): Fault => ({ kind: 'reject', httpStatus, message });

describe('the operator’s trouble', () => {
  it.each<[string, Fault, RegExp]>([
    ['no balance', reject('Insufficient balance'), /Insufficient balance.*gateway-misconfigured/],
    [
      'a wrong base URL',
      { kind: 'foreign', status: 404, form: 'framework' },
      /HTTP 404.*gateway-misconfigured/,
    ],
    ['a firewall', { kind: 'foreign', status: 403 }, /HTTP 403.*gateway-misconfigured/],
    ['a wrong key', reject('Invalid apiKey', 403), /gateway-credentials/],
  ])(
    'pauses the campaign with everybody pending, and a resume reaches each once: %s',
    async (_, fault, reason) => {
      const { campaignId, customers } = await started();
      await fleet.lipachat.fail(fault, { times: null });
      expect((await campaigns.start(campaignId)).status).toBe(200);
      const paused = await campaigns.whenIs(campaignId, 'paused');
      expect(paused.json).toMatchObject({ reason: expect.stringMatching(reason) });
      expect(await whenStill(campaignId)).toMatchObject({ failed: 0, sent: 0, pending: RECIPIENTS });
      await fleet.lipachat.mend();
      expect((await campaigns.resume(campaignId)).status).toBe(200);
      const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
      expect(done).toMatchObject({ total: RECIPIENTS, sent: RECIPIENTS, failed: 0 });
      expect(await ringsOf(customers)).toEqual(customers.map(() => 1));
    },
    90_000,
  );
});

describe('a refusal with the same words', () => {
  it('pauses the campaign before the rest is spent; who was refused stays refused', async () => {
    const { campaignId, customers } = await started(SLOW_PER_MINUTE);
    await fleet.lipachat.fail(reject('No such screen', 400), { times: null });
    await campaigns.start(campaignId);
    const paused = await campaigns.whenIs(campaignId, 'paused');
    expect(paused.json).toMatchObject({
      reason: expect.stringMatching(/one recipient after another: No such screen/),
    });
    const { failed = 0, pending = 0 } = await whenStill(campaignId);
    expect(failed).toBeGreaterThanOrEqual(MOST);
    expect(failed).toBeLessThanOrEqual(MOST + IN_FLIGHT);
    expect(failed + pending).toBe(RECIPIENTS);
    await fleet.lipachat.mend();
    await campaigns.resume(campaignId);
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ sent: RECIPIENTS - failed, failed });
    const refused = (await recipientsOf(campaigns, campaignId, '?status=failed')).map(({ to }) => to);
    expect(await ringsOf(customers)).toEqual(customers.map((to) => (refused.includes(to) ? 0 : 1)));
  }, 90_000);

  it('lets the campaign go on where others are sent between', async () => {
    const { campaignId, customers } = await started();
    const unlucky = customers.filter((_, n) => n % 2 === 1);
    for (const to of unlucky) {
      await fleet.simulator.control('PUT', 'faults', {
        match: { to },
        times: null,
        fault: reject('No.', 400),
      });
    }
    await campaigns.start(campaignId);
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ sent: RECIPIENTS / 2, failed: RECIPIENTS / 2 });
  }, 90_000);
});

describe('the operator’s trouble with template messages', () => {
  it('pauses the campaign too: the windows are shut, and no template gets through', async () => {
    const from = fleet.canaries.number();
    const customers = Array.from({ length: RECIPIENTS }, fleet.canaries.number);
    const recipients = { inline: customers.map((to) => ({ to, name: 'Asha' })) };
    const template = { name: 'hello', languageCode: 'en' };
    const message = campaigns.message({ from, whenClosed: 'template', template });
    const campaignId = await ready(campaigns, { perMinute: SLOW_PER_MINUTE, message, recipients });
    await fleet.lipachat.fail(reject('Insufficient balance'), { times: null });
    await campaigns.start(campaignId);
    const paused = await campaigns.whenIs(campaignId, 'paused');
    expect(paused.json).toMatchObject({ reason: expect.stringMatching(/gateway-misconfigured/) });
    const { parked = 0, pending = 0, failed } = await whenStill(campaignId);
    expect({ all: parked + pending, failed }).toEqual({ all: RECIPIENTS, failed: 0 });
    expect(parked).toBeLessThanOrEqual(MOST + IN_FLIGHT);
    await fleet.lipachat.mend();
    await campaigns.resume(campaignId);
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ parked: RECIPIENTS, failed: 0 });
  }, 90_000);
});
