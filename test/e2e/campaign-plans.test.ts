import { gzipSync } from 'node:zlib';
import { DeleteObjectCommand, ListObjectsV2Command, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, NOBODY, planOf, recipientsOf } from '../support/campaign-answers.ts';
import { type CampaignCalls, type CampaignFields, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { newNumbers } from '../support/fleet/crowd.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { type QueuePump, startQueuePump } from '../support/queue-pump.ts';
import { s3ClientFor } from '../support/s3.ts';

let fleet: Fleet;
let campaigns: CampaignCalls;
let plans: QueuePump;

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 1, campaignPlanner: 1, contacts: 1 } });
  campaigns = await campaignCallsOf(fleet);
  const workers = fleet.workers['campaignPlanner'] ?? [];
  plans = startQueuePump({ sqs: fleet.sqs, workers, queueName: 'PlanQueue' });
});
afterAll(async () => {
  await plans.close();
  await fleet.stop();
});

const draft = async (fields: CampaignFields = {}, file?: string | Buffer, format?: string) => {
  const order = campaigns.order(fields);
  const created = await campaigns.create(order);
  expect(created.status).toBe(201);
  if (file !== undefined) {
    // The SDK would sign the checksum of an empty file, and S3, other than its stand-in, refuse any other.
    const url = expect.not.stringMatching(/checksum/i);
    const link = await campaigns.upload(order.campaignId, file, format);
    expect(link).toMatchObject({ status: 201, json: { url } });
  }
  return order.campaignId;
};
const rowsOf = (campaignId: string, query = '') => recipientsOf(campaigns, campaignId, query);
const numbers = (count: number) => Array.from({ length: count }, fleet.canaries.number);
const TEMPLATE = { name: 'hello', languageCode: 'en', placeholders: ['{{name}}'] };

describe('the figures', () => {
  let file: string;

  beforeAll(async () => {
    const [shut = '', never = '', stopped = '', erased = ''] = numbers(4);
    const open = [fleet.customer, await fleet.newCustomer(), await fleet.newCustomer()];
    const admin = await fleet.newClient(['admin']);
    for (const customer of [stopped, erased]) {
      await fleet.lipachat.writeIn(customer, { to: fleet.business, text: 'join lipaflow' });
      const put = await fleet.call('PUT', `/v1/opt-outs/${fleet.business}/${customer}`);
      expect(put.status).toBe(204);
    }
    const erasedOptOuts = await fleet.call('DELETE', `/v1/contacts/${fleet.business}/${erased}`, {
      token: admin,
    });
    // First in this file: later, there are large files to search, and the planner does that.
    expect(erasedOptOuts.status).toBe(204);
    const all = [...open, shut, never, stopped, erased].map((to) => `${to},Asha`);
    file = csv(...all, `${shut},Again`, '12,Nobody');
  });

  const COMMON = { ...NOBODY, total: 7, sendNow: 3, optedOut: 2, invalid: 1, duplicate: 1 };

  it.each<[string, Record<string, unknown>, Record<string, number>]>([
    ['reject', {}, { ...COMMON, windowShut: 2 }],
    ['park', { whenClosed: 'park' }, { ...COMMON, park: 2 }],
    ['template', { whenClosed: 'template', template: TEMPLATE }, { ...COMMON, park: 2 }],
  ])(
    'tell with %s who gets what: window open, shut, opted out, erased after a STOP',
    async (_word, fields, counts) => {
      const campaignId = await draft({ message: campaigns.message(fields), perMinute: 2 }, file);
      const answer = await campaigns.plan(campaignId);
      expect(planOf(answer)).toMatchObject({ counts, estimatedMinutes: 4, dryRun: false });
      expect(answer.json['plan']).toMatchObject({ price: { currency: 'USD', asOf: expect.any(String) } });
    },
  );

  it('come from a dry run, too, which leaves a draft and no file', async () => {
    const campaignId = await draft({}, file);
    const dry = await campaigns.plan(campaignId, '?dryRun=true');
    expect(dry).toMatchObject({ status: 200, json: { state: 'draft', plan: { dryRun: true } } });
    expect(planOf(dry).counts).toEqual({ ...COMMON, windowShut: 2 });
    const Prefix = `plans/${campaignId}/`;
    expect(
      (await s3().send(new ListObjectsV2Command({ Bucket: fleet.sqs.bucketName, Prefix }))).KeyCount,
    ).toBe(0);
    expect(await campaigns.start(campaignId)).toMatchObject({ status: 409 });
    expect(await campaigns.recipients(campaignId)).toMatchObject({ status: 409 });
    expect(planOf(await campaigns.plan(campaignId))).toMatchObject({
      dryRun: false,
      counts: planOf(dry).counts,
    });
  });
});

describe('a file of recipients', () => {
  it.each<[string, string, number[], (a: string, b: string) => string | Buffer]>([
    [
      'as Excel saves it',
      'csv',
      [2, 3],
      (a, b) => `\u{feff}to;name\r\n+${a};Asha\r\n${b};"Juma; the tall"\r\n`,
    ],
    ['with quotes over lines', 'csv', [2, 4], (a, b) => `name,to\n"Asha ""A""\nB",${a}\n"Juma","+${b}"\n`],
    ['with blank lines', 'csv', [4, 7], (a, b) => `\n\nto,name\n${a},Asha\n\n\n${b},Juma\n\n`],
    ['without a last line break', 'csv', [2, 3], (a, b) => `to,name\n${a},Asha\n${b},Juma`],
    ['by gzip', 'csv', [2, 3], (a, b) => gzipSync(csv(`${a},Asha`, `${b},Juma`))],
    ['as JSON Lines', 'jsonl', [1, 3], (a, b) => `{"to":${a},"name":"Asha"}\r\n\n{"to":"+${b}","name":7}\n`],
    [
      'as JSON Lines by gzip',
      'jsonl',
      [1, 2],
      (a, b) => gzipSync([a, b].map((to) => `{"to":"${to}","name":""}\n`).join('')),
    ],
  ])('is read %s', async (how, format, lines, fileOf) => {
    const [a = '', b = ''] = numbers(2);
    const campaignId = await draft({}, fileOf(a, b), format);
    const asked = await campaigns.plan(campaignId);
    // Gzip may unzip to anything, so a caller never waits for its plan.
    expect(asked.status).toBe(how.includes('gzip') ? 202 : 200);
    const answer = await campaigns.whenIs(campaignId, 'planned');
    expect(planOf(answer)).toMatchObject({ counts: { ...NOBODY, total: 2, windowShut: 2 }, rejected: [] });
    expect(await rowsOf(campaignId)).toMatchObject([
      { line: lines[0], to: a, status: 'pending' },
      { line: lines[1], to: b, status: 'pending' },
    ]);
  });

  it('has each bad row reported with its line and reason, and no bad row stops the others', async () => {
    const [a = '', b = '', c = '', d = ''] = numbers(4);
    const rows = [
      `${a},Asha`,
      '0712,Local',
      `${b},"Un"quoted`,
      `${c}`,
      `+${a.slice(0, 3)} ${a.slice(3)},Again`,
      `${d},Zuri`,
    ];
    const campaignId = await draft(
      { message: campaigns.message({ text: '{{name}}' }) },
      csv(...rows, `${b},`),
    );
    const answer = await campaigns.plan(campaignId);
    expect(planOf(answer).counts).toEqual({ ...NOBODY, total: 2, windowShut: 2, invalid: 4, duplicate: 1 });
    expect(planOf(answer).rejected).toEqual([
      { line: 3, kind: 'invalid', reason: 'column to is not a valid phone number' },
      { line: 4, kind: 'invalid', reason: 'a quote is misplaced or not doubled' },
      { line: 5, kind: 'invalid', reason: 'has 1 cells where the header has 2' },
      { line: 6, kind: 'duplicate', reason: 'the number is already in an earlier row' },
      { line: 8, kind: 'invalid', reason: expect.stringContaining('text') },
    ]);
    expect((await rowsOf(campaignId)).map(({ to }) => to)).toEqual([a, d]);
    expect((await rowsOf(campaignId, '?status=invalid')).map(({ line }) => line)).toEqual([3, 4, 5, 8]);
    expect((await rowsOf(campaignId, '?status=duplicate')).map(({ line }) => line)).toEqual([6]);
  });

  it('that 1,978 bytes of gzip hold in a million lines is refused, and the campaign says why', async () => {
    const bomb = gzipSync('x\n'.repeat(1_000_000), { level: 9 });
    expect(bomb.length).toBeLessThan(2_000);
    const campaignId = await draft({}, bomb, 'jsonl');
    expect(await campaigns.plan(campaignId)).toMatchObject({ status: 202, json: { state: 'planning' } });
    const reason = 'the gzip file unzips to more than 200 times its size: upload it without gzip';
    expect(await campaigns.whenIs(campaignId, 'draft')).toMatchObject({ json: { reason, plan: null } });
    await campaigns.upload(campaignId, csv(`${fleet.canaries.number()},Asha`));
    expect(await campaigns.plan(campaignId)).toMatchObject({ status: 200, json: { state: 'planned' } });
  });

  it('may be large: then a planner takes it, and the figures come a moment later', async () => {
    const crowd = newNumbers(fleet, 2_000);
    const campaignId = await draft(
      { perMinute: 100 },
      csv(...crowd.map((to) => `${to},${'n'.repeat(280)}`), 'none,x'),
    );
    const answer = await campaigns.plan(campaignId);
    expect(answer).toMatchObject({
      status: 202,
      headers: { 'retry-after': '5' },
      json: { state: 'planning' },
    });
    // The planner may be done by now. The state is in the body, not in the status.
    expect(await campaigns.read(campaignId)).toMatchObject({ status: 200, json: { campaignId } });
    expect(await campaigns.start(campaignId)).toMatchObject({
      status: 409,
      json: { code: 'campaign-state' },
    });
    const planned = await campaigns.whenIs(campaignId, 'planned');
    expect(planOf(planned)).toMatchObject({
      counts: { ...NOBODY, total: 2_000, windowShut: 2_000, invalid: 1 },
      estimatedMinutes: 20,
    });
  });

  it.each<[string, string | undefined, RegExp]>([
    ['without a column for the number', 'phone,name\n254,Asha\n', /no column to/],
    ['with nothing in it', '', /empty/],
    ['that was never uploaded', undefined, /upload them first/],
    [
      'without the column of a placeholder',
      'to,first\n254,Asha\n',
      /columns that the file does not have: name/,
    ],
    ['with two columns of one name', 'to,name,name\n', /same name/],
  ])(
    '%s can not be planned: the campaign says why and nothing can be started',
    async (_what, file, reason) => {
      const campaignId = await draft({}, file);
      const answer = await campaigns.plan(campaignId);
      expect(answer).toMatchObject({ status: 200, json: { state: 'draft', plan: null } });
      expect(answer.json.reason).toMatch(reason);
      expect(await campaigns.start(campaignId)).toMatchObject({
        status: 409,
        json: { detail: expect.stringMatching(reason) },
      });
      // Mended, it goes on.
      await campaigns.upload(campaignId, csv(`${fleet.canaries.number()},Asha`));
      expect((await campaigns.plan(campaignId)).json).toMatchObject({ state: 'planned', reason: null });
    },
  );

  it('may stand in S3 already, as long as it is there', async () => {
    const campaignId = await draft({ recipients: { s3: `s3://${fleet.sqs.bucketName}/not-there.csv` } });
    const answer = await campaigns.plan(campaignId);
    expect(answer.json).toMatchObject({ state: 'draft', reason: expect.stringContaining('does not exist') });
    const file = csv(`${fleet.canaries.number()},Asha`);
    await s3().send(new PutObjectCommand({ Bucket: fleet.sqs.bucketName, Key: 'not-there.csv', Body: file }));
    expect((await campaigns.plan(campaignId)).json).toMatchObject({
      state: 'planned',
      plan: { counts: { total: 1 } },
    });
  });
});

describe('placeholders', () => {
  it.each<[string, Record<string, unknown>]>([
    ['text', { text: 'Dear {{surname}}' }],
    ['data, however deep', { data: { a: [{ b: 'x {{ surname }}' }] } }],
    ['the template', { whenClosed: 'template', template: { ...TEMPLATE, placeholders: ['{{surname}}'] } }],
  ])('that name no column are found before anything is sent: in %s', async (_where, fields) => {
    const message = campaigns.message(fields);
    const campaignId = await draft({ message }, csv(`${fleet.customer},Asha`));
    const answer = await campaigns.plan(campaignId);
    expect(answer.json).toMatchObject({ state: 'draft', reason: expect.stringContaining('surname') });
    expect(await campaigns.start(campaignId)).toMatchObject({ status: 409 });
    expect((await fleet.lipachat.calls()).length).toBe(0);
  });

  it('are checked row by row where the rows are given inline', async () => {
    const [a = '', b = ''] = numbers(2);
    const campaignId = await draft({ recipients: { inline: [{ to: a, name: 'Asha' }, { to: b }] } });
    expect(planOf(await campaigns.plan(campaignId))).toMatchObject({
      counts: { ...NOBODY, total: 1, windowShut: 1, invalid: 1 },
      rejected: [{ line: 2, kind: 'invalid', reason: expect.stringContaining('name') }],
    });
  });

  it('that make a text too long make the row invalid, not the campaign', async () => {
    const [a = '', b = ''] = numbers(2);
    const campaignId = await draft({}, csv(`${a},${'x'.repeat(1_020)}`, `${b},Asha`));
    expect(planOf(await campaigns.plan(campaignId))).toMatchObject({
      counts: { ...NOBODY, total: 1, windowShut: 1, invalid: 1 },
      rejected: [{ line: 2, reason: 'text must be 1 to 1024 characters long (column name)' }],
    });
  });
});

describe('a plan', () => {
  const s3Campaign = async (key: string) => {
    await put(key, csv(`${fleet.canaries.number()},Asha`));
    const campaignId = await draft({ recipients: { s3: `s3://${fleet.sqs.bucketName}/${key}` } });
    expect((await campaigns.plan(campaignId)).json).toMatchObject({ state: 'planned' });
    return campaignId;
  };

  it('can not be started where the file was replaced after it, and says to plan again', async () => {
    const campaignId = await s3Campaign('replaced.csv');
    await put('replaced.csv', csv(...numbers(2).map((to) => `${to},Juma`)));
    const answer = await campaigns.start(campaignId);
    expect(answer).toMatchObject({
      status: 409,
      json: { code: 'campaign-state', detail: expect.stringMatching(/changed.*Plan it again/) },
    });
    expect(planOf(await campaigns.plan(campaignId)).counts['total']).toBe(2);
    expect(await campaigns.start(campaignId)).toMatchObject({ status: 200, json: { state: 'running' } });
    await campaigns.cancel(campaignId);
  });

  it('can not be started where the file is gone', async () => {
    const campaignId = await s3Campaign('gone.csv');
    await s3().send(new DeleteObjectCommand({ Bucket: fleet.sqs.bucketName, Key: 'gone.csv' }));
    const answer = await campaigns.start(campaignId);
    expect(answer).toMatchObject({ status: 409, json: { detail: expect.stringContaining('was removed') } });
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state: 'planned', progress: null });
  });

  it('is void once other recipients are uploaded', async () => {
    const campaignId = await s3Campaign('before.csv');
    await campaigns.upload(campaignId, csv(...numbers(3).map((to) => `${to},Juma`)));
    expect((await campaigns.read(campaignId)).json).toMatchObject({ state: 'draft', plan: null });
    expect(await campaigns.start(campaignId)).toMatchObject({ status: 409 });
    expect(planOf(await campaigns.plan(campaignId)).counts['total']).toBe(3);
  });

  it('is one, however many ask for it at once', async () => {
    const campaignId = await draft({
      recipients: { inline: [{ to: fleet.canaries.number(), name: 'Asha' }] },
    });
    const answers = await Promise.all([1, 2, 3, 4].map(() => campaigns.plan(campaignId)));
    for (const { status } of answers) expect([200, 202]).toContain(status);
    expect((await campaigns.whenIs(campaignId, 'planned')).json).toMatchObject({
      plan: { counts: { total: 1 } },
    });
  });
});

const s3 = () => s3ClientFor(fleet.sqs.url);
const put = (Key: string, Body: string) =>
  s3().send(new PutObjectCommand({ Bucket: fleet.sqs.bucketName, Key, Body }));
