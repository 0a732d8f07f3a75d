import { setTimeout as delay } from 'node:timers/promises';
import { SendMessageCommand, SQSClient } from '@aws-sdk/client-sqs';
import type { SQSEvent, SQSRecord } from 'aws-lambda';
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { readQueues } from '../../local/aws/queues.ts';
import { failedItems } from '../../local/batch-answer.ts';
import { type QueueSource, type QueueSourceOptions, startQueueSource } from '../../local/queue-source.ts';
import { readStack } from '../../local/stack.ts';
import { stopChildren } from '../support/children.ts';
import { PATIENCE } from '../support/patience.ts';
import { type SqsProcess, spawnSqs } from '../support/sqs.ts';

let sqs: SqsProcess;
let source: QueueSource | undefined;

beforeAll(async () => {
  sqs = await spawnSqs({ visibilityTimeoutSeconds: 1, maxReceiveCount: 2 });
});
afterEach(() => source?.close());
afterAll(stopChildren);

const serve = (invoke: (event: SQSEvent) => Promise<unknown>, settings: Partial<QueueSourceOptions> = {}) => {
  source = startQueueSource({
    queueUrl: sqs.queueUrl(),
    queueName: 'DeliveryQueue',
    batchSize: 10,
    maximumConcurrency: 2,
    waitSeconds: 0,
    invoke,
    onError: () => {},
    ...settings,
  });
};

const ignore = (): void => {};
const empty = { ready: 0, delayed: 0, inFlight: 0 };

describe('the queues', () => {
  it('are those of infra/ that functions take from', () => {
    expect(readStack().queues).toEqual([
      { functionName: 'callbacks', queueName: 'CallbackQueue', batchSize: 10, maximumConcurrency: 24 },
      { functionName: 'worker', queueName: 'DeliveryQueue', batchSize: 10, maximumConcurrency: 20 },
      { functionName: 'worker', queueName: 'CampaignQueue', batchSize: 10, maximumConcurrency: 20 },
      { functionName: 'campaignPlanner', queueName: 'PlanQueue', batchSize: 1, maximumConcurrency: 5 },
    ]);
  });

  it.each([
    ['DeliveryQueue', 5],
    ['CallbackQueue', 60],
    ['CampaignQueue', 5],
    ['PlanQueue', 3],
  ])('hide what is taken for six times as long as it may take: %s', (queueName, maxReceiveCount) => {
    const { functions, queues } = readStack();
    const functionName = queues.find((queue) => queue.queueName === queueName)?.functionName ?? '';
    const timeoutMs = functions[functionName]?.timeoutMs ?? Number.NaN;
    const queue = readQueues().find(({ name }) => name === queueName);
    expect(Number(queue?.attributes['VisibilityTimeout']) * 1000).toBeGreaterThanOrEqual(6 * timeoutMs);
    const deadLetters = queueName.replace('Queue', 'DeadLetterQueue');
    expect(JSON.parse(queue?.attributes['RedrivePolicy'] ?? '')).toEqual({
      deadLetterTargetArn: `arn:aws:sqs:eu-west-1:000000000000:${deadLetters}`,
      maxReceiveCount,
    });
    expect(readQueues().map(({ name }) => name)).toContain(deadLetters);
  });

  it('take messages from the SDK at the address of their URL', async () => {
    const client = new SQSClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      // It warns that the URL is not AWS's.
      logger: { debug: ignore, info: ignore, warn: ignore, error: ignore },
    });
    const QueueUrl = sqs.queueUrl('PublisherFailureQueue');
    await client.send(new SendMessageCommand({ QueueUrl, MessageBody: 'from the SDK' }));
    expect(await sqs.bodies('PublisherFailureQueue')).toEqual(['from the SDK']);
    client.destroy();
  });
});

describe('a queue as an event source', () => {
  it('hands records over as Lambda does, and deletes what did not fail', async () => {
    const events: SQSEvent[] = [];
    serve((event) => {
      events.push(event);
      return Promise.resolve({ batchItemFailures: [] });
    });
    await sqs.send({ messageId: 'm-1' });
    await vi.waitFor(async () => expect(await sqs.counts()).toEqual(empty), PATIENCE);
    expect(events).toHaveLength(1);
    expect(events[0]?.Records[0]).toMatchObject({
      messageId: expect.stringMatching(/-/),
      receiptHandle: expect.stringMatching(/./),
      body: '{"messageId":"m-1"}',
      attributes: { ApproximateReceiveCount: '1', SentTimestamp: expect.stringMatching(/^\d+$/) },
      eventSource: 'aws:sqs',
      eventSourceARN: 'arn:aws:sqs:eu-west-1:000000000000:DeliveryQueue',
    });
  });

  it('holds a delayed message back', async () => {
    const came: { body: string; at: number }[] = [];
    serve(({ Records }) => {
      came.push(...Records.map(({ body }) => ({ body, at: performance.now() })));
      return Promise.resolve();
    });
    const begun = performance.now();
    await sqs.send('later', { delaySeconds: 1 });
    await sqs.send('in a quarter of an hour', { queueName: 'PlanQueue', delaySeconds: 900 });
    expect(await sqs.counts('PlanQueue')).toEqual({ ...empty, delayed: 1 });
    await vi.waitFor(() => expect(came.map(({ body }) => body)).toEqual(['later']), PATIENCE);
    expect(Number(came[0]?.at) - begun).toBeGreaterThanOrEqual(950);
  });

  it('brings what failed back when it is visible again, then leaves it to the dead letters', async () => {
    const seen: SQSRecord[] = [];
    serve(({ Records }) => {
      seen.push(...Records);
      const failed = Records.filter(({ body }) => body === 'bad');
      return Promise.resolve({
        batchItemFailures: failed.map(({ messageId }) => ({ itemIdentifier: messageId })),
      });
    });
    await sqs.send('good');
    await sqs.send('bad');
    await vi.waitFor(
      async () => expect(await sqs.bodies('DeliveryDeadLetterQueue')).toEqual(['bad']),
      PATIENCE,
    );
    const counts = seen.map(({ body, attributes }) => `${body} ${attributes.ApproximateReceiveCount}`);
    expect(counts).toEqual(['good 1', 'bad 1', 'bad 2']);
  });

  it('ends at once, whether it waits for a message or for a batch that hangs', async () => {
    serve(() => new Promise(() => {}), { maximumConcurrency: 1 });
    await sqs.send('hangs');
    await vi.waitFor(async () => expect(await sqs.counts()).toMatchObject({ inFlight: 1 }), PATIENCE);
    const begun = performance.now();
    await source?.close();
    serve(() => Promise.resolve(), { waitSeconds: 20 });
    await delay(20);
    await source?.close();
    // It would wait 20 s for a message, and for ever for the batch.
    expect(performance.now() - begun).toBeLessThan(10_000);
  });
});

describe('the answer to a batch', () => {
  const failed = (answer: unknown) => [...failedItems(answer, ['a', 'b'])];

  it('names what failed; nothing, or no answer, means that all is well', () => {
    expect(failed({ batchItemFailures: [{ itemIdentifier: 'b' }] })).toEqual(['b']);
    for (const fine of [undefined, null, {}, { batchItemFailures: null }, { batchItemFailures: [] }]) {
      expect(failed(fine)).toEqual([]);
    }
  });

  it.each([
    { batchItemFailures: [{ itemIdentifier: 'c' }] },
    { batchItemFailures: [{ itemIdentifier: '' }] },
    { batchItemFailures: [{}] },
    { batchItemFailures: 'b' },
  ])('fails all of it when it is %j', (answer) => {
    expect(failed(answer)).toEqual(['a', 'b']);
  });
});
