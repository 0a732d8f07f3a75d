import { randomUUID } from 'node:crypto';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, progressOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { eventsOf, firsts, pumpQueue, pumpStream, QUICK_QUEUES } from '../support/fleet/lanes.ts';
import { tickAtOnce } from '../support/fleet/ticks.ts';
import { until } from '../support/fleet/wait.ts';
import { s3ClientFor } from '../support/s3.ts';
import type { Worker } from '../support/worker.ts';

/*
 * One after the other: a tick with its clock ahead looks at every campaign that is due by then, so each test
 * leaves its own at an end.
 */

type View = { campaignId: string; parent: string | null; state: string };
type DirectResponse = { statusCode: number; body: Record<string, unknown> };

let fleet: Fleet;
let campaigns: CampaignCalls;
let closers: { close: () => Promise<void> }[];
let caughtUp: () => Promise<void>;

beforeAll(async () => {
  const counts = { campaigns: 1, campaignPlanner: 1, campaignTick: 1, worker: 1, publisher: 1 };
  fleet = await startFleet({ counts, queues: QUICK_QUEUES });
  campaigns = await campaignCallsOf(fleet);
  const stream = pumpStream(fleet);
  caughtUp = stream.caughtUp;
  const planning = { queueName: 'PlanQueue', workers: fleet.workers['campaignPlanner'] ?? [] };
  closers = [stream, pumpQueue(fleet, { queueName: 'CampaignQueue' }), pumpQueue(fleet, planning)];
});
afterAll(async () => {
  await Promise.all(closers.map((one) => one.close()));
  await fleet.stop();
});

const HOUR_MS = 3_600_000;
const at = (ms: number) => new Date(Date.now() + ms).toISOString();
const to = (...customers: string[]) => ({
  inline: customers.map((customer) => ({ to: customer, name: 'Asha' })),
});
const ringsOf = async (customer: string) =>
  (await fleet.lipachat.deliveries()).filter((delivery) => delivery.to === customer).length;
/** One minute's look, as late as that. */
const tickAhead = async (ms: number) => {
  const ticker = await fleet.spawn('campaignTick', clock({ ahead: ms }));
  await ticker.invoke({});
  return ticker;
};
const told = async (campaignId: string) => {
  await caughtUp();
  const events = firsts(await eventsOf(fleet)).filter(({ detail }) => detail['campaignId'] === campaignId);
  return events.map(({ type }) => type);
};

describe('startAt', () => {
  it('keeps a started campaign scheduled until then: a tick before it sends nothing, one after it sends all', async () => {
    const customer = await fleet.newCustomer();
    const campaignId = await ready(campaigns, { recipients: to(customer), startAt: at(HOUR_MS) });
    expect((await campaigns.start(campaignId)).json).toMatchObject({
      state: 'scheduled',
      startedAt: null,
      progress: null,
    });
    await tickAhead(HOUR_MS - 60_000);
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state: 'scheduled' });
    const ticker = await tickAhead(HOUR_MS + 1_000);
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state: 'running' });
    // Its slots are of the clock that is ahead: a worker of that time takes them.
    const worker = await fleet.spawn('worker', clock({ ahead: HOUR_MS + 1_000 }));
    const bodies = await until('its record', async () => {
      const found = (await fleet.sqs.bodies('CampaignQueue')).filter((body) => body.includes(campaignId));
      return found.length > 0 && found;
    });
    const Records = bodies.map((body) => ({ messageId: randomUUID(), body }));
    await worker.invoke({ Records });
    await worker.invoke({ Records });
    await ticker.invoke({});
    expect(progressOf(await campaigns.whenIs(campaignId, 'completed'))).toMatchObject({ sent: 1 });
    expect(await ringsOf(customer)).toBe(1);
    expect(await told(campaignId)).toEqual([
      ...['campaign.planned', 'campaign.scheduled', 'campaign.started', 'campaign.completed'],
    ]);
  });
});

describe('expiresAt', () => {
  it('ends a running campaign, with who was not reached', async () => {
    const customers = await Promise.all([1, 2, 3].map(fleet.newCustomer));
    const campaignId = await ready(campaigns, {
      recipients: to(...customers),
      perMinute: 1,
      expiresAt: at(HOUR_MS),
    });
    await campaigns.start(campaignId);
    await until(
      'the first to be sent',
      async () => progressOf(await campaigns.read(campaignId))['sent'] === 1,
    );
    await tickAhead(HOUR_MS + 1_000);
    const expired = await campaigns.read(campaignId);
    expect(expired.json).toMatchObject({
      state: 'expired',
      reason: expect.stringContaining('expiresAt passed'),
    });
    expect(progressOf(expired)).toMatchObject({ total: 3, sent: 1, pending: 0, notReached: 2 });
    expect(await campaigns.resume(campaignId)).toMatchObject({
      status: 409,
      json: { code: 'campaign-state' },
    });
    expect(await told(campaignId)).toEqual(['campaign.planned', 'campaign.started', 'campaign.expired']);
  });

  it('is kept by the worker, too: what is queued by then is not sent', async () => {
    const customer = await fleet.newCustomer();
    const campaignId = await ready(campaigns, {
      recipients: to(customer, await fleet.newCustomer()),
      perMinute: 1,
      expiresAt: at(HOUR_MS),
    });
    await campaigns.start(campaignId);
    await until(
      'the first to be sent',
      async () => progressOf(await campaigns.read(campaignId))['sent'] === 1,
    );
    const late = await fleet.spawn('worker', clock({ ahead: HOUR_MS + 1_000 }));
    const bodies = (await fleet.sqs.bodies('CampaignQueue')).filter((body) => body.includes(campaignId));
    expect(bodies).toHaveLength(1);
    await late.invoke({ Records: bodies.map((body) => ({ messageId: randomUUID(), body })) });
    expect(progressOf(await campaigns.read(campaignId))).toMatchObject({ sent: 1, pending: 1 });
    await campaigns.cancel(campaignId);
  });

  it.each([
    ['scheduled', { startAt: at(HOUR_MS * 2), expiresAt: at(HOUR_MS * 3) }, HOUR_MS * 3],
    ['paused', { expiresAt: at(HOUR_MS), perMinute: 1 }, HOUR_MS],
  ] as const)('ends one that is %s', async (state, times, ms) => {
    const campaignId = await ready(campaigns, {
      recipients: to(fleet.customer, await fleet.newCustomer()),
      ...times,
    });
    await campaigns.start(campaignId);
    if (state === 'paused') await campaigns.pause(campaignId);
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state });
    await tickAhead(ms + 1_000);
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state: 'expired' });
  });
});

describe('a schedule', () => {
  it.each<[string, { expression: string; timeZone?: string }, RegExp]>([
    ['that can not be read', { expression: 'every day' }, /cron/],
    ['of an unknown zone', { expression: 'rate(1 day)', timeZone: 'Africa/Atlantis' }, /IANA/],
    ['in the past', { expression: 'cron(0 9 1 1 ? 2020)' }, /never/],
  ])('%s is refused, by field', async (_what, schedule, message) => {
    const answer = await campaigns.create(campaigns.order({ schedule }));
    expect(answer).toMatchObject({
      status: 400,
      json: {
        code: 'invalid-request',
        errors: [{ path: 'schedule', message: expect.stringMatching(message) }],
      },
    });
  });

  it('makes a campaign with an id of its own at each of its times, once, until it is cancelled', async () => {
    const schedule = { expression: 'cron(0/20 * ? * * *)', timeZone: 'Africa/Nairobi' };
    const order = campaigns.order({ schedule, recipients: to(fleet.customer) });
    await campaigns.create(order);
    const waiting = await campaigns.start(order.campaignId);
    expect(waiting).toMatchObject({
      status: 200,
      json: { state: 'scheduled', schedule, nextRunAt: expect.any(String) },
    });
    const first = Date.parse(String(waiting.json['nextRunAt']));
    expect(first % (20 * 60_000)).toBe(0);

    // Fired twice, as EventBridge may.
    const ahead = first - Date.now() + 1_000;
    const tickers = await Promise.all([1, 2].map(() => fleet.spawn('campaignTick', clock({ ahead }))));
    await tickAtOnce(tickers);
    const runs = async () => {
      const { json } = await campaigns.list();
      return (json['campaigns'] as View[]).filter(({ parent }) => parent === order.campaignId);
    };
    const [run, ...others] = await runs();
    expect(others).toEqual([]);
    const minute = new Date(first).toISOString().slice(0, 16).replace(/[-:]/g, '');
    const [prefix, tag] = [run?.campaignId.slice(0, -10), run?.campaignId.slice(-10)];
    expect(prefix).toBe(`${order.campaignId}~${minute}~`);
    expect(tag).toMatch(/^[A-Za-z0-9_-]{10}$/);
    expect((await campaigns.read(order.campaignId)).json).toMatchObject({
      state: 'scheduled',
      nextRunAt: new Date(first + 20 * 60_000).toISOString(),
    });
    // Planned from the queue and started by itself: it is the run that sends.
    const runId = run?.campaignId ?? '';
    const done = progressOf(await campaigns.whenIs(runId, ['running', 'completed']));
    expect(done['total']).toBe(1);
    await fleet.workers['campaignTick']?.[0]?.invoke({});
    expect(progressOf(await campaigns.whenIs(runId, 'completed'))).toMatchObject({ sent: 1 });

    await tickAhead(first + 20 * 60_000 - Date.now() + 1_000);
    expect(await runs()).toHaveLength(2);
    await campaigns.cancel(order.campaignId);
    await tickAhead(first + 40 * 60_000 - Date.now() + 1_000);
    expect(await runs()).toHaveLength(2);
  });
});

/** The definition as it comes to the function without HTTP: nobody waits to plan and start it. */
describe('a direct event', () => {
  const definition = async (fields = {}) =>
    campaigns.order({ recipients: to(await fleet.newCustomer()), perMinute: 600, ...fields });
  const busEvent = (detail: unknown) => ({
    ...{ version: '0', id: randomUUID(), 'detail-type': 'CampaignWanted', source: 'crm', account: '0' },
    ...{ time: '2026-01-02T03:04:05Z', region: 'eu-west-1', resources: [], detail },
  });
  const auth = (): Worker => fleet.workers['campaigns']?.[0] ?? expect.fail('no process');
  const admin = () => fleet.newClient(['campaigns', 'admin']);
  const readAs = async (token: string, campaignId: string) =>
    (await fleet.call('GET', `/v1/campaigns/${campaignId}`, { token })).json;

  it.each<[string, (order: object) => unknown]>([
    ['by invocation, and as the input of a schedule', (order) => order],
    ['as the detail of an EventBridge event', busEvent],
  ])('is created, planned and started %s; a repeat makes no second one', async (_how, eventOf) => {
    const token = await admin();
    const order = await definition();
    const { campaignId } = order;
    const first = await auth().invoke<DirectResponse>(eventOf(order));
    expect(first).toMatchObject({ statusCode: 201, body: { campaignId, plan: { counts: { total: 1 } } } });
    await until('it to complete', async () => (await readAs(token, campaignId))['state'] === 'completed');
    const again = await auth().invoke<DirectResponse>(eventOf(order));
    expect(again).toMatchObject({
      statusCode: 201,
      body: { campaignId, state: 'completed', progress: { sent: 1 } },
    });
    const { inline } = order.recipients as ReturnType<typeof to>;
    expect(await ringsOf(inline[0]?.to ?? '')).toBe(1);
    const other = await auth().invoke<DirectResponse>(eventOf({ ...order, name: 'Another' }));
    expect(other).toMatchObject({ statusCode: 422, body: { code: 'campaign-id-reused' } });
  });

  it('that is none is refused by field, and one whose recipients can not be read has failed, with the reason', async () => {
    const wrong = await auth().invoke<DirectResponse>({ ...(await definition()), perMinute: 0 });
    expect(wrong).toMatchObject({ statusCode: 400, body: { errors: [{ path: 'perMinute' }] } });
    const missing = await definition({ recipients: { s3: `s3://${fleet.sqs.bucketName}/nowhere.csv` } });
    const answer = await auth().invoke<DirectResponse>(missing);
    expect(answer.body).toMatchObject({ state: 'failed', reason: expect.stringContaining('does not exist') });
  });

  it('may be large, or for later: then it is planned from the queue, and starts at its time', async () => {
    const token = await admin();
    const later = await definition({ startAt: at(HOUR_MS) });
    const answer = await auth().invoke<DirectResponse>(later);
    expect(answer.body).toMatchObject({ state: 'scheduled', startAt: later.startAt });
    const scheduled = await definition({ schedule: { expression: 'rate(1 day)' } });
    expect((await auth().invoke<DirectResponse>(scheduled)).body).toMatchObject({ state: 'scheduled' });
    for (const { campaignId } of [later, scheduled]) {
      await fleet.call('POST', `/v1/campaigns/${campaignId}/cancel`, { token });
    }
    const file = csv(
      `${fleet.customer},${'x'.repeat(600)}`,
      ...Array.from({ length: 900 }, () => `12,${'x'.repeat(600)}`),
    );
    const order = campaigns.order({ perMinute: 600 });
    const Bucket = fleet.sqs.bucketName;
    await s3ClientFor(fleet.sqs.url).send(new PutObjectCommand({ Bucket, Key: 'large.csv', Body: file }));
    const large = await auth().invoke<DirectResponse>({
      ...order,
      recipients: { s3: `s3://${Bucket}/large.csv` },
    });
    expect(large.body).toMatchObject({ state: 'planning' });
    await until('it to complete', async () => {
      await fleet.workers['campaignTick']?.[0]?.invoke({});
      return (await readAs(token, order.campaignId))['state'] === 'completed';
    });
    expect((await readAs(token, order.campaignId))['progress']).toMatchObject({ total: 1, sent: 1 });
  });
});
