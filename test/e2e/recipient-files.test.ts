/** Recipients files as spreadsheets and their users leave them, planned by the built functions. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { csv, planOf, recipientsOf } from '../support/campaign-answers.ts';
import { usesIn } from '../support/commands.ts';
import { type CampaignCalls, type CampaignFields, campaignCallsOf } from '../support/fleet/campaigns.ts';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import { pumpQueue } from '../support/fleet/lanes.ts';

let fleet: Fleet;
let campaigns: CampaignCalls;
let plans: { close: () => Promise<void> };

beforeAll(async () => {
  fleet = await startFleet({ counts: { campaigns: 1, campaignPlanner: 1 } });
  campaigns = await campaignCallsOf(fleet);
  plans = pumpQueue(fleet, { queueName: 'PlanQueue', workers: fleet.workers['campaignPlanner'] ?? [] });
});
afterAll(async () => {
  await plans.close();
  await fleet.stop();
});

type File = string | Buffer;
const plan = async (file: File, { format = 'csv', ...fields }: CampaignFields & { format?: string } = {}) => {
  const order = campaigns.order({ message: campaigns.message({ text: 'Hello {{name}}' }), ...fields });
  expect((await campaigns.create(order)).status).toBe(201);
  await campaigns.upload(order.campaignId, file, format);
  const { campaignId } = order;
  const answer = await campaigns.plan(campaignId);
  // The planner takes it.
  if (answer.status === 202)
    return { campaignId, answer: await campaigns.whenIs(campaignId, ['planned', 'draft']) };
  return { campaignId, answer };
};
const utf16 = (text: string, order: 'little' | 'big' = 'little') => {
  const bytes = Buffer.from(`\ufeff${text}`, 'utf16le');
  return order === 'big' ? bytes.swap16() : bytes;
};
const numbers = (count: number) => Array.from({ length: count }, fleet.canaries.number);

describe('a file', () => {
  it.each<[string, (a: string, b: string) => File, string?]>([
    ['a line sep=;', (a, b) => `sep=;\r\nto;name\r\n${a};Ann\r\n${b};Ben\r\n`],
    ['a line "sep=,"', (a, b) => `"sep=,"\nto,name\n${a},Ann\n${b},Ben\n`],
    ['a line sep= with a tab', (a, b) => `sep=\t\nto\tname\n${a}\tAnn\n${b}\tBen\n`],
    ['a line sep=|', (a, b) => `sep=|\nto|name\n${a}|Ann\n${b}|Ben\n`],
    ['a byte order mark before sep=', (a, b) => `\ufeffsep=;\nto;name\n${a};Ann\n${b};Ben\n`],
    ['trailing commas', (a, b) => `to,name,,\n${a},Ann,,\n${b},Ben,,\n`],
    ['trailing semicolons in its rows only', (a, b) => `to;name\n${a};Ann;;\n${b};Ben;\n`],
    ['an empty column between', (a, b) => `to,,name\n${a},,Ann\n${b}, ,Ben\n`],
    ['empty rows behind the last', (a, b) => `to,name\n${a},Ann\n${b},Ben\n,\n,\n`],
    ['UTF-16 as Excel saves "Unicode text"', (a, b) => utf16(`to\tname\r\n${a}\tAnn\r\n${b}\tBen\r\n`)],
    ['big-endian UTF-16', (a, b) => utf16(`to\tname\r\n${a}\tAnn\r\n${b}\tBen\r\n`, 'big')],
    ['UTF-16 by gzip', (a, b) => gzipSync(utf16(`sep=;\nto;name\n${a};Ann\n${b};Ben`))],
    [
      'JSON Lines in UTF-16',
      (a, b) => utf16(`{"to":"${a}","name":"Ann"}\n{"to":${b},"name":"Ben"}\n`),
      'jsonl',
    ],
    ['no-break and zero-width spaces', (a, b) => `to,name\n\u00a0${a}\u200b,Ann\n\u202f${b}\u2007,Ben\n`],
    ['marks of direction and order', (a, b) => `to,name\n\u202a+${a}\u202c,Ann\n\ufeff${b}\u200e,Ben\n`],
    [
      'soft hyphens, apostrophes and formulas',
      (a, b) => `to,name\n'${a.slice(0, 5)}\u00ad${a.slice(5)},Ann\n"=""${b}""",Ben\n`,
    ],
    ['invisible characters in its header', (a, b) => `\u200eto\u200b,\u00a0name \n${a},Ann\n${b},Ben\n`],
  ])('is read with %s', async (_, fileOf, format) => {
    const [a = '', b = ''] = numbers(2);
    const { campaignId, answer } = await plan(fileOf(a, b), format ? { format } : {});
    expect(answer).toMatchObject({ status: 200, json: { state: 'planned' } });
    expect(planOf(answer)).toMatchObject({ counts: { total: 2, invalid: 0, duplicate: 0 }, rejected: [] });
    expect((await recipientsOf(campaigns, campaignId)).map(({ to }) => to)).toEqual([a, b]);
  });

  it.each<[string, (a: string) => File, RegExp]>([
    ['another separator', (a) => `sep=:\nto:name\n${a}:Ann\n`, /line 1, sep=, names a separator/],
    ['UTF-16 without a byte order mark', (a) => utf16(`to,name\n${a},Ann\n`).subarray(2), /byte order mark/],
    ['a workbook', () => Buffer.from('PK\u0003\u0004\u0014\0\u0006\0'), /Excel workbook.*save it as CSV/],
    ['only a header', () => 'to,name\n', /the file has no rows.*plan again/],
  ])('with %s is refused with its cause', async (_, fileOf, reason) => {
    const { campaignId, answer } = await plan(fileOf(fleet.canaries.number()));
    expect(answer.json).toMatchObject({ state: 'draft', reason: expect.stringMatching(reason) });
    expect(await campaigns.start(campaignId)).toMatchObject({
      status: 409,
      json: { detail: expect.stringMatching(reason) },
    });
  });
});

describe('a row', () => {
  it.each<[string, string, RegExp]>([
    ['scientific notation', 'to,name\n2.547E+11,Ann\n', /^column to is in scientific notation.*rounded/],
    ['European scientific notation', 'to;name\n2,547E+11;Ann\n', /^column to is in scientific notation/],
    ['an error of the spreadsheet', 'to,name\n#N/A,Ann\n', /^column to is a spreadsheet's error/],
    ['a decimal', 'to,name\n254717746565.0,Ann\n', /^column to is a decimal number/],
    ['no number', 'to,name\n,Ann\n', /^column to is empty/],
    [
      'something in a column without a name',
      'to,name,\n254717746565,Ann,call first\n',
      /^column 3 is not empty/,
    ],
  ])('with %s is refused and names cause, line and column', async (_, file, reason) => {
    const { answer } = await plan(file);
    expect(planOf(answer).rejected).toEqual([
      { line: 2, kind: 'invalid', reason: expect.stringMatching(reason) },
    ]);
    expect(answer.json).toMatchObject({ state: 'draft', reason: expect.stringContaining('line 2') });
  });

  it('with a phone number in scientific notation is refused in JSON Lines, too', async () => {
    const { answer } = await plan('{"to":2.547E+11,"name":"Ann"}\n', { format: 'jsonl' });
    expect(planOf(answer).rejected).toMatchObject([
      { line: 1, reason: expect.stringContaining('scientific notation') },
    ]);
  });

  it('is judged as a send judges its template values, and names the column', async () => {
    const template = { name: 'hello', languageCode: 'en', placeholders: ['Dear {{name}}', '{{town}}'] };
    const names = ['Ann', '"a\nb"', 'a\tb', 'a     b', '\u200b', 'a\u202eb', 'a\u0007b', ''];
    const rows = names.map((name) => `${fleet.canaries.number()},Ann,${name}`);
    const file = ['to,name,town', ...rows, ''].join('\n');
    const message = campaigns.message({ text: 'Hi', data: {}, whenClosed: 'template', template });
    const { answer } = await plan(file, { message });
    expect(planOf(answer).counts).toMatchObject({ total: 1, invalid: 7 });
    for (const { reason } of planOf(answer).rejected) {
      expect(reason).toMatch(/^template\.placeholders\.1 must .*\(column town\)$/);
    }
  });
});

describe('two spellings of what may be one person', () => {
  it.each([
    ['Mexico', '525512345678', '5215512345678'],
    ['Argentina', '5491123456789', '541123456789'],
    ['Brazil', '551187654321', '5511987654321'],
  ])('stay in the plan, which reports them: %s', async (_, first, second) => {
    const { campaignId, answer } = await plan(
      csv(`${first},A`, `${fleet.canaries.number()},B`, `${second},C`),
    );
    expect(answer.json).toMatchObject({
      state: 'planned',
      plan: {
        counts: { total: 3, duplicate: 0 },
        possibleDuplicates: { count: 1, sample: [{ line: 4, earlierLine: 2 }] },
      },
    });
    const all = (await recipientsOf(campaigns, campaignId)).map(({ to }) => to);
    expect(all).toEqual([first, expect.any(String), second]);
    expect(JSON.stringify(answer.json)).not.toContain(first);
  });

  it('are counted, and the first twenty shown', async () => {
    const rows = Array.from({ length: 30 }, (_, n) => [
      `52551234${5600 + n},A`,
      `521551234${5600 + n},B`,
    ]).flat();
    const { answer } = await plan(csv(...rows));
    const { count, sample } = (
      answer.json['plan'] as { possibleDuplicates: { count: number; sample: object[] } }
    ).possibleDuplicates;
    expect([count, sample.length]).toEqual([30, 20]);
  });
});

describe('the command that docs/campaigns.md shows', () => {
  it('uploads a file to the link', async () => {
    const [command = ''] = usesIn('docs/campaigns.md')
      .map(({ text }) => text)
      .filter((text) => text.startsWith('curl '));
    expect(command).toContain('--data-binary @');
    const order = campaigns.order();
    await campaigns.create(order);
    const link = await campaigns.call('POST', `/${order.campaignId}/recipients`, { body: { format: 'csv' } });
    const cwd = await mkdtemp(join(tmpdir(), 'people-'));
    await writeFile(join(cwd, 'people.csv'), csv(`${fleet.canaries.number()},Ann & Ben = 100%20+`));
    const env = { ...process.env, url: String(link.json['url']) };
    await promisify(execFile)('sh', ['-c', command.replace('curl ', 'curl -f ')], { cwd, env });
    await rm(cwd, { recursive: true });
    expect(planOf(await campaigns.plan(order.campaignId)).counts).toMatchObject({ total: 1, invalid: 0 });
  });
});
