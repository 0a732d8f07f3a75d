/** Erasures under way: their store on each engine, and their queue. */
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { queueUrl } from '../../local/aws/queues.ts';
import { startSqs } from '../../local/aws/sqs.ts';
import { parseErasureJob } from '../../src/lib/contacts/contract.ts';
import { type Erasure, finished, newErasure } from '../../src/lib/contacts/erasure.ts';
import type { ErasureQueue } from '../../src/lib/contacts/ports.ts';
import { makeErasureQueue } from '../../src/lib/contacts/sqs-erasures.ts';
import { fakeErasureQueue } from '../support/fakes/erasures.ts';
import { later, NOW } from '../support/fakes/samples.ts';
import { callJson } from '../support/json-http.ts';
import { engines, type Stores } from './engines.ts';

const begun = (erasureId: string): Erasure =>
  newErasure(erasureId, { sealed: 'sealed', clientId: 'client-1', correlationId: 'c', now: NOW });

describe.each(engines)('erasures on $name', ({ open }) => {
  let stores: Stores;
  beforeAll(async () => {
    stores = await open();
  });
  afterAll(() => stores.close());

  it.each<[string, Partial<Erasure>]>([
    ['at its first step', {}],
    [
      'among the callbacks',
      { place: { step: 'callbacks', after: { partition: 'raw', pk: 'raw#1', dueAt: 5 } } },
    ],
    ['among the files', { place: { step: 'files', after: 'plans/c/1', isLast: true }, optOutKept: true }],
    ['at its end', { ...finished(begun('x'), later(9)), counts: { messages: 3, callbacks: 2, files: 1 } }],
  ])('are read as they were stored, %s', async (name, changes) => {
    const erasure = { ...begun(name), ...changes, erasureId: name };
    const { sealed: _, ...unsealed } = erasure;
    const whole = erasure.state === 'done' ? unsealed : erasure;
    await stores.erasures.create(whole);
    expect((await stores.erasures.get(name))?.value).toEqual(whole);
  });

  it('count as lost when nothing has gone on with them for 16 minutes, and are none when they are done', async () => {
    await stores.erasures.create(begun('lost'));
    const lost = async (minutes: number) =>
      (await stores.erasures.lost(later(minutes * 60), 100)).filter((id) => id === 'lost');
    expect(await lost(15)).toEqual([]);
    expect(await lost(16)).toEqual(['lost']);
    const stored = await stores.erasures.get('lost');
    if (!stored) throw new Error('not there');
    await stores.erasures.replace(stored, { ...stored.value, changedAt: later(600) });
    expect(await lost(16)).toEqual([]);
    expect(await lost(26)).toEqual(['lost']);
    const again = await stores.erasures.get('lost');
    if (!again) throw new Error('not there');
    await stores.erasures.replace(again, finished(again.value, later(700)));
    expect(await lost(1_000)).toEqual([]);
  });

  it('are kept for 30 days after their end, and until it', async () => {
    await stores.erasures.create(begun('long'));
    await stores.erasures.create(finished(begun('short'), NOW));
    stores.clock.moveTo(later(31 * 86_400));
    expect(await stores.erasures.get('short')).toBeUndefined();
    expect(await stores.erasures.get('long')).toBeDefined();
  });
});

interface Queue {
  readonly queue: ErasureQueue;
  waiting(): Promise<readonly { readonly erasureId: string; readonly delaySeconds: number }[]>;
  close(): Promise<void>;
}

function openFake(): Promise<Queue> {
  const queue = fakeErasureQueue();
  return Promise.resolve({ queue, waiting: async () => queue.take(), close: () => Promise.resolve() });
}

async function openSqs(): Promise<Queue> {
  const sqs = await startSqs({ port: 0, bucketName: 'recipients' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: sqs.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
  type Held = { body: string; delayUntil?: number; sentTimestamp: number };
  return {
    queue: makeErasureQueue({ client, queueUrl: queueUrl(sqs.url, 'PlanQueue') }),
    async waiting() {
      const { messages } = await callJson<{ messages: { ready: Held[]; delayed: Held[] } }>(
        'GET',
        `${sqs.url}/_fauxqs/queues/PlanQueue`,
      );
      return [...messages.ready, ...messages.delayed].map(({ body, sentTimestamp, delayUntil }) => ({
        ...parseErasureJob(JSON.parse(body)),
        delaySeconds: ((delayUntil ?? sentTimestamp) - sentTimestamp) / 1000,
      }));
    },
    async close() {
      client.destroy();
      await sqs.close();
    },
  };
}

describe.each([
  { name: 'the fake', open: openFake },
  { name: 'SQS\u2019s stand-in', open: openSqs },
])('the queue of erasures on $name', ({ open }) => {
  it('has an erasure go on at once, or later', async () => {
    const { queue, waiting, close } = await open();
    const [now, then] = ['0c0c7b1e-8a34-4d1e-9d55-8f9c8a2b1c01', '0c0c7b1e-8a34-4d1e-9d55-8f9c8a2b1c02'];
    await queue.enqueue(now);
    await queue.enqueue(then, 30);
    expect(await waiting()).toEqual([
      { erasureId: now, delaySeconds: 0 },
      { erasureId: then, delaySeconds: 30 },
    ]);
    await close();
  });
});
