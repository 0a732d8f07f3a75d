/**
 * Two people are erased, one of whom opted out, with 25,000 raw callbacks, uploads of every kind, and campaigns that run, wait
 * and come again. The planner that goes on with the erasure is killed. Nothing of the two is left, and nothing is sent to them.
 */
import { createHash, createHmac } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, ListObjectsV2Command, type S3Client } from '@aws-sdk/client-s3';
import { marshall } from '@aws-sdk/util-dynamodb';
import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ENTRY_BYTES } from '../../src/lib/campaigns/plan/seen-numbers.ts';
import { keyedId } from '../../src/lib/platform/deterministic-id.ts';
import type { PhoneNumber } from '../../src/lib/whatsapp/customer.ts';
import { isNamedIn } from '../../src/lib/whatsapp/phone.ts';
import { type CampaignCalls, campaignCallsOf, ready } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue, tracesOf } from '../support/fleet/lanes.ts';
import { type Ticks, tickOnAndOn } from '../support/fleet/ticks.ts';
import { until } from '../support/fleet/wait.ts';
import type { QueuePump } from '../support/queue-pump.ts';
import { s3ClientFor } from '../support/s3.ts';

const RAWS = 25_000;
const OTHERS = 40;

let fleet: Fleet;
let s3: S3Client;
let campaigns: CampaignCalls;
let admin: string;
const pumps: QueuePump[] = [];
let ticks: Ticks | undefined;
let silent: string;
let stopped: string;
let people: string[];
let others: string[];
const ids: Record<'running' | 'scheduled' | 'planned' | 'draft' | 'inline', string> = {
  running: '',
  scheduled: '',
  planned: '',
  draft: '',
  inline: '',
};

/** As version 0.1 keeps them, without lists: one in five names one of the two. */
const seedRaws = async (): Promise<void> => {
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new DynamoDBClient({ endpoint: fleet.aws.url, region: 'eu-west-1', credentials });
  const expires = Math.ceil(Date.now() / 1000) + 20 * 86_400;
  const rawOf = (n: number) => {
    const from = n % 5 === 0 ? people[n % 2] : `25471${String(1_000_000 + n)}`;
    const text = JSON.stringify({ event: 'ODD', n, from });
    const pk = `raw#${createHash('sha256').update(text).digest('hex')}`;
    return {
      pk,
      text,
      at: 1_000 + n,
      due: 'raw',
      dueAt: 1_000 + n,
      expires,
      rev: String(n),
      bytes: text.length,
    };
  };
  const TableName = fleet.environment.TABLE_NAME;
  const put = (n: number) => client.send(new PutItemCommand({ TableName, Item: marshall(rawOf(n)) }));
  await pMap(Array.from({ length: RAWS }).keys(), put, { concurrency: 16 });
  client.destroy();
};

const spelt = (number: string) => `+${number.slice(0, 3)} (${number.slice(3, 6)}) ${number.slice(6)}`;

/** The two stand at the end, so that a running campaign has not reached them. */
const file = (agent = ''): string =>
  [
    'to,name,agent',
    ...[...others, ...people].map((to) => `${spelt(to)},"N\n${to.slice(-2)}",${agent}`),
    '',
  ].join('\r\n');

const eraseAll = async (): Promise<string[]> => {
  const locations: string[] = [];
  for (const customer of people) {
    const path = `/v1/contacts/${fleet.business}/${customer}`;
    const answer = await fleet.call('DELETE', path, { token: admin });
    expect([202, 204]).toContain(answer.status);
    const location = answer.headers['location'];
    if (answer.status === 202) locations.push(String(location));
  }
  return locations;
};

const isDone = async (location: string): Promise<boolean> => {
  const { status, json, text } = await fleet.call('GET', location, { token: admin });
  expect(status).toBe(200);
  for (const customer of people) expect(text).not.toContain(customer);
  return json['status'] === 'done';
};

const objects = async (): Promise<Map<string, Buffer>> => {
  const Bucket = fleet.environment.RECIPIENTS_BUCKET;
  const { Contents = [] } = await s3.send(new ListObjectsV2Command({ Bucket }));
  const found = await pMap(
    Contents,
    async ({ Key = '' }) => {
      const { Body } = await s3.send(new GetObjectCommand({ Bucket, Key }));
      return [Key, Buffer.from((await Body?.transformToByteArray()) ?? [])] as const;
    },
    { concurrency: 8 },
  );
  return new Map(found);
};

const isIn = (key: string, bytes: Buffer, customer: string): boolean => {
  if (!key.endsWith('.numbers')) {
    const text = bytes[0] === 0x1f ? gunzipSync(bytes) : bytes;
    return isNamedIn(text.toString('utf8'), customer as PhoneNumber);
  }
  const [high, low] = [Number(BigInt(customer) >> 32n), Number(BigInt(customer) & 0xffffffffn)];
  return Array.from({ length: bytes.length / ENTRY_BYTES }, (_, n) => n * ENTRY_BYTES).some(
    (at) => bytes.readUInt32LE(at) === high && bytes.readUInt32LE(at + 4) === low,
  );
};

const sentTo = async (customer: string): Promise<number> =>
  (await fleet.lipachat.deliveries()).filter(({ to }) => to === customer).length;

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    counts: { campaigns: 1, contacts: 1, worker: 2, campaignPlanner: 1, campaignTick: 1 },
  });
  s3 = s3ClientFor(fleet.sqs.url);
  campaigns = await campaignCallsOf(fleet);
  admin = await fleet.newClient(['admin']);
  others = await pMap(Array.from({ length: OTHERS }), () => fleet.newCustomer(), { concurrency: 4 });
  [silent, stopped] = [await fleet.newCustomer(), await fleet.newCustomer()];
  people = [silent, stopped];
  await fleet.lipachat.writeIn(stopped, { to: fleet.business, text: 'stop' });
  await fleet.lipachat.callBack({ event: 'ODD', of: silent, and: spelt(stopped) });
  await fleet.callbacks.drained();
  await seedRaws();
  pumps.push(pumpQueue(fleet), pumpQueue(fleet, { queueName: 'CampaignQueue' }));
  const planners = fleet.workers['campaignPlanner'] ?? [];
  const planning = pumpQueue(fleet, { queueName: 'PlanQueue', workers: planners });
  ids.running = await ready(campaigns, { file: file(), perMinute: 30 });
  ids.planned = await ready(campaigns, { file: gzipSync(file(silent)), perMinute: 4_800 });
  const inline = [...others.slice(0, 3), ...people].map((to) => ({ to, name: 'N' }));
  ids.inline = await ready(campaigns, { recipients: { inline }, perMinute: 4_800 });
  const draft = campaigns.order();
  ids.draft = draft.campaignId;
  await campaigns.create(draft);
  await campaigns.upload(ids.draft, Buffer.from(`\ufeff${file()}`, 'utf16le'));
  const scheduled = campaigns.order({ schedule: { expression: 'rate(1 minute)' }, perMinute: 4_800 });
  ids.scheduled = scheduled.campaignId;
  await campaigns.create(scheduled);
  await campaigns.upload(ids.scheduled, file());
  expect((await campaigns.start(ids.running)).status).toBe(200);

  await planning.drained();
  await planning.close();
  const locations = await eraseAll();
  // One that is killed as it goes on. The record stays in the queue.
  const [doomed] = planners;
  const [body] = await fleet.sqs.bodies('PlanQueue');
  if (doomed && body) {
    const call = doomed.invoke({ Records: [{ messageId: 'erasure', body }] }).catch(() => undefined);
    await sleep(300);
    await doomed.stop();
    await call;
  }
  planners.splice(0, 1, await fleet.spawn('campaignPlanner'));
  pumps.push(pumpQueue(fleet, { queueName: 'PlanQueue', workers: planners }));
  expect((await campaigns.start(ids.scheduled)).status).toBe(200);
  ticks = tickOnAndOn(fleet.workers['campaignTick'] ?? [], 1_000);
  for (const location of locations) await until('the erasure to end', () => isDone(location), 300_000, 1_000);
}, 600_000);
afterAll(async () => {
  await ticks?.stop();
  for (const pump of pumps) await pump.close();
  await fleet.stop();
});

describe('an erasure with everything that may name the person', () => {
  it('leaves the number in no spelling in the table', async () => {
    const traces = await Promise.all(people.map((customer) => tracesOf(fleet, customer)));
    expect(traces.flat().slice(0, 5)).toEqual([]);
    const raws = (await fleet.table.items()).filter(({ pk }) => pk.startsWith('raw#'));
    expect(raws).toHaveLength(RAWS - RAWS / 5);
  });

  it('leaves no hash that the table alone inverts', async () => {
    const items = await fleet.table.items();
    const all = JSON.stringify(items);
    const keys = items.flatMap(({ pk, idKey, salt, proof }) =>
      /^(salt|campaign)#/.test(pk) ? [idKey, salt, proof] : [],
    );
    const texts = people.flatMap((one) => [one, `${fleet.business} ${one}`, `${fleet.business}#${one}`]);
    const plain = texts.map((text) => createHash('sha256').update(text));
    const keyed = keys
      .filter(Boolean)
      .flatMap((key) => texts.map((text) => createHmac('sha256', String(key)).update(text)));
    const digests = [...plain, ...keyed].flatMap((hash) => {
      const bytes = hash.digest();
      return [bytes.toString('hex'), bytes.toString('base64url')];
    });
    const derived = keys.filter(Boolean).flatMap((key) => people.map((one) => keyedId(String(key), one)));
    expect([...digests, ...derived].filter((digest) => all.includes(digest))).toEqual([]);
  });

  it('leaves the number in no file, and every file in its length', async () => {
    const found = await objects();
    expect([...found.keys()].filter((key) => key.startsWith('plans/')).length).toBeGreaterThan(2);
    const traces = [...found].filter(([key, bytes]) => people.some((customer) => isIn(key, bytes, customer)));
    expect(traces.map(([key]) => key)).toEqual([]);
    const upload = [...found].find(([key]) => key.startsWith(`schedules/${ids.scheduled}/`));
    expect(upload?.[1].length).toBe(Buffer.byteLength(file()));
    expect(upload?.[1].toString()).toContain(spelt(others[0] ?? ''));
  });

  it('lets the campaigns go on to their end, and sends nothing to the erased', async () => {
    expect((await campaigns.start(ids.planned)).status).toBe(200);
    expect((await campaigns.start(ids.inline)).status).toBe(200);
    for (const id of [ids.running, ids.planned, ids.inline]) await campaigns.whenIs(id, 'completed');
    const runs = await until('two runs of the schedule', async () => {
      const { json } = await campaigns.list();
      const own = (
        json['campaigns'] as { parent: string | null; state: string; campaignId: string }[]
      ).filter(({ parent }) => parent === ids.scheduled);
      return own.filter(({ state }) => state === 'completed').length > 0 && own;
    });
    const { json: run } = await campaigns.read(
      runs.find(({ state }) => state === 'completed')?.campaignId ?? '',
    );
    expect(run).toMatchObject({ progress: { total: OTHERS, failed: 0 } });
    const { json } = await campaigns.read(ids.running);
    expect(json).toMatchObject({ state: 'completed', progress: { sent: OTHERS, failed: 0, 'opted-out': 2 } });
    for (const customer of people) expect(await sentTo(customer)).toBe(0);
    const listed = await campaigns.recipients(ids.running);
    expect(listed.json['recipients']).toHaveLength(OTHERS);
  });

  it('plans the draft without them', async () => {
    await campaigns.plan(ids.draft);
    const { json } = await campaigns.whenIs(ids.draft, 'planned');
    expect(json).toMatchObject({ plan: { counts: { total: OTHERS, invalid: 0 } } });
  });

  it('keeps the opt-out of the one in force, and lets a new send reach the other', async () => {
    const refused = await fleet.send(fleet.flow({ to: stopped }));
    expect(refused).toMatchObject({ status: 422, json: { code: 'recipient-opted-out' } });
    await fleet.lipachat.writeIn(silent, { to: fleet.business });
    expect((await fleet.send(fleet.flow({ to: silent }))).status).toBe(201);
    const inline = [{ to: silent, name: 'N' }];
    const anew = await ready(campaigns, { recipients: { inline }, perMinute: 4_800 });
    await campaigns.start(anew);
    const { json } = await campaigns.whenIs(anew, 'completed');
    expect(json).toMatchObject({ progress: { sent: 1 } });
  });

  it('says nothing of them in any log', async () => {
    expect(await fleet.leaks()).toEqual([]);
  });
});
