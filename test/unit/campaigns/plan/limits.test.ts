/** Files that cost more than their size suggests: the plan ends, and the campaign says which limit it broke. */
import { readFileSync } from 'node:fs';
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { makePlanStarter } from '../../../../src/lib/campaigns/plan/begin.ts';
import { makePlanner } from '../../../../src/lib/campaigns/plan/plan.ts';
import { readRows } from '../../../../src/lib/campaigns/plan/read-rows.ts';
import { FILE_LIMITS, type FileLimits } from '../../../../src/lib/campaigns/plan/recipient.ts';
import { MOST_RECIPIENTS } from '../../../../src/lib/campaigns/plan/row.ts';
import { sampleCampaign } from '../../../support/fakes/campaign-samples.ts';
import { fakeCampaigns, fakeObjects, fakePlanQueue } from '../../../support/fakes/campaigns.ts';
import { manualClock, namedRandom } from '../../../support/fakes/clock.ts';
import { later, NOW } from '../../../support/fakes/samples.ts';
import { fakeErasedOptOuts, fakeSessions, fakeTombstones } from '../../../support/fakes/stores.ts';
import { fakeTelemetry } from '../../../support/fakes/telemetry.ts';
import { inPieces } from '../../../support/recipients.ts';

const KEY = 'uploads/1';
const QUEUED = { deadlineAt: later(900) };
const numbers = (count: number) =>
  Array.from({ length: count }, (_, k) => `${254_700_000_000 + k}\n`).join('');

interface File {
  readonly file: string | Buffer;
  readonly format?: 'csv' | 'jsonl';
  readonly limits?: Partial<FileLimits>;
  readonly partRows?: number;
}

async function world({ file, format = 'csv', limits, partRows }: File) {
  const clock = manualClock(NOW);
  const campaigns = fakeCampaigns(clock);
  const objects = fakeObjects();
  const planQueue = fakePlanQueue();
  const random = namedRandom('plan');
  const source = { bucket: objects.bucket, key: KEY, format, given: 'upload' } as const;
  const message = { ...sampleCampaign().message, text: 'Hello', data: {} };
  const campaign = sampleCampaign({ state: 'draft', plan: undefined, source, message });
  objects.place(KEY, Buffer.from(file));
  await campaigns.create(campaign);
  const deps = {
    ...{ campaigns, objects, planQueue, clock, random, telemetry: fakeTelemetry() },
    ...{ sessions: fakeSessions(clock), erasedOptOuts: fakeErasedOptOuts(), sessionMarginSeconds: 60 },
    tombstones: fakeTombstones(),
    ...{ limits: { ...FILE_LIMITS, ...limits }, partRows },
  };
  const planner = makePlanner(deps);
  const starter = makePlanStarter({ ...deps, planner });
  const stored = async () => (await campaigns.get(campaign.campaignId))?.value ?? campaign;
  /** As the HTTP function does. */
  const begin = async () => {
    const found = await campaigns.get(campaign.campaignId);
    if (!found) throw new Error('no campaign');
    return starter.begin(found, { dryRun: false, wait: true });
  };
  /** Plans until the queue is empty. Returns how many planners that took. */
  const drain = async () => {
    let planners = 0;
    for (let jobs = planQueue.take(); jobs.length > 0; jobs = planQueue.take()) {
      planners += jobs.length;
      for (const { campaignId, planId } of jobs) await planner.plan(campaignId, planId, QUEUED);
    }
    return planners;
  };
  return { clock, objects, planQueue, stored, begin, drain };
}

describe('gzip', () => {
  it('is never planned while a caller waits, however small it is', async () => {
    const { begin, drain, planQueue } = await world({ file: gzipSync(`to\n${numbers(3)}`) });
    expect(await begin()).toMatchObject({ state: 'planning' });
    expect(planQueue.waiting).toHaveLength(1);
    expect(await drain()).toBe(1);
  });

  it('that unzips to a thousand times its size is read to 200 times its size only', async () => {
    const bomb = gzipSync('x\n'.repeat(1_000_000), { level: 9 });
    expect(bomb.length).toBeLessThan(2_000);
    let rows = 0;
    const reading = (async () => {
      for await (const _ of readRows(inPieces(bomb), { format: 'jsonl', size: bomb.length })) rows += 1;
    })();
    await expect(reading).rejects.toThrow(
      'the gzip file unzips to more than 200 times its size: upload it without gzip',
    );
    expect(rows * 2).toBeLessThanOrEqual(200 * bomb.length);
  });

  it('of a list of customers is far below that', () => {
    const text = 'A text that all rows have, as long as a message may be. '.repeat(18);
    const rows = Array.from({ length: 3_000 }, (_, k) => `${(k * 7_919) % 1e8},"${text}"\n`).join('');
    const zipped = gzipSync(`to,text\n${rows}`, { level: 9 });
    expect(rows.length / zipped.length).toBeLessThan(200);
  });

  it('may have any ratio as long as it is small', async () => {
    const file = `to\n${'254700000001\n'.repeat(4_000)}`;
    expect(file.length).toBeLessThan(64 * 1024);
    const { begin, drain, stored } = await world({ file: gzipSync(file) });
    await begin();
    await drain();
    expect((await stored()).plan?.counts).toMatchObject({ total: 1, duplicate: 3_999 });
  });
});

describe('a file beyond a limit ends the plan, and the campaign says which limit and what to do', () => {
  it.each<[string, File, string]>([
    [
      'bytes of the file',
      { file: `to\n${numbers(2)}`, limits: { bytes: 20 } },
      'the file is larger than 20 bytes: split the recipients into several campaigns',
    ],
    [
      'bytes that it unzips to',
      { file: gzipSync(`to\n${numbers(100)}`), limits: { bytes: 1_000 } },
      'the gzip file unzips to more than 1000 bytes: split the recipients into several campaigns',
    ],
    [
      'ratio',
      { file: gzipSync(`to\n${'254700000001\n'.repeat(100)}`), limits: { ratio: 3, ratioFrom: 10 } },
      'the gzip file unzips to more than 3 times its size: upload it without gzip',
    ],
    [
      'rows',
      { file: `to\n${numbers(5)}`, limits: { rows: 4 } },
      'the file has more than 4 rows: split it into several campaigns',
    ],
    [
      'rows, most of them junk, in several parts',
      { file: `to\n${'x\n'.repeat(9)}`, limits: { rows: 8 }, partRows: 3 },
      'the file has more than 8 rows: split it into several campaigns',
    ],
  ])('%s', async (_, file, reason) => {
    const { begin, drain, stored } = await world(file);
    await begin();
    await drain();
    expect(await stored()).toMatchObject({ state: 'draft', reason });
  });

  it('by its size alone it is refused while the caller waits', async () => {
    const { objects, begin, planQueue } = await world({ file: 'to\n1\n' });
    const head = objects.head;
    Object.assign(objects, {
      head: async () => ({ ...(await head({ bucket: objects.bucket, key: KEY })), bytes: 5 * 1024 ** 3 + 1 }),
    });
    expect(await begin()).toMatchObject({
      state: 'draft',
      reason: expect.stringContaining('5368709120 bytes'),
    });
    expect(planQueue.waiting).toEqual([]);
  });
});

describe('rejected rows', () => {
  it.each([undefined, 2])('are kept up to a limit and all counted, in parts of %s rows', async (partRows) => {
    const file = `to\n${'x\n'.repeat(5)}254700000001\n${'y\n'.repeat(5)}`;
    const { begin, drain, stored, objects } = await world({
      file,
      limits: { rejectedKept: 7 },
      ...(partRows ? { partRows } : {}),
    });
    await begin();
    await drain();
    const { plan } = await stored();
    expect(plan).toMatchObject({ counts: { total: 1, invalid: 10 }, rejectedKept: 7 });
    const lines = (plan?.rejectedKeys ?? [])
      .map((key) => objects.contentOf(key))
      .join('')
      .trim()
      .split('\n');
    expect(lines.map((line) => JSON.parse(line).line)).toEqual([2, 3, 4, 5, 6, 8, 9]);
  });

  it('have short reasons, whatever the names of their columns', async () => {
    const row = `${JSON.stringify({ [`${'é'.repeat(9_000)}😀`]: [] })}\n`;
    const { begin, stored, objects } = await world({ file: row.repeat(20), format: 'jsonl' });
    await begin();
    const { plan, reason } = await stored();
    const kept = (plan?.rejectedKeys ?? []).map((key) => objects.contentOf(key)).join('');
    expect(plan?.counts.invalid).toBe(20);
    for (const text of [reason, ...(plan?.rejected ?? []).map((one) => one.reason)])
      expect(text?.length).toBeLessThanOrEqual(500);
    expect(kept.length).toBeLessThan(20 * 400);
  });
});

describe('a plan that a caller waits for', () => {
  it('goes to the queue after 20,000 rows, and on from there', async () => {
    const { begin, drain, stored } = await world({ file: `to\n${'\n1'.repeat(20_005)}` });
    expect(await begin()).toMatchObject({ state: 'planning', planning: { checkpoint: { rows: 20_000 } } });
    expect(await drain()).toBe(1);
    expect(await stored()).toMatchObject({ state: 'draft', plan: { counts: { total: 0, invalid: 20_005 } } });
  });

  it('is only of the file that was found small', async () => {
    const { begin, objects, stored } = await world({ file: `to\n${numbers(2)}` });
    const open = objects.readRange;
    Object.assign(objects, {
      readRange: async (...of: Parameters<typeof open>) => {
        const bytes = await open(...of);
        objects.place(KEY, gzipSync(`to\n${numbers(100)}`));
        return bytes;
      },
    });
    await begin();
    const reason = 'the file changed while it was being planned: plan again';
    expect(await stored()).toMatchObject({ state: 'draft', reason });
  });
});

describe('docs/campaigns.md', () => {
  it('names the limits', () => {
    const page = readFileSync(new URL('../../../../docs/campaigns.md', import.meta.url), 'utf8');
    const [limits = ''] = page.split('## Limits\n').slice(1);
    const { bytes, ratio, ratioFrom, rows, rejectedKept } = FILE_LIMITS;
    const whole = (value: number) => value.toLocaleString('en');
    expect(limits).toContain(`${whole(MOST_RECIPIENTS)} recipients, ${whole(rows)} rows`);
    expect(limits).toContain(`A file of ${bytes / 1024 ** 3} GiB`);
    expect(limits).toContain(`unzip to ${ratio} times its size, or to ${ratioFrom / 1024} KiB`);
    expect(limits).toContain(`The first ${whole(rejectedKept)} rejected rows are listed`);
  });
});

describe('a planner', () => {
  it('gives way after two minutes, so that another client waits no longer', async () => {
    const { begin, clock, drain, stored, objects } = await world({
      file: gzipSync(`to\n${numbers(9)}`),
    });
    const writer = objects.writer;
    // Each row takes a minute.
    Object.assign(objects, {
      writer: (key: string) => {
        const one = writer(key);
        const write = (text: string) => {
          clock.advance(60_000);
          return one.write(text);
        };
        return { ...one, write };
      },
    });
    await begin();
    expect(await drain()).toBe(3);
    expect(await stored()).toMatchObject({ state: 'planned', plan: { counts: { total: 9 } } });
  });
});
