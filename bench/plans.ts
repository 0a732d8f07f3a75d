/**
 * `npm run bench:plans [-- --rows N --limit SECONDS --kills N]`: plans a campaign of so many rows on the built bundle, in
 * invocations with that time limit, and kills the planner at random moments. Says whether the plan is exact, and how
 * much memory it took, compared with a tenth of the rows.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { GetObjectCommand } from '@aws-sdk/client-s3';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { build } from '../scripts/build.ts';
import { stopChildren } from '../test/support/children.ts';
import { digestOf, type ExpectedPlan, largeFile } from '../test/support/large-plan.ts';
import { s3ClientFor } from '../test/support/s3.ts';
import { type StandIns, spawnStandIns } from '../test/support/stand-ins.ts';
import { spawnWorker } from '../test/support/worker.ts';
import { type Bundle, startBundle } from './bundle.ts';
import { call, peakMb, upload } from './campaign.ts';
import { memoryOf, startOf } from './world.ts';

const { values: asked } = parseArgs({
  options: {
    rows: { type: 'string', default: '3000000' },
    limit: { type: 'string', default: '120' },
    kills: { type: 'string', default: '2' },
  },
});

const MOST_FAILED = 5;

interface Figures {
  readonly rows: number;
  readonly seconds: number;
  readonly invocations: number;
  readonly failed: number;
  readonly killed: readonly string[];
  readonly parts: number;
  readonly peakMb: number;
  readonly longestS: number;
  readonly exact: string;
}

interface StoredCampaign {
  readonly state: string;
  readonly planning?: { readonly rows: number; readonly checkpoint?: { readonly rows: number } };
  readonly plan?: {
    readonly counts: Readonly<Record<string, number>>;
    readonly possibleDuplicates: { readonly count: number };
    readonly price: { readonly amount: number };
    readonly file?: { readonly key: string };
    readonly parts?: readonly { readonly key: string }[];
    readonly rejectedKey?: string;
    readonly rejectedKeys?: readonly string[];
  };
}

async function campaignIn({ aws }: StandIns): Promise<StoredCampaign> {
  const items = (await aws.dump()).map((item) => unmarshall(item));
  return items.find(({ pk }) => String(pk).startsWith('campaign#')) as StoredCampaign;
}

/** The texts of objects, chunk by chunk. */
async function* textsOf({ sqs }: StandIns, keys: readonly string[]): AsyncIterable<Uint8Array> {
  const s3 = s3ClientFor(sqs.url);
  for (const Key of keys) {
    const { Body } = await s3.send(new GetObjectCommand({ Bucket: sqs.bucketName, Key }));
    yield* Body as AsyncIterable<Uint8Array>;
  }
  s3.destroy();
}

/** 'yes', or what differs. */
async function comparison(standIns: StandIns, expected: ExpectedPlan): Promise<string> {
  const { plan } = await campaignIn(standIns);
  if (!plan) return 'there is no plan';
  const { counts, possibleDuplicates, price } = plan;
  const keys = (plan.parts ?? (plan.file ? [plan.file] : [])).map(({ key }) => key);
  const rejectedKeys = plan.rejectedKeys ?? (plan.rejectedKey ? [plan.rejectedKey] : []);
  const found: ExpectedPlan = {
    counts: {
      total: counts['total'] ?? 0,
      invalid: counts['invalid'] ?? 0,
      duplicate: counts['duplicate'] ?? 0,
    },
    possibleDuplicates: possibleDuplicates.count,
    amount: price.amount,
    accepted: await digestOf(textsOf(standIns, keys)),
    rejected: await digestOf(textsOf(standIns, rejectedKeys)),
  };
  const same = JSON.stringify(found) === JSON.stringify(expected) && counts['park'] === counts['total'];
  return same ? 'yes' : `no: ${JSON.stringify(found)} instead of ${JSON.stringify(expected)}`;
}

/** As SQS and the tick do: a record is delivered again until the plan is ready. */
async function planAll(standIns: StandIns, kills: number, limitMs: number) {
  const start = () =>
    startBundle({
      path: startOf('campaignPlanner'),
      env: standIns.environment,
      memoryMb: memoryOf('campaignPlanner'),
    });
  const [body] = await standIns.sqs.bodies('PlanQueue');
  const event = { Records: [{ messageId: 'plan', body }] };
  let planner: Bundle = await start();
  let [invocations, failed, peak, longest] = [0, 0, 0, 0];
  const killed: string[] = [];
  while ((await campaignIn(standIns)).state === 'planning') {
    invocations += 1;
    const began = performance.now();
    const ran = planner.invoke(event, { limitMs }).catch(() => undefined);
    if (killed.length < kills) {
      const over = await Promise.race([ran, sleep(5_000 + Math.random() * 0.6 * (limitMs - 5_000))]);
      if (!over) {
        peak = Math.max(peak, peakMb(planner));
        planner.stop();
        await ran;
        const { planning } = await campaignIn(standIns);
        killed.push(`at ${planning?.rows} rows, ${planning?.checkpoint?.rows ?? 0} kept`);
        planner = await start();
        continue;
      }
    }
    // A fault of a busy machine: the record is delivered again.
    if ((await ran)?.answer?.batchItemFailures?.length !== 0) failed += 1;
    if (failed > MOST_FAILED) throw new Error('planning failed again and again');
    peak = Math.max(peak, peakMb(planner));
    longest = Math.max(longest, performance.now() - began);
    console.error(`bench: ${(await campaignIn(standIns)).planning?.rows ?? 'all'} rows`);
  }
  planner.stop();
  return { invocations, failed, killed, peakMb: peak, longestS: Math.round(longest / 100) / 10 };
}

async function benchPlan(rows: number, kills: number, limitMs: number): Promise<Figures> {
  const standIns = await spawnStandIns({ settings: { LOG_LEVEL: 'ERROR' } });
  try {
    const file = largeFile(rows);
    const chunks = function* () {
      for (const text of file.text()) yield Buffer.from(text);
    };
    const source = await upload(standIns, `bench/${rows}.csv`, chunks());
    const campaigns = await spawnWorker('campaigns', standIns.environment);
    const template = { name: 'hello', languageCode: 'en' };
    const flow = { from: '254110090747', text: 'Hello {{name}}', flowId: 'F', flowCta: 'Go', screen: 'S' };
    const message = { ...flow, whenClosed: 'template', template };
    const order = { campaignId: `bench-${rows}`, name: 'Bench', message, perMinute: 4800 };
    const created = { ...order, recipients: { s3: source } };
    await call(campaigns, 'create', created);
    await call(campaigns, 'plan', order);
    const began = performance.now();
    const done = await planAll(standIns, kills, limitMs);
    const seconds = Math.round((performance.now() - began) / 1_000);
    const { plan } = await campaignIn(standIns);
    const parts = plan?.parts?.length ?? (plan?.file ? 1 : 0);
    return { rows, seconds, parts, ...done, exact: await comparison(standIns, file.expected()) };
  } finally {
    await stopChildren();
  }
}

await build();
const rows = Number(asked.rows);
const limitMs = Number(asked.limit) * 1_000;
const tenth = await benchPlan(rows / 10, 0, limitMs);
const whole = await benchPlan(rows, Number(asked.kills), limitMs);
for (const { killed, ...figures } of [tenth, whole]) {
  console.log(figures, killed);
}
console.log(`peak memory: ${Math.round((whole.peakMb / tenth.peakMb - 1) * 100)} % above that of a tenth`);
if (tenth.exact !== 'yes' || whole.exact !== 'yes') process.exitCode = 1;
