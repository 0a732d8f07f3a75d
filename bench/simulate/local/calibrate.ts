/** The local parts' times, one at a time on the idle system: what the simulation of the local system is given. */
import { randomUUID } from 'node:crypto';
import { callSqs } from '../../../local/aws/sqs-call.ts';
import { encodeRecord } from '../../../src/lib/callbacks/received-callback.ts';
import type { HttpResult, Worker } from '../../../test/support/worker.ts';
import { flowEvent, type LocalWorld } from './world.ts';

export interface Calibrated {
  readonly sendOverheadMs: number;
  readonly acceptMs: number;
  readonly webhookMs: number;
  /** Of a batch of one, and of each more. */
  readonly callbacksBaseMs: number;
  readonly callbackMs: number;
  readonly workerBaseMs: number;
  readonly workerJobMs: number;
  readonly receiveMs: number;
  readonly deleteMs: number;
}

const ROUNDS = 15;
const WARM_UP = 5;

const median = (values: readonly number[]): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)] ?? Number.NaN;

/** The median time of `run`, once it is warm. */
async function timed(run: (n: number) => Promise<unknown>, rounds: number = ROUNDS): Promise<number> {
  const took: number[] = [];
  for (let n = 0; n < rounds + WARM_UP; n += 1) {
    const begun = performance.now();
    await run(n);
    if (n >= WARM_UP) took.push(performance.now() - begun);
  }
  return median(took);
}

function expectStatus({ statusCode, body }: HttpResult, wanted: number): void {
  if (statusCode !== wanted) throw new Error(`the local system answered ${statusCode}: ${body}`);
}

const one = ([worker]: readonly Worker[]): Worker => {
  if (!worker) throw new Error('the local system has no environment');
  return worker;
};

const recordsOf = (bodies: readonly string[]) => ({
  Records: bodies.map((body) => ({ messageId: randomUUID(), receiptHandle: 'none', body, attributes: {} })),
});

async function send({ sendFlow }: LocalWorld, n: number, isAccepted: boolean): Promise<string> {
  const messageId = randomUUID();
  const answer = await one(sendFlow).invoke<HttpResult>(flowEvent(n, isAccepted, messageId));
  expectStatus(answer, isAccepted ? 202 : 201);
  return messageId;
}

const STATUSES = ['SENT', 'DELIVERED', 'READ'];
const statusBody = (messageId: string, n: number) => {
  const status = STATUSES[n % STATUSES.length] ?? '';
  return JSON.stringify({
    event: 'MESSAGE_STATUS',
    messageStatus: { messageId, status, statusDesc: status },
  });
};
const storedCallback = (messageId: string, n: number) =>
  encodeRecord({
    receivedAt: new Date(),
    correlationId: randomUUID(),
    bytes: Buffer.from(statusBody(messageId, n)),
  });

/** The time of a batch of that size of `name`, whose records `bodyOf` makes. */
async function batchMs(
  worker: Worker,
  size: number,
  bodyOf: (n: number) => Promise<string>,
): Promise<number> {
  const rounds = Array.from({ length: 8 + WARM_UP }, async () =>
    Promise.all(Array.from({ length: size }, (_, n) => bodyOf(n))),
  );
  const batches = await Promise.all(rounds);
  return timed((n) => worker.invoke<unknown>(recordsOf(batches[n] ?? [])), 8);
}

async function perBatch(worker: Worker, bodyOf: (n: number) => Promise<string>) {
  const alone = await batchMs(worker, 1, bodyOf);
  const ten = await batchMs(worker, 10, bodyOf);
  const each = Math.max(0, (ten - alone) / 9);
  return { base: alone - each, each };
}

async function queueCalls({ sqs }: LocalWorld) {
  const QueueUrl = sqs.queueUrl('CampaignQueue');
  const handles: string[] = [];
  const fill = () =>
    Promise.all(Array.from({ length: 10 }, () => sqs.send('{}', { queueName: 'CampaignQueue' })));
  for (let n = 0; n < ROUNDS + WARM_UP; n += 1) await fill();
  const receiveMs = await timed(async () => {
    const { Messages = [] } = await callSqs('ReceiveMessage', { QueueUrl, MaxNumberOfMessages: 10 });
    handles.push(...Messages.map(({ ReceiptHandle }) => ReceiptHandle));
  });
  const deleteMs = await timed((n) => {
    const some = handles.slice(n * 10, n * 10 + 10);
    const Entries = some.map((ReceiptHandle, k) => ({ Id: String(k), ReceiptHandle }));
    return callSqs('DeleteMessageBatch', { QueueUrl, Entries });
  });
  return { receiveMs, deleteMs };
}

/** `world`: idle, not pumping, with a LipaChat of `lipachatMs`. */
export async function calibrate(world: LocalWorld, lipachatMs: number): Promise<Calibrated> {
  const sendMs = await timed((n) => send(world, n, false));
  const acceptMs = await timed((n) => send(world, n, true));
  const sent = await Promise.all(Array.from({ length: 40 }, (_, n) => send(world, n, false)));
  const webhookMs = await timed(async (n) => {
    const body = statusBody(sent[0] ?? '', n);
    const headers = { 'content-type': 'application/json' };
    await (await fetch(world.webhookUrl, { method: 'POST', headers, body })).arrayBuffer();
  });
  let reported = 0;
  const callback = await perBatch(one(world.callbacks), async () => {
    const messageId = await send(world, 0, false);
    reported += 1;
    return storedCallback(messageId, reported);
  });
  const worker = await perBatch(one(world.worker), async (n) =>
    JSON.stringify({ messageId: await send(world, n, true) }),
  );
  return {
    sendOverheadMs: sendMs - lipachatMs,
    acceptMs,
    webhookMs,
    callbacksBaseMs: callback.base,
    callbackMs: callback.each,
    workerBaseMs: worker.base - lipachatMs,
    workerJobMs: worker.each,
    ...(await queueCalls(world)),
  };
}
