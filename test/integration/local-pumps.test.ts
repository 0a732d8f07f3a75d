import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import type { SQSEvent } from 'aws-lambda';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { spawnAws } from '../support/aws.ts';
import { stopChildren } from '../support/children.ts';
import { PATIENCE } from '../support/patience.ts';
import { startQueuePump } from '../support/queue-pump.ts';
import { spawnSqs } from '../support/sqs.ts';
import { startStreamPump } from '../support/stream-pump.ts';
import { spawnFunction, type Worker } from '../support/worker.ts';

/** Notes what it gets, and may hang at one of them, so that it can be killed in the middle of it. */
const BUNDLE = `
const { appendFileSync } = require('node:fs');
exports.handler = async ({ Records }) => {
  for (const { body, dynamodb } of Records) {
    const text = body ?? dynamodb.Keys.pk.S;
    if (text === process.env.HANGS_AT) await new Promise((resolve) => setTimeout(resolve, 5000));
    appendFileSync(process.env.LOG, text + '\\n');
  }
};
`;

const directory = mkdtempSync(join(tmpdir(), 'lipaflow-pump-'));
const handler = join(directory, 'notes');
writeFileSync(`${handler}.cjs`, BUNDLE);

const spawnNotes = (log: string, hangsAt = ''): Promise<Worker> =>
  spawnFunction(
    { name: 'notes', handler: `${handler}.handler`, timeoutMs: 10_000 },
    { LOG: join(directory, log), HANGS_AT: hangsAt },
  );
const notes = (log: string): string[] => readFileSync(join(directory, log), 'utf8').trim().split('\n');

afterAll(async () => {
  await stopChildren();
  rmSync(directory, { recursive: true });
});

describe('a pump', () => {
  it('delivers a queue to processes, some twice, and again what died with its worker', async () => {
    const sqs = await spawnSqs({ visibilityTimeoutSeconds: 1, maxReceiveCount: 100 });
    const doomed = await spawnNotes('queue', 'killer');
    const workers = [doomed];
    await sqs.send('killer');
    const pump = startQueuePump({ sqs, workers, duplicates: 1 });
    await vi.waitFor(() => expect(pump.counts().delivered).toBe(1), PATIENCE);
    doomed.kill();
    const quick = Array.from({ length: 20 }, (_, n) => `m-${n}`);
    await Promise.all(quick.map((body) => sqs.send(body)));
    workers.push(await spawnNotes('queue'));
    await pump.drained();
    await pump.close();
    expect([...new Set(notes('queue'))].sort()).toEqual(['killer', ...quick].sort());
    expect(notes('queue').length).toBeGreaterThan(30);
    expect(pump.counts().failedBatches).toBeGreaterThanOrEqual(1);
    expect(pump.counts().duplicated).toBe(pump.counts().delivered);
    expect(await sqs.counts('DeliveryDeadLetterQueue')).toEqual({ ready: 0, delayed: 0, inFlight: 0 });
  });

  it('takes from the queue that it is told, as the mapping of serverless.yml has it', async () => {
    const sqs = await spawnSqs();
    const plans = ['first', 'second', 'third'];
    for (const body of plans) await sqs.send(body, { queueName: 'PlanQueue' });
    await sqs.send('a delivery');
    const planner = await spawnNotes('plans');
    const sizes: number[] = [];
    const invoke: Worker['invoke'] = (event) => {
      sizes.push((event as SQSEvent).Records.length);
      return planner.invoke(event);
    };
    const pump = startQueuePump({ sqs, queueName: 'PlanQueue', workers: [{ ...planner, invoke }] });
    await pump.drained();
    await pump.close();
    expect(notes('plans').sort()).toEqual(plans);
    expect(sizes).toEqual([1, 1, 1]);
    expect(await sqs.counts()).toEqual({ ready: 1, delayed: 0, inFlight: 0 });
  });

  it('feeds the stream to processes in order, goes on when one dies, and gives up when none answers', async () => {
    const TableName = 'local-pumps-test';
    const aws = await spawnAws({ tableName: TableName });
    const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
    const dynamo = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials });
    const keys = ['first', 'second', 'third'];
    for (const pk of keys) await dynamo.send(new PutItemCommand({ TableName, Item: { pk: { S: pk } } }));
    const doomed = await spawnNotes('stream');
    doomed.kill('SIGSTOP');
    const workers = [doomed];
    const pump = startStreamPump({ aws, workers, settings: { parallelizationFactor: 1 } });
    workers.push(await spawnNotes('stream'));
    doomed.kill();
    await pump.caughtUp();
    await pump.close();
    expect(notes('stream')).toEqual(keys);
    expect(pump.failures()).toEqual([]);

    const stopped = await spawnNotes('again');
    stopped.kill('SIGSTOP');
    const again = startStreamPump({
      aws,
      workers: [stopped],
      timeoutMs: 20,
      settings: { maximumRetryAttempts: 1 },
    });
    await again.caughtUp();
    await again.close();
    const lost = again
      .failures()
      .flatMap(({ records }) => records.map(({ dynamodb }) => dynamodb.Keys['pk']?.S));
    expect(lost.sort()).toEqual(keys);
  });
});
