import { setTimeout as sleep } from 'node:timers/promises';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Progress, progressOf, recipientsOf } from '../support/campaign-answers.ts';
import {
  type CampaignCalls,
  type CampaignFields,
  campaignCallsOf,
  ready,
} from '../support/fleet/campaigns.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import type { Fault } from '../support/fleet/lipachat.ts';
import { processOf } from '../support/fleet/steps.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import { s3ClientFor } from '../support/s3.ts';
import type { StreamPump } from '../support/stream-pump.ts';

let fleet: Fleet;
let campaigns: CampaignCalls;
let pumps: [QueuePump, StreamPump];

beforeAll(async () => {
  const counts = { campaigns: 1, worker: 2, publisher: 1, campaignTick: 1 };
  fleet = await startFleet({
    counts,
    queues: QUICK_QUEUES,
    settings: { GATEWAY_ATTEMPTS: '1', SECRET_CACHE_SECONDS: '0' },
  });
  campaigns = await campaignCallsOf(fleet);
  pumps = [pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpStream(fleet)];
});
afterAll(async () => {
  await Promise.all(pumps.map((pump) => pump.close()));
  await fleet.stop();
});

/** A business number of its own, since setbacks are a number's, and customers whose windows with it are open. */
const crowdOf = async (count: number) => {
  const from = fleet.canaries.number();
  const customers = Array.from({ length: count }, fleet.canaries.number);
  await fleet.simulator.control('POST', 'customers/messages', { customers, to: from });
  return { from, customers };
};

type Crowd = Awaited<ReturnType<typeof crowdOf>>;

const started = async ({ from, customers }: Crowd, fields: CampaignFields = {}) => {
  const recipients = { inline: customers.map((to) => ({ to, name: 'Asha' })) };
  const message = campaigns.message({ from });
  const campaignId = await ready(campaigns, { perMinute: 600, message, recipients, ...fields });
  expect((await campaigns.start(campaignId)).status).toBe(200);
  return campaignId;
};
const strike = (to: string, fault: Fault, times = 1) =>
  fleet.simulator.control('PUT', 'faults', { match: { to }, times, fault });
/** Undefined while the store is too busy to say. */
const progress = async (campaignId: string): Promise<Progress | undefined> =>
  progressOf(await campaigns.read(campaignId));
const whenSent = (campaignId: string, count: number) =>
  until(`${count} to be sent`, async () => {
    await sleep(60);
    return ((await progress(campaignId))?.['sent'] ?? 0) >= count;
  });
/** How it stands once nothing more moves: longer than the pause between two slots. */
const whenStill = (campaignId: string, slotMs = 700): Promise<Progress> =>
  until('it to stand still', async () => {
    const before = await progress(campaignId);
    await sleep(slotMs);
    return JSON.stringify(await progress(campaignId)) === JSON.stringify(before) && before;
  });
const ringsOf = async (customers: string[]) => {
  const rung = (await fleet.lipachat.deliveries()).map(({ to }) => to);
  return customers.map((customer) => rung.filter((to) => to === customer).length);
};
const told = async (campaignId: string) => {
  await pumps[1].caughtUp();
  const events = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
  return events.map(({ type, detail }) => [type.replace('campaign.', ''), detail['reason']] as const);
};
const once = (customers: string[]) => customers.map(() => 1);

describe.concurrent('control', () => {
  /** So many that they are under way for seconds after the first two, at 120 a minute. */
  const COUNT = 20;

  it('paused, nothing more is sent; resumed, the rest is, each once; the events tell it in order', async () => {
    const crowd = await crowdOf(COUNT);
    const campaignId = await started(crowd, { perMinute: 120 });
    await whenSent(campaignId, 2);
    const paused = await campaigns.pause(campaignId);
    expect(paused).toMatchObject({ status: 200, json: { state: 'paused', reason: 'paused by request' } });
    const wrong = await campaigns.start(campaignId);
    expect(wrong).toMatchObject({ status: 409, json: { detail: expect.stringContaining('You can resume') } });
    expect(await campaigns.plan(campaignId)).toMatchObject({ status: 409 });
    const stood = await whenStill(campaignId);
    expect(stood['pending']).toBeGreaterThan(0);
    expect(await campaigns.pause(campaignId)).toMatchObject({ status: 200, json: { state: 'paused' } });
    expect(await campaigns.resume(campaignId)).toMatchObject({
      status: 200,
      json: { state: 'running', reason: null },
    });
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ total: COUNT, sent: COUNT, pending: 0 });
    expect(await ringsOf(crowd.customers)).toEqual(once(crowd.customers));
    const types = (await told(campaignId)).map(([type]) => type);
    expect(types).toEqual(['planned', 'started', 'paused', 'resumed', 'completed']);
  });

  it('cancelled is final: what is queued is dropped, and the rest was not reached', async () => {
    const crowd = await crowdOf(COUNT);
    const campaignId = await started(crowd, { perMinute: 120 });
    await whenSent(campaignId, 2);
    expect(await campaigns.cancel(campaignId)).toMatchObject({ status: 200, json: { state: 'cancelled' } });
    const { sent = 0, notReached = 0, pending } = await whenStill(campaignId);
    expect({ all: sent + notReached, pending }).toEqual({ all: COUNT, pending: 0 });
    expect(notReached).toBeGreaterThan(0);
    expect((await ringsOf(crowd.customers)).filter((times) => times === 1)).toHaveLength(sent);
    for (const verb of ['resume', 'pause', 'start'] as const) {
      expect(await campaigns[verb](campaignId)).toMatchObject({ status: 409 });
    }
    expect((await told(campaignId)).map(([type]) => type)).toEqual(['planned', 'started', 'cancelled']);
  });
});

describe.concurrent('one recipient’s trouble is not the campaign’s', () => {
  it('a refusal fails one, with its reason, and the others go on', async () => {
    const crowd = await crowdOf(5);
    const [, undeliverable = '', wrong = '', optedOut = '', shut = ''] = crowd.customers;
    await strike(undeliverable, { kind: 'error-code', code: 131026 });
    await strike(wrong, { kind: 'reject', httpStatus: 400, message: 'No such screen' });
    await strike(optedOut, { kind: 'error-code', code: 131050 });
    await strike(shut, { kind: 'error-code', code: 131047 });
    const campaignId = await started(crowd);
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ total: 5, sent: 1, failed: 2, 'opted-out': 1, 'window-shut': 1 });
    const failed = await recipientsOf(campaigns, campaignId, '?status=failed');
    expect(failed.map(({ to }) => to)).toEqual([undeliverable, wrong]);
    expect(failed.map(({ reason }) => reason)).toEqual([
      expect.stringContaining('131026'),
      expect.stringContaining('No such screen'),
    ]);
  });

  it('a poison record is dropped, and an outcome that nobody can tell is left to the message', async () => {
    const crowd = await crowdOf(2);
    await strike(crowd.customers[0] ?? '', { kind: 'accept-then-reset' }, 1);
    const campaignId = await started(crowd);
    const nobody = { campaignId, n: 99, row: 1, wokenAt: new Date(), slotAt: new Date(), tries: 0 };
    for (const body of [nobody, { ...nobody, campaignId: 'none' }, { campaignId }, '{'])
      await fleet.sqs.send(body, { queueName: 'CampaignQueue' });
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ total: 2, sent: 1, unknown: 1, pending: 0 });
    expect(await ringsOf(crowd.customers)).toEqual([1, 1]);
  });
});

describe.concurrent('what is everybody’s trouble', () => {
  it.each<[string, Fault, RegExp]>([
    ['131048, the number’s quality', { kind: 'error-code', code: 131048 }, /content-blocked/],
    [
      '132015, the template is paused',
      { kind: 'error-code', code: 132015, place: 'errors-array' },
      /content-held/,
    ],
    ['132068, the flow is blocked', { kind: 'error-code', code: 132068, httpStatus: 200 }, /content-blocked/],
    ['190, the access token', { kind: 'error-code', code: 190 }, /stop-number/],
    ['131031, the account', { kind: 'error-code', code: 131031, place: 'data' }, /stop-number/],
    [
      'LipaChat refuses the apiKey',
      { kind: 'invalid-credentials', httpStatus: 200 },
      /apiKey.*gateway-credentials/,
    ],
  ])('pauses the campaign with its reason, and nobody is lost: %s', async (_what, fault, reason) => {
    const crowd = await crowdOf(4);
    const [, second = ''] = crowd.customers;
    await strike(second, fault);
    const campaignId = await started(crowd);
    const paused = await campaigns.whenIs(campaignId, 'paused');
    expect(paused.json).toMatchObject({ reason: expect.stringMatching(reason) });
    const still = await whenStill(campaignId, 200);
    expect(still).toMatchObject({ failed: 0, total: 4 });
    expect((still['sent'] ?? 0) + (still['pending'] ?? 0)).toBe(4);
    expect((await ringsOf([second]))[0]).toBe(0);
    // What stood in the way is out of it: the fault strikes once.
    expect(await campaigns.resume(campaignId)).toMatchObject({ status: 200 });
    expect(progressOf(await campaigns.whenIs(campaignId, 'completed'))).toMatchObject({ sent: 4 });
    expect(await ringsOf(crowd.customers)).toEqual(once(crowd.customers));
    const events = await told(campaignId);
    expect(events).toContainEqual(['paused', paused.json.reason]);
  });

  it('130429 halves the number’s pace from the next look on, and the recipient comes again', async () => {
    const crowd = await crowdOf(30);
    await strike(crowd.customers[0] ?? '', { kind: 'error-code', code: 130429 }, 1);
    const campaignId = await started(crowd, { perMinute: 4_800 });
    const before = Number((await progress(campaignId))?.['ratePerMinute']);
    expect(before).toBeCloseTo(4_800 * 0.9);
    await until('the number to be slowed', async () => fleet.table.item(`number#${crowd.from}`));
    await processOf(fleet, 'campaignTick').invoke({});
    expect((await progress(campaignId))?.['ratePerMinute']).toBeCloseTo(before / 2);
    // Slowed, all that is pending has new slots: the one who was refused is among them.
    const done = progressOf(await campaigns.whenIs(campaignId, 'completed'));
    expect(done).toMatchObject({ total: 30, sent: 30, failed: 0 });
    expect(await ringsOf(crowd.customers)).toEqual(once(crowd.customers));
    const toFirst = (await fleet.lipachat.calls()).filter(
      ({ body }) => (body as { to: string }).to === crowd.customers[0],
    );
    expect(toFirst.map(({ fault }) => fault)).toEqual(['error-code', null]);
  });
});

/** With a look of half a minute later, which would move the slots of all others: not beside them. */
describe('the plan object in mid-run', () => {
  const s3 = () => s3ClientFor(fleet.sqs.url);
  const fileOf = async (campaignId: string) => {
    const Bucket = fleet.sqs.bucketName;
    const { Contents = [] } = await s3().send(
      new ListObjectsV2Command({ Bucket, Prefix: `plans/${campaignId}/` }),
    );
    const keys = Contents.map((object) => object.Key ?? '');
    return { Bucket, Key: keys.find((key) => !key.endsWith('.rejected.jsonl')) ?? '' };
  };
  const EVIL = '[1,"254700000000",{"name":"Evil"}]\n'.repeat(9);

  it.each<[string, (file: { Bucket: string; Key: string }) => Promise<unknown>, RegExp]>([
    [
      'deleted',
      (file) => s3().send(new DeleteObjectCommand(file)),
      /plan can't be read: the file does not exist/,
    ],
    [
      'replaced',
      (file) => s3().send(new PutObjectCommand({ ...file, Body: EVIL })),
      /plan can't be read: the file changed after it was planned/,
    ],
  ])(
    '%s, pauses the campaign, says why, and nothing is sent that was not planned',
    async (_what, harm, reason) => {
      const crowd = await crowdOf(8);
      const campaignId = await started(crowd, { perMinute: 2 });
      await whenSent(campaignId, 1);
      await harm(await fileOf(campaignId));
      const later = await fleet.spawn('campaignTick', clock({ ahead: 35_000 }));
      await later.invoke({});
      const paused = await campaigns.whenIs(campaignId, 'paused');
      expect(paused.json).toMatchObject({ reason: expect.stringMatching(reason) });
      expect(progressOf(paused)).toMatchObject({ total: 8, sent: 1, failed: 0, pending: 7 });
      const listed = await campaigns.recipients(campaignId);
      expect(listed).toMatchObject({ status: 409, json: { detail: expect.stringMatching(reason) } });
      expect(await ringsOf(crowd.customers)).toEqual([1, 0, 0, 0, 0, 0, 0, 0]);
      // Who was read of the plan while it was there may get the flow now; then it stands still again.
      expect(await campaigns.resume(campaignId)).toMatchObject({ status: 200, json: { state: 'paused' } });
      const { sent, pending, failed } = await whenStill(campaignId, 200);
      expect({ all: Number(sent) + Number(pending), failed }).toEqual({ all: 8, failed: 0 });
      const rung = await ringsOf(crowd.customers);
      expect(rung.filter((times) => times === 1)).toHaveLength(Number(sent));
      expect(await ringsOf(['254700000000'])).toEqual([0]);
      expect((await told(campaignId)).at(-1)).toEqual(['paused', expect.stringMatching(reason)]);
      await campaigns.cancel(campaignId);
    },
  );
});

/** All of the fleet has one key: last, and alone. */
describe('a wrong apiKey', () => {
  it('pauses the campaign with nothing sent; mended, a resume finishes it', async () => {
    const crowd = await crowdOf(3);
    const name = String(fleet.environment['API_KEY_PARAMETER']);
    await fleet.aws.setParameter(name, fleet.canaries.secret('other-key'));
    const campaignId = await started(crowd);
    const paused = await campaigns.whenIs(campaignId, 'paused');
    expect(paused.json.reason).toMatch(/apiKey/);
    expect(await whenStill(campaignId, 200)).toMatchObject({ sent: 0, failed: 0, pending: 3 });
    await fleet.aws.setParameter(name, fleet.apiKey);
    await campaigns.resume(campaignId);
    expect(progressOf(await campaigns.whenIs(campaignId, 'completed'))).toMatchObject({ sent: 3, failed: 0 });
    expect(await ringsOf(crowd.customers)).toEqual(once(crowd.customers));
  });
});
