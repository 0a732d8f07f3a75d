/** LipaChat's callbacks: the webhook's own answer, and the work of the function that gives them their effects. */
import { randomUUID } from 'node:crypto';
import { readStack } from '../local/stack.ts';
import { httpEvent } from '../test/support/http-event.ts';
import type { Bundle, Call } from './bundle.ts';
import { startGatewayStub } from './gateway.ts';
import { startQueueStub } from './queue.ts';
import { mean, percentile } from './statistics.ts';
import { AWS_LATENCY_MS, expectStatus, flowEvent, PAIR, type World } from './world.ts';

export interface CallbackFigures {
  readonly p50: number;
  readonly p99: number;
  readonly cpuMs: number;
  /** One at a time, as in one Lambda environment. */
  readonly perSecond: number;
}

/** Of one kind of callback. Without a worker the webhook gives them their effects itself. */
interface CallbackShares {
  readonly webhook: CallbackFigures;
  readonly worker: CallbackFigures | undefined;
}

export interface CallbacksResult {
  readonly status: CallbackShares;
  readonly inbound: CallbackShares;
  /** Calls to AWS in a row for an inbound, in the function that gives it its effects. */
  readonly roundTrips: number;
}

const callback = (world: World, body: object): object =>
  httpEvent({
    method: 'POST',
    path: '/v1/webhooks/lipachat/{secret}',
    pathParameters: { secret: world.webhookSecret },
    body,
  });

export const statusEvent = (world: World, messageId: string, status: string): object =>
  callback(world, { event: 'MESSAGE_STATUS', messageStatus: { messageId, status, statusDesc: status } });

export const inboundEvent = (world: World, from: string = PAIR.customer): object => {
  const { business: to } = PAIR;
  return callback(world, {
    messageId: randomUUID(),
    from,
    to,
    profileName: 'A',
    type: 'TEXT',
    text: 'hello',
  });
};

const figuresOf = (calls: readonly Call[]): CallbackFigures => {
  const ms = calls.map((call) => call.ms);
  const cpuMs = mean(calls.map((call) => call.cpuMs));
  return { p50: percentile(ms, 0.5), p99: percentile(ms, 0.99), cpuMs, perSecond: 1000 / mean(ms) };
};

/** The webhook and its worker, if the stack has one, in processes of their own, with the queue between them. */
export async function startCallbacks(world: World, settings: Record<string, string> = {}) {
  const queue = await startQueueStub({ latencyMs: AWS_LATENCY_MS, name: 'CallbackQueue' });
  const environment = { ...settings, CALLBACK_QUEUE_URL: queue.url };
  const webhook = await world.start('webhook', environment);
  const hasWorker = readStack().functions['callbacks'] !== undefined;
  const worker: Bundle | undefined = hasWorker ? await world.start('callbacks', environment) : undefined;

  async function work(body: string): Promise<Call | undefined> {
    const record = { messageId: randomUUID(), receiptHandle: 'r', body, attributes: {} };
    const call = await worker?.invoke({ Records: [record] });
    if (call && call.answer?.batchItemFailures?.length !== 0) throw new Error(JSON.stringify(call));
    return call;
  }

  return {
    /** One callback, to its effects. */
    async take(event: object): Promise<{ webhook: Call; worker: Call | undefined }> {
      const call = expectStatus(await webhook.invoke(event), 200);
      const [body] = queue.takeAll();
      if (hasWorker && body === undefined) throw new Error('the webhook stored nothing');
      return { webhook: call, worker: body === undefined ? undefined : await work(body) };
    },
    stop() {
      webhook.stop();
      worker?.stop();
      queue.close();
    },
  };
}

/** Further away, so that the time of a callback shows how many calls to AWS it waits for in a row. */
const FURTHER_MS = 20;

export async function benchCallbacks(
  world: World,
  { callbacks, warmUp }: { callbacks: number; warmUp: number },
): Promise<CallbacksResult> {
  const gateway = await startGatewayStub({ latencyMs: 1 });
  const sender = await world.candidate('lipaflow', { LIPACHAT_BASE_URL: gateway.baseUrl });
  const both = await startCallbacks(world);

  const run = async (eventOf: () => object | Promise<object>, count = callbacks): Promise<CallbackShares> => {
    const webhook: Call[] = [];
    const worker: Call[] = [];
    for (let k = -warmUp; k < count; k += 1) {
      const calls = await both.take(await eventOf());
      if (k < 0) continue;
      webhook.push(calls.webhook);
      if (calls.worker) worker.push(calls.worker);
    }
    return { webhook: figuresOf(webhook), worker: worker.length > 0 ? figuresOf(worker) : undefined };
  };

  const near = {
    status: await run(async () => {
      const messageId = randomUUID();
      expectStatus(await sender.invoke(flowEvent(messageId)), 201);
      return statusEvent(world, messageId, 'DELIVERED');
    }),
    inbound: await run(() => inboundEvent(world)),
  };
  await world.far(AWS_LATENCY_MS + FURTHER_MS);
  const further = await run(() => inboundEvent(world), warmUp);
  await world.far();
  sender.stop();
  both.stop();
  gateway.close();
  const ms = ({ webhook, worker }: CallbackShares) => (worker ?? webhook).p50;
  return { ...near, roundTrips: (ms(further) - ms(near.inbound)) / FURTHER_MS };
}
