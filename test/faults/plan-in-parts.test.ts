/**
 * A large file planned in many invocations with little time. Planners are killed at random moments, replaced by SQS and
 * by the tick, and overlap. The plan has to be the one that follows from the file.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { GetObjectCommand, type S3Client } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { planOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { chanceFor } from '../support/fleet/chance.ts';
import { cursorFor } from '../support/fleet/cursors.ts';
import { clock, type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Item } from '../support/fleet/table.ts';
import { digestOf, type ExpectedPlan, largeFile } from '../support/large-plan.ts';
import { s3ClientFor } from '../support/s3.ts';
import type { Worker } from '../support/worker.ts';

const ROWS = 130_000;
/** A planner ends its part half a minute before its time is over. */
const LIMIT_MS = 30_000 + 2_500;
/** After this silence, the tick replaces a planner. */
const GRACE_MS = 17 * 60_000;

type Stored = {
  state: string;
  planning?: { rows: number; tries: number; checkpoint?: { key: string; rows: number } };
  plan?: { parts: { key: string; bytes: number }[]; rejectedKeys: string[]; planId: string };
};

const random = chanceFor('plans in parts');
let fleet: Fleet;
let s3: S3Client;
let campaigns: CampaignCalls;
let campaignId: string;
let expected: ExpectedPlan;
const killed: string[] = [];
let invocations = 0;

const stored = async () => (await fleet.table.item(`campaign#${campaignId}`)) as Item & Stored;
const planner = () => fleet.spawn('campaignPlanner');

/** The plan's record, as SQS delivers it; undefined if the planner was killed. */
const deliver = async (worker: Worker, timeoutMs = LIMIT_MS): Promise<unknown> => {
  invocations += 1;
  const [body] = await fleet.sqs.bodies('PlanQueue');
  const event = { Records: [{ messageId: 'plan', body }] };
  return worker.invoke(event, { timeoutMs }).catch(() => undefined);
};

const killOne = async (): Promise<void> => {
  const doomed = await planner();
  // With time enough, so that it can't be done before it is killed.
  const call = deliver(doomed, 2 * LIMIT_MS);
  await sleep(random.between(200, 1_200));
  await doomed.stop();
  expect(await call).toBeUndefined();
  const { planning } = await stored();
  killed.push(`${planning?.rows} rows, ${planning?.checkpoint?.rows ?? 0} kept`);
};

beforeAll(async () => {
  fleet = await startFleet({ ownProcesses: true, counts: { campaigns: 1 } });
  s3 = s3ClientFor(fleet.sqs.url);
  campaigns = await campaignCallsOf(fleet);
  const file = largeFile(ROWS);
  const text = [...file.text()].join('');
  expected = file.expected();
  const template = { name: 'hello', languageCode: 'en' };
  const message = campaigns.message({ data: {}, whenClosed: 'template', template });
  const order = campaigns.order({ message, perMinute: 4_800 });
  ({ campaignId } = order);
  expect((await campaigns.create(order)).status).toBe(201);
  await campaigns.upload(campaignId, text);
  expect((await campaigns.plan(campaignId)).status).toBe(202);

  let current = await planner();
  await deliver(current);
  const first = await stored();
  expect(first.planning?.checkpoint?.rows).toBeGreaterThan(0);
  expect(await fleet.sqs.bodies('PlanQueue')).toHaveLength(2);

  // SQS delivers the record of the first one again, to the second one. The tick replaces that.
  await killOne();
  await killOne();
  const before = await stored();
  const later = await fleet.spawn('campaignTick', clock({ ahead: GRACE_MS }));
  await later.invoke({});
  await later.stop();
  expect((await stored()).planning).toMatchObject({
    tries: (before.planning?.tries ?? 0) + 1,
    rows: before.planning?.checkpoint?.rows,
  });
  // SQS may deliver a record twice, so two planners work at once.
  const other = await planner();
  await Promise.all([deliver(current), deliver(other)]);
  await other.stop();
  while ((await stored()).state === 'planning') {
    await deliver(current);
    if (random.happens(0.3)) {
      await current.stop();
      current = await planner();
    }
  }
});
afterAll(async () => {
  s3.destroy();
  await fleet.stop();
});

it('has all recipients once, in the order of the file, with the figures of the whole', async () => {
  const answer = await campaigns.read(campaignId);
  expect(answer.json).toMatchObject({ state: 'planned', reason: null });
  const { total } = expected.counts;
  expect(answer.json['plan']).toMatchObject({
    counts: { ...expected.counts, park: total, sendNow: 0, windowShut: 0, optedOut: 0 },
    possibleDuplicates: { count: expected.possibleDuplicates },
    price: { amount: expected.amount },
  });
  expect(planOf(answer).rejected).toHaveLength(100);
  const { plan } = await stored();
  const textsOf = async function* (keys: readonly string[]) {
    for (const Key of keys) {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket: fleet.sqs.bucketName, Key }));
      yield (await Body?.transformToByteArray()) ?? '';
    }
  };
  const parts = plan?.parts ?? [];
  console.log(`plan in parts: ${parts.length} parts, ${invocations} invocations, killed at`, killed);
  expect(parts.length).toBeGreaterThan(2);
  expect(killed).toHaveLength(2);
  expect(await digestOf(textsOf(parts.map(({ key }) => key)))).toBe(expected.accepted);
  expect(await digestOf(textsOf(plan?.rejectedKeys ?? []))).toBe(expected.rejected);
});

it('is listed over the ends of its parts: recipients and rejected rows', async () => {
  const seen: Record<string, number> = {};
  for (const status of ['invalid', 'duplicate']) {
    let next: unknown = '';
    const lines = new Set<unknown>();
    while (next !== null) {
      const after = next ? `&after=${next}` : '';
      const { json } = await campaigns.recipients(campaignId, `?status=${status}${after}`);
      for (const { line } of json['recipients'] as { line: number }[]) lines.add(line);
      next = json['next'];
    }
    seen[status] = lines.size;
  }
  expect(seen).toEqual({ invalid: expected.counts.invalid, duplicate: expected.counts.duplicate });

  const { plan } = await stored();
  const end = plan?.parts?.[0]?.bytes ?? 0;
  const query = ['recipients', campaignId, plan?.planId, undefined];
  const at = async (offset: number) => {
    const after = await cursorFor(fleet, { token: campaigns.token, place: `r5-${offset}`, query });
    return campaigns.recipients(campaignId, `?after=${after}`);
  };
  const second = await at(end);
  expect(second.status).toBe(200);
  expect((second.json['recipients'] as unknown[]).length).toBeGreaterThan(100);
  expect((await at(end - 1)).status).toBe(400);
  expect((await at(end + 1)).status).toBe(400);
});
