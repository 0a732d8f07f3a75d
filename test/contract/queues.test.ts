/** The queues: the fakes, and the adapters on SQS's stand-in. What a consumer gets, and when. */
import { setTimeout as sleep } from 'node:timers/promises';
import { SQSClient } from '@aws-sdk/client-sqs';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { queueUrl } from '../../local/aws/queues.ts';
import { startSqs } from '../../local/aws/sqs.ts';
import { callSqs } from '../../local/aws/sqs-call.ts';
import { isLookup, parseCallbackRecord, parseLookup } from '../../src/lib/callbacks/callback-records.ts';
import type { CallbackQueue, UnmatchedQueue } from '../../src/lib/callbacks/ports.ts';
import type { ReceivedCallback } from '../../src/lib/callbacks/received-callback.ts';
import { makeCallbackQueue } from '../../src/lib/callbacks/sqs-callbacks.ts';
import { PAUSES_S, type UnmatchedStatus } from '../../src/lib/callbacks/unmatched-status.ts';
import type { CampaignId } from '../../src/lib/campaigns/campaign-id.ts';
import type { CampaignQueue, PlanQueue, RecipientJob } from '../../src/lib/campaigns/ports.ts';
import { parsePlanJob, parseRecipientJob } from '../../src/lib/campaigns/queue-records.ts';
import { makeCampaignQueue, makePlanQueue } from '../../src/lib/campaigns/sqs-campaigns.ts';
import type { DeliveryQueue, Watch, WatchQueue } from '../../src/lib/messages/ports.ts';
import { makeDeliveryQueue } from '../../src/lib/messages/sqs-deliveries.ts';
import { isWatch, parseDelivery, parseWatch } from '../../src/lib/sending/contract.ts';
import { fakeCampaignQueue, fakePlanQueue } from '../support/fakes/campaigns.ts';
import { manualClock } from '../support/fakes/clock.ts';
import { type Link, storeDown } from '../support/fakes/link.ts';
import { fakeCallbackQueue, fakeQueue } from '../support/fakes/queue.ts';
import { idOf, later, NOW } from '../support/fakes/samples.ts';
import { fakeUnmatchedQueue } from '../support/fakes/unmatched.ts';
import { callJson } from '../support/json-http.ts';

interface Ports {
  readonly deliveries: DeliveryQueue & WatchQueue;
  readonly recipients: CampaignQueue;
  readonly plans: PlanQueue;
  readonly callbacks: CallbackQueue;
  readonly unmatched: UnmatchedQueue;
}

type Name = keyof Ports;

interface Queues extends Ports {
  /** The same ports while the service does not respond. */
  readonly down: Ports;
  /** Everything in a queue, as its consumer reads it, with its delay. */
  waiting(queue: Name): Promise<readonly { readonly record: unknown; readonly delaySeconds: number }[]>;
  /** Takes out everything that is visible now. */
  take(queue: Name): Promise<readonly unknown[]>;
  pass(seconds: number): Promise<void>;
  close(): Promise<void>;
}

const watchedBy = ({ messageId, owner }: Watch) => ({ messageId, owner });

const dead: Link = () => Promise.reject(storeDown());

function openFakes(): Promise<Queues> {
  const clock = manualClock(NOW);
  const all = {
    deliveries: fakeQueue(clock),
    recipients: fakeCampaignQueue(clock),
    plans: fakePlanQueue(),
    callbacks: fakeCallbackQueue(),
    unmatched: fakeUnmatchedQueue(clock),
  };
  const delayOf = (visibleAt: Date) => (visibleAt.getTime() - clock.now().getTime()) / 1000;
  return Promise.resolve({
    ...all,
    down: {
      deliveries: all.deliveries.over(dead),
      recipients: all.recipients.over(dead),
      plans: all.plans.over(dead),
      callbacks: fakeCallbackQueue(dead),
      unmatched: all.unmatched.over(dead),
    },
    waiting: (queue) =>
      Promise.resolve(
        {
          deliveries: () => [
            ...all.deliveries.waiting.map(({ messageId, visibleAt }) => ({
              record: messageId,
              delaySeconds: delayOf(visibleAt),
            })),
            ...all.deliveries.watches.map(({ watch, visibleAt }) => ({
              record: watchedBy(watch),
              delaySeconds: delayOf(visibleAt),
            })),
          ],
          recipients: () =>
            all.recipients.waiting.map(({ job, visibleAt }) => ({
              record: job,
              delaySeconds: delayOf(visibleAt),
            })),
          plans: () => all.plans.waiting.map((record) => ({ record, delaySeconds: 0 })),
          callbacks: () => all.callbacks.waiting.map((record) => ({ record, delaySeconds: 0 })),
          unmatched: () =>
            all.unmatched.waiting.map(({ unmatched, visibleAt }) => ({
              record: unmatched,
              delaySeconds: delayOf(visibleAt),
            })),
        }[queue](),
      ),
    take: (queue) =>
      Promise.resolve(
        {
          deliveries: () => [
            ...all.deliveries.take().map(({ messageId }) => messageId),
            ...all.deliveries.takeWatches().map((watched) => {
              all.deliveries.forget(watched);
              return watchedBy(watched.watch);
            }),
          ],
          recipients: () => all.recipients.take(),
          plans: () => all.plans.take(),
          callbacks: () => all.callbacks.take(),
          unmatched: () => all.unmatched.take(),
        }[queue](),
      ),
    pass: (seconds) => Promise.resolve(clock.advance(seconds * 1000)),
    close: () => Promise.resolve(),
  });
}

const QUEUES: Record<Name, string> = {
  deliveries: 'DeliveryQueue',
  recipients: 'CampaignQueue',
  plans: 'PlanQueue',
  callbacks: 'CallbackQueue',
  unmatched: 'CallbackQueue',
};
const readCallback = (body: string) => (isLookup(body) ? parseLookup(body) : parseCallbackRecord(body));
const READERS: Record<Name, (body: string) => unknown> = {
  deliveries: (body) => {
    const record: unknown = JSON.parse(body);
    return isWatch(record) ? parseWatch(record) : parseDelivery(record);
  },
  recipients: (body) => parseRecipientJob(JSON.parse(body)),
  plans: (body) => parsePlanJob(JSON.parse(body)),
  callbacks: readCallback,
  unmatched: readCallback,
};

interface Held {
  readonly body: string;
  readonly sentTimestamp: number;
  readonly delayUntil?: number;
}

async function openSqs(): Promise<Queues> {
  const sqs = await startSqs({ port: 0, bucketName: 'recipients' });
  const clock = manualClock(NOW);
  const portsAt = (url: string) => {
    const client = new SQSClient({
      endpoint: url,
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
    });
    const at = (queue: Name) => ({ client, clock, queueUrl: queueUrl(url, QUEUES[queue]) });
    const ports: Ports = {
      deliveries: makeDeliveryQueue(at('deliveries')),
      recipients: makeCampaignQueue(at('recipients')),
      plans: makePlanQueue(at('plans')),
      callbacks: makeCallbackQueue(at('callbacks')),
      unmatched: makeCallbackQueue(at('unmatched')),
    };
    return { client, ports };
  };
  const alive = portsAt(sqs.url);
  const gone = portsAt('http://127.0.0.1:1');
  const read = (queue: Name, body: string) => READERS[queue](body);
  return {
    ...alive.ports,
    down: gone.ports,
    async waiting(queue) {
      const { messages } = await callJson<{ messages: { ready: Held[]; delayed: Held[] } }>(
        'GET',
        `${sqs.url}/_fauxqs/queues/${QUEUES[queue]}`,
      );
      return [...messages.ready, ...messages.delayed].map(({ body, sentTimestamp, delayUntil }) => ({
        record: read(queue, body),
        delaySeconds: ((delayUntil ?? sentTimestamp) - sentTimestamp) / 1000,
      }));
    },
    async take(queue) {
      const QueueUrl = queueUrl(sqs.url, QUEUES[queue]);
      const taken: unknown[] = [];
      for (;;) {
        const { Messages = [] } = await callSqs('ReceiveMessage', {
          QueueUrl,
          MaxNumberOfMessages: 10,
          WaitTimeSeconds: 0,
        });
        if (Messages.length === 0) return taken;
        const Entries = Messages.map(({ ReceiptHandle }, n) => ({ Id: String(n), ReceiptHandle }));
        await callSqs('DeleteMessageBatch', { QueueUrl, Entries });
        taken.push(...Messages.map(({ Body }) => read(queue, Body)));
      }
    },
    pass: (seconds) => sleep(seconds * 1000 + 50),
    async close() {
      for (const { client } of [alive, gone]) client.destroy();
      await sqs.close();
    },
  };
}

const NAMES: readonly Name[] = ['deliveries', 'recipients', 'plans', 'callbacks', 'unmatched'];

const delivery = (id: string, clientId = 'crm') => ({ messageId: idOf(id), clientId });
const recipient = (row: number, scheduledAt: Date = NOW): RecipientJob => ({
  campaignId: 'campaign-1' as CampaignId,
  n: 7,
  enqueuedAt: later(-1.5),
  row,
  scheduledAt,
  tries: 2,
});
const CALLBACK: ReceivedCallback = {
  receivedAt: NOW,
  correlationId: 'c-1',
  bytes: Buffer.from('{"text":"Habari 👋 \uffff"}'),
  unchecked: { secretHash: 'abc' },
};
const UNMATCHED: UnmatchedStatus = {
  waKey: 'key',
  report: { status: 'failed', at: NOW, code: 131_026, detail: 'Not delivered 😕\uffff' },
  lookups: 2,
};
const PLAN = { campaignId: 'campaign-1' as CampaignId, planId: 'plan-1' };

describe.each([
  { name: 'the fakes', open: openFakes },
  { name: 'SQS’s stand-in', open: openSqs },
])('the queues on $name', ({ open }) => {
  let queues: Queues;
  beforeAll(async () => {
    queues = await open();
  });
  afterAll(() => queues.close());
  beforeEach(async () => {
    for (const name of NAMES) await queues.take(name);
  });

  const enqueue: Record<Name, (to: Ports) => Promise<void>> = {
    deliveries: (to) => to.deliveries.enqueue(delivery('m-1'), 0),
    recipients: (to) => to.recipients.enqueue([recipient(1)], 'crm'),
    plans: (to) => to.plans.enqueue({ ...PLAN, clientId: 'crm' }),
    callbacks: (to) => to.callbacks.put(CALLBACK),
    unmatched: (to) => to.unmatched.lookUpIn(UNMATCHED, 0),
  };
  const RECORDS: Record<Name, unknown> = {
    deliveries: 'm-1',
    recipients: recipient(1),
    plans: PLAN,
    callbacks: CALLBACK,
    unmatched: UNMATCHED,
  };

  it.each(NAMES)('deliver a record as it was enqueued, once: %s', async (name) => {
    await enqueue[name](queues);
    expect(await queues.take(name)).toEqual([RECORDS[name]]);
    expect(await queues.take(name)).toEqual([]);
  });

  it.each(NAMES)('keep one record for each enqueue: %s', async (name) => {
    await enqueue[name](queues);
    await enqueue[name](queues);
    expect(await queues.take(name)).toEqual([RECORDS[name], RECORDS[name]]);
  });

  it.each(NAMES)('fail with store-unavailable while the service is down: %s', async (name) => {
    await expect(enqueue[name](queues.down)).rejects.toMatchObject({
      name: 'AppError',
      code: 'store-unavailable',
      retryAfter: 2,
    });
    expect(await queues.take(name)).toEqual([]);
  });

  it('hold a record back for its delay, and no longer', async () => {
    await queues.deliveries.enqueue(delivery('later'), 60);
    await queues.deliveries.enqueue(delivery('soon'), 1);
    await queues.recipients.enqueue([recipient(1, later(60)), recipient(2, later(1))], 'crm');
    const both = async () => [...(await queues.take('deliveries')), ...(await queues.take('recipients'))];
    const taken = await both();
    await queues.pass(1);
    expect([...taken, ...(await both())]).toEqual(['soon', recipient(2, later(1))]);
  });
});

const watchOf = (id: string, seconds: number, clientId = 'crm'): Watch => ({
  messageId: idOf(id),
  clientId,
  owner: `${id}/1`,
  until: later(seconds),
});

describe.each([
  { name: 'the fakes', open: openFakes },
  { name: 'SQS’s stand-in', open: openSqs },
])('the watches of leases on $name', ({ open }) => {
  let queues: Queues;
  beforeEach(async () => {
    queues = await open();
  });
  afterEach(() => queues.close());

  it('wait a second longer than their leases, at once when the lease is over, and 15 minutes at most', async () => {
    const seconds = [60, 59.2, -3, 899, 900, 1_200];
    expect(await queues.deliveries.watch(seconds.map((s, n) => watchOf(`m-${n}`, s)))).toEqual(
      seconds.map(() => true),
    );
    const waiting = (await queues.waiting('deliveries')) as {
      record: { owner: string };
      delaySeconds: number;
    }[];
    const delays = Object.fromEntries(
      waiting.map(({ record, delaySeconds }) => [record.owner, delaySeconds]),
    );
    expect(delays).toEqual({
      'm-0/1': 61,
      'm-1/1': 61,
      'm-2/1': 0,
      'm-3/1': 900,
      'm-4/1': 900,
      'm-5/1': 900,
    });
  });

  it('are delivered beside messages to send', async () => {
    await queues.deliveries.watch([watchOf('m-1', -5)]);
    await queues.deliveries.enqueue(delivery('m-2'), 0);
    const taken = await queues.take('deliveries');
    expect(taken).toHaveLength(2);
    expect(taken).toEqual(expect.arrayContaining(['m-2', { messageId: 'm-1', owner: 'm-1/1' }]));
  });

  it('fail with store-unavailable while the service is down', async () => {
    await expect(queues.down.deliveries.watch([watchOf('m-1', 1)])).rejects.toMatchObject({
      code: 'store-unavailable',
    });
  });
});

it('SQS’s stand-in delivers a failed callback again after the pause that its worker sets', async () => {
  const sqs = await startSqs({ port: 0, bucketName: 'recipients' });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = new SQSClient({ endpoint: sqs.url, region: 'eu-west-1', credentials });
  const QueueUrl = queueUrl(sqs.url, 'CallbackQueue');
  const queue = makeCallbackQueue({ client, queueUrl: QueueUrl });
  await queue.put(CALLBACK);
  const receive = async () =>
    (await callSqs('ReceiveMessage', { QueueUrl, WaitTimeSeconds: 0 })).Messages ?? [];
  const [first] = await receive();
  expect(await receive()).toEqual([]);
  await queue.retryIn(first?.ReceiptHandle ?? '', 0);
  expect((await receive()).map(({ Body }) => parseCallbackRecord(Body))).toEqual([CALLBACK]);
  client.destroy();
  await sqs.close();
});

/** Separate, because delayed records stay in their queue. */
describe.each([
  { name: 'the fakes', open: openFakes },
  { name: 'SQS’s stand-in', open: openSqs },
])('delays on $name', ({ open }) => {
  let queues: Queues;
  beforeAll(async () => {
    queues = await open();
  });
  afterAll(() => queues.close());

  const delays = async (name: Name, keyOf: (record: unknown) => unknown) =>
    new Map((await queues.waiting(name)).map(({ record, delaySeconds }) => [keyOf(record), delaySeconds]));

  it("of a message are whole seconds, rounded up, between zero and SQS's 15 minutes", async () => {
    const asked = { none: 0, past: -5, part: 0.2, six: 6, most: 900, more: 5_000 };
    for (const [id, seconds] of Object.entries(asked)) await queues.deliveries.enqueue(delivery(id), seconds);
    const expected = { none: 0, past: 0, part: 1, six: 6, most: 900, more: 900 };
    expect(await delays('deliveries', String)).toEqual(new Map(Object.entries(expected)));
  });

  it('of 25 recipients last until the second that each is scheduled for, and none is left out', async () => {
    const jobs = Array.from({ length: 25 }, (_, row) => recipient(row, later(row * 60 + 0.7 - 60)));
    await queues.recipients.enqueue(jobs, 'crm');
    await queues.recipients.enqueue([], 'crm');
    const expected = jobs.map(({ row }) => [row, Math.min(900, Math.max(0, row * 60 - 60))] as const);
    expect(await delays('recipients', (record) => (record as RecipientJob).row)).toEqual(new Map(expected));
  });
  it('of an unmatched status last until its next lookup', async () => {
    for (const [lookups, pause] of PAUSES_S.entries())
      await queues.unmatched.lookUpIn({ ...UNMATCHED, lookups }, pause);
    const expected = new Map(PAUSES_S.entries());
    expect(await delays('unmatched', (record) => (record as UnmatchedStatus).lookups)).toEqual(expected);
  });
});

/** SQS delivers a busy client's records after those of the others. Its stand-in drops the groups of a standard queue. */
it.each(['deliveries', 'watches', 'recipients', 'plans'] as const)(
  'are shared fairly by client: all records of one have one group, which does not name it: %s',
  async (kind) => {
    const groups: unknown[] = [];
    const client = new SQSClient({
      region: 'eu-west-1',
      credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
      maxAttempts: 1,
      requestHandler: {
        handle: ({ body }: { body: string }) => {
          const sent = JSON.parse(body) as Sent & { Entries?: readonly Sent[] };
          groups.push((sent.Entries?.[0] ?? sent).MessageGroupId);
          return Promise.reject(new Error('not sent'));
        },
      },
    });
    const to = { client, clock: manualClock(NOW), queueUrl: 'https://sqs.eu-west-1.amazonaws.com/1/Queue' };
    const put = {
      deliveries: (clientId: string) => makeDeliveryQueue(to).enqueue(delivery('m-1', clientId), 0),
      watches: (clientId: string) => makeDeliveryQueue(to).watch([watchOf('m-1', -5, clientId)]),
      recipients: (clientId: string) => makeCampaignQueue(to).enqueue([recipient(1)], clientId),
      plans: (clientId: string) => makePlanQueue(to).enqueue({ ...PLAN, clientId }),
    }[kind];
    for (const clientId of ['crm', 'crm', 'shop']) await expect(put(clientId)).rejects.toThrow();
    expect(groups).toEqual([groups[0], groups[0], expect.not.stringMatching(String(groups[0]))]);
    for (const group of groups) expect(group).toMatch(/^[0-9a-f]{64}$/);
  },
);

interface Sent {
  readonly MessageGroupId?: unknown;
}
