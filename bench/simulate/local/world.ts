/**
 * The local system under a load, with the environments of each function as Lambda would limit them: built bundles in
 * processes of their own, DynamoDB, SQS and LipaChat as in `npm start`.
 */
import { randomUUID } from 'node:crypto';
import type { SQSEvent } from 'aws-lambda';
import { stopChildren } from '../../../test/support/children.ts';
import { createLipaChat } from '../../../test/support/fleet/lipachat.ts';
import { createSpawn } from '../../../test/support/fleet/processes.ts';
import { createFleetTable } from '../../../test/support/fleet/table.ts';
import { startFrontDoor } from '../../../test/support/front-door.ts';
import { httpEvent } from '../../../test/support/http-event.ts';
import { startQueuePump } from '../../../test/support/queue-pump.ts';
import { spawnStandIns } from '../../../test/support/stand-ins.ts';
import type { HttpResult, Worker } from '../../../test/support/worker.ts';
import { makeSamples, type Samples } from '../measure.ts';

export interface LocalOptions {
  /** Environments: sends beyond them are refused, batches wait. */
  readonly sendFlow: number;
  readonly worker: number;
  readonly callbacks: number;
  readonly lipachatMs: number;
  /** From the end of a send to each of its statuses, or none. */
  readonly statusDelaysMs: readonly [number, number, number] | undefined;
  /** How much longer each read of a message takes, so that callbacks need time. */
  readonly readMs: number;
  readonly isPumping: boolean;
}

const BUSINESS = '254110090747';
const CUSTOMERS = Array.from({ length: 50 }, (_, n) => String(254_720_000_000 + n));
const authorizer = { clientId: 'simulate', scopes: 'send read' };

export const flowEvent = (n: number, isAccepted: boolean, messageId: string = randomUUID()) =>
  httpEvent({
    method: 'POST',
    path: '/v1/flows',
    headers: isAccepted ? { prefer: 'respond-async' } : {},
    body: {
      messageId,
      to: CUSTOMERS[n % CUSTOMERS.length],
      from: BUSINESS,
      text: 'Thank you share your details and one of our agents will be in touch',
      flowId: 'YOUR_FLOW_ID',
      flowCta: 'Share Details!',
      screen: 'First screen in your JSON request',
      data: { service: '', serviceOption: '', package: '' },
    },
    authorizer,
  });

interface QueueSamples {
  /** How long each message waited until it was received. */
  readonly waits: Samples;
  /** How long batches of ten took. */
  readonly tens: Samples;
}

const noted = (worker: Worker, { waits, tens }: QueueSamples): Pick<Worker, 'invoke' | 'ended'> => ({
  ended: worker.ended,
  invoke: async (event, options) => {
    const { Records: records } = event as SQSEvent;
    for (const { attributes } of records) waits.add(Date.now() - Number(attributes.SentTimestamp));
    const begun = performance.now();
    try {
      return await worker.invoke(event, options);
    } finally {
      if (records.length === 10) tens.add(performance.now() - begun);
    }
  },
});

/** The functions of one kind share a process. */
async function startFunctions(environment: Record<string, string>, options: LocalOptions) {
  const { spawn } = createSpawn(environment, false);
  const group = (name: string, count: number) =>
    Promise.all(Array.from({ length: count }, () => spawn(name, { LOCAL_GROUP: name })));
  const [sendFlow, webhook, callbacks, worker] = await Promise.all([
    group('sendFlow', options.sendFlow),
    group('webhook', 4),
    group('callbacks', options.callbacks),
    group('worker', options.worker),
  ]);
  return { sendFlow, webhook, callbacks, worker };
}

export type LocalWorld = Awaited<ReturnType<typeof startLocal>>;

export async function startLocal(options: LocalOptions) {
  const standIns = await spawnStandIns();
  const { aws, sqs, simulator, environment, webhookSecret } = standIns;
  const { sendFlow, webhook, callbacks, worker } = await startFunctions(environment, options);
  const api = await startFrontDoor({ webhook });
  const table = createFleetTable(aws, environment.TABLE_NAME);
  for (const customer of CUSTOMERS) await table.addWindow(BUSINESS, customer);
  const webhookUrl = `${api.url}/v1/webhooks/lipachat/${webhookSecret}`;
  await createLipaChat(simulator).configure({
    webhookUrl,
    enforceSessions: false,
    latencyMs: options.lipachatMs,
    callbacks: callbackSettings(options.statusDelaysMs),
  });
  if (options.readMs > 0) await aws.addFaults(slowReads(options.readMs));

  const samples = (): QueueSamples => ({ waits: makeSamples(), tens: makeSamples() });
  const queues = { delivery: samples(), callbacks: samples() };
  const pump = (queueName: string, workers: Worker[], notes: QueueSamples) =>
    startQueuePump({
      sqs,
      queueName,
      workers: workers.map((one) => noted(one, notes)),
      environments: workers.length,
    });
  const pumps = options.isPumping
    ? [pump('DeliveryQueue', worker, queues.delivery), pump('CallbackQueue', callbacks, queues.callbacks)]
    : [];
  return {
    sendFlow,
    worker,
    callbacks,
    sqs,
    webhookUrl,
    queues,
    send: capped(sendFlow),
    drained: () => Promise.all(pumps.map((one) => one.drained(120_000))),
    stop: async () => {
      await api.close();
      await Promise.all(pumps.map((one) => one.close()));
      await stopChildren();
    },
  };
}

const slowReads = (ms: number) =>
  ({ target: 'GetItem', match: 'message#', fault: 'delay', ms, times: null }) as const;

function callbackSettings(delays: LocalOptions['statusDelaysMs']) {
  if (!delays) return { enabled: false };
  const [SENT, DELIVERED, READ] = delays;
  // The simulator counts each delay from the status before it.
  return { enabled: true, delayMs: { SENT, DELIVERED: DELIVERED - SENT, READ: READ - DELIVERED } };
}

/** As Lambda: one event at a time in each environment, and a 429 if none is free. */
function capped(environments: readonly Worker[]) {
  const free = [...environments];
  return async (event: unknown): Promise<number> => {
    const environment = free.pop();
    if (!environment) return 429;
    try {
      return (await environment.invoke<HttpResult>(event)).statusCode;
    } finally {
      free.push(environment);
    }
  };
}
