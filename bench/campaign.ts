/**
 * A large campaign on the built bundles: planned from a file in S3, then enqueued from its plan. DynamoDB and
 * S3 are the embedded ones, in their own processes. The campaign queue is a stub that accepts everything. The
 * tick's clock runs fast, because enqueuing at the real rate would take hours.
 */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { Upload } from '@aws-sdk/lib-storage';
import { stopChildren } from '../test/support/children.ts';
import { clock } from '../test/support/fleet/fleet.ts';
import { httpEvent } from '../test/support/http-event.ts';
import { s3ClientFor } from '../test/support/s3.ts';
import { type StandIns, spawnStandIns } from '../test/support/stand-ins.ts';
import { type HttpResult, spawnWorker, type Worker } from '../test/support/worker.ts';
import { startBundle } from './bundle.ts';
import { memoryOf, startOf } from './world.ts';

export interface CampaignFigures {
  readonly rows: number;
  readonly planSeconds: number;
  readonly planPeakMb: number;
  readonly enqueueSeconds: number;
  readonly enqueuePeakMb: number;
}

const LONG_MS = 900_000;
const seconds = (since: number) => Math.round((performance.now() - since) / 100) / 10;

/** The process's peak memory in MB, as the kernel counts it. */
export function peakMb({ pid }: { readonly pid: number }): number {
  const [, kb = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Math.round(Number(kb) / 1024);
}

function* csv(rows: number): Iterable<string> {
  yield 'to,name\n';
  for (let k = 0; k < rows; k += 1) yield `${254_700_000_000 + k},Customer ${k}\n`;
}

/** Chunks large enough to be worth a write. */
function* inChunks(lines: Iterable<string>): Iterable<Buffer> {
  let text = '';
  for (const line of lines) {
    text += line;
    if (text.length < 1 << 20) continue;
    yield Buffer.from(text);
    text = '';
  }
  if (text !== '') yield Buffer.from(text);
}

/** A queue that accepts and counts everything. */
async function startQueueStub() {
  let taken = 0;
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (part: string) => {
      body += part;
    });
    request.on('end', () => {
      const { Entries = [] } = JSON.parse(body) as { Entries?: { Id: string }[] };
      taken += Entries.length;
      const Successful = Entries.map(({ Id }) => ({ Id, MessageId: Id, MD5OfMessageBody: '' }));
      response.setHeader('content-type', 'application/x-amz-json-1.0');
      response.end(JSON.stringify({ Successful, Failed: [] }));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/000000000000/CampaignQueue`,
    taken: () => taken,
    close: () => server.close(),
  };
}

export async function upload({ sqs }: StandIns, Key: string, chunks: Iterable<Buffer>): Promise<string> {
  const Body = Readable.from(chunks);
  await new Upload({ client: s3ClientFor(sqs.url), params: { Bucket: sqs.bucketName, Key, Body } }).done();
  return `s3://${sqs.bucketName}/${Key}`;
}

/** Calls the campaigns' API directly in its function. */
export async function call(campaigns: Worker, verb: string, order: { campaignId: string }): Promise<void> {
  const path = verb === 'create' ? '' : `/{campaignId}/${verb}`;
  const event = httpEvent({
    method: 'POST',
    path: `/v1/campaigns${path}`,
    pathParameters: { campaignId: order.campaignId },
    authorizer: { clientId: 'bench', scopes: 'campaigns' },
    ...(verb === 'create' ? { body: order } : {}),
  });
  const { statusCode, body } = await campaigns.invoke<HttpResult>(event, { timeoutMs: LONG_MS });
  if (statusCode >= 300) throw new Error(`${verb}: ${statusCode} ${body}`);
}

/** Measures a campaign of `rows` recipients, in new processes. */
export async function benchCampaign(rows: number): Promise<CampaignFigures> {
  const standIns = await spawnStandIns({ settings: { NUMBER_PER_MINUTE: '60000', LOG_LEVEL: 'ERROR' } });
  const stub = await startQueueStub();
  const environment = { ...standIns.environment, CAMPAIGN_QUEUE_URL: stub.url };
  try {
    const source = await upload(standIns, `bench/${rows}.csv`, inChunks(csv(rows)));
    const campaigns = await spawnWorker('campaigns', environment);
    const start = (name: string, env: Record<string, string>) =>
      startBundle({ path: startOf(name), env, memoryMb: memoryOf(name) });
    const planner = await start('campaignPlanner', environment);
    const campaignId = `bench-${rows}`;
    const message = { from: '254110090747', text: 'Hello {{name}}', flowId: 'F', flowCta: 'Go', screen: 'S' };
    const order = { campaignId, name: 'Bench', message, recipients: { s3: source }, perMinute: 4800 };
    await call(campaigns, 'create', order);
    await call(campaigns, 'plan', order);
    const [job] = await standIns.sqs.bodies('PlanQueue');
    if (!job) throw new Error(`${rows} rows are too few for the planner`);

    const planning = performance.now();
    const record = { messageId: 'plan', body: job };
    const planned = JSON.stringify(await planner.invoke({ Records: [record] }, { limitMs: LONG_MS }));
    if (!planned.includes('"batchItemFailures":[]')) throw new Error(`planning failed: ${planned}`);
    const planSeconds = seconds(planning);
    const planPeakMb = peakMb(planner);
    planner.stop();

    const fast = clock({ fast: 3_000, since: Date.now() });
    const tick = await start('campaignTick', { ...environment, ...fast });
    await call(campaigns, 'start', order);
    const enqueuing = performance.now();
    while (stub.taken() < rows) await tick.invoke({});
    const enqueueSeconds = seconds(enqueuing);
    const enqueuePeakMb = peakMb(tick);
    tick.stop();
    return { rows, planSeconds, planPeakMb, enqueueSeconds, enqueuePeakMb };
  } finally {
    await stopChildren();
    stub.close();
  }
}
