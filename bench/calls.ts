/** What one event costs in AWS: requests by operation and DynamoDB units, counted by the stand-in. */
import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../local/aws/stream.ts';
import { itemSize, writeUnits } from '../test/support/capacity.ts';
import type { Bundle } from './bundle.ts';
import { inboundEvent, startCallbacks, statusEvent } from './callbacks.ts';
import { startGatewayStub } from './gateway.ts';
import { startQueueStub } from './queue.ts';
import { type Candidate, expectStatus, flowEvent, type World } from './world.ts';

export interface Calls {
  readonly dynamodb: number;
  readonly ssm: number;
  readonly others: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

/** Write units of version 0.1, and the goal; undefined without one. */
export const UNITS: Readonly<Record<string, { readonly of01: number; readonly goal?: number }>> = {
  'new send': { of01: 9, goal: 4 },
  'repeat of it': { of01: 2, goal: 1 },
  'status callback': { of01: 2, goal: 1 },
  parked: { of01: 8 },
  'released and sent': { of01: 18 },
  'parked, released and sent': { of01: 26, goal: 13 },
  '202, then sent': { of01: 12 },
};

const DYNAMODB = new Set(['GetItem', 'PutItem', 'UpdateItem', 'DeleteItem', 'Query', 'BatchGetItem']);

/** Counts one run in a warm process: the event has run once before. */
async function countedOn(world: World, run: () => Promise<unknown>): Promise<Calls> {
  const before = (await world.aws.stream({ limit: 10_000 })).at(-1)?.dynamodb?.SequenceNumber;
  await world.aws.reset();
  await run();
  const requests = await world.aws.requests();
  const records = await world.aws.stream({ after: before, limit: 10_000 });
  const sum = (names: (name: string) => boolean) =>
    Object.entries(requests).reduce((total, [name, n]) => total + (names(name) ? n : 0), 0);
  const puts = sum((name) => name === 'PutItem' || name === 'UpdateItem' || name === 'DeleteItem');
  return {
    dynamodb: sum((name) => DYNAMODB.has(name)),
    ssm: requests['GetParameter'] ?? 0,
    others: sum((name) => !DYNAMODB.has(name) && name !== 'GetParameter'),
    // A consistent read of an item under 4 KB takes one unit, a query of an index half a unit.
    readUnits: (requests['GetItem'] ?? 0) + 0.5 * (requests['Query'] ?? 0),
    writeUnits: unitsOf(records) + (await failedUnits(world, puts - records.length)),
  };
}

const unitsOf = (records: readonly StreamRecord[]): number =>
  records.map(writeUnits).reduce((total, units) => total + units, 0);

/** A failed conditional write is billed by the size of the stored item, here always the newest message. */
async function failedUnits(world: World, failed: number): Promise<number> {
  const sizes = (await world.aws.dump()).filter(({ pk }) => !pk?.S?.startsWith('session#')).map(itemSize);
  return failed * Math.ceil(Math.max(0, ...sizes) / 1024);
}

export async function benchCalls(world: World) {
  const gateway = await startGatewayStub({ latencyMs: 1 });
  const settings = { LIPACHAT_BASE_URL: gateway.baseUrl };
  const send = async (bundle: Bundle, messageId: string) =>
    expectStatus(await bundle.invoke(flowEvent(messageId)), 201);

  const ofSender = async (who: Candidate) => {
    const bundle = await world.candidate(who, settings);
    await send(bundle, randomUUID());
    const messageId = randomUUID();
    const fresh = await countedOn(world, () => send(bundle, messageId));
    const repeat = await countedOn(world, () => send(bundle, messageId));
    bundle.stop();
    return { fresh, repeat, messageId };
  };

  const peer = await ofSender('peer');
  const lipaflow = await ofSender('lipaflow');
  const callbacks = await startCallbacks(world);
  let queued = 0;
  const report = async (status: string) => {
    const { worker } = await callbacks.take(statusEvent(world, lipaflow.messageId, status));
    queued = worker ? 1 : 0;
  };
  await report('SENT');
  const counted = await countedOn(world, () => report('DELIVERED'));
  // The queue is a stub of its own.
  const status = { ...counted, others: counted.others + queued };
  callbacks.stop();
  const waiting = await waitingFlows(world, settings);
  gateway.close();
  return {
    'new send': lipaflow.fresh,
    'repeat of it': lipaflow.repeat,
    'status callback': status,
    ...waiting,
    'peer: new send': peer.fresh,
    'peer: repeat of it': peer.repeat,
  };
}

/** Customers without a session window. */
const SILENT = ['254717746598', '254717746599'] as const;

/** Flows that a worker sends: one accepted with a 202, and one that waits for its customer's message. */
async function waitingFlows(world: World, { LIPACHAT_BASE_URL }: { LIPACHAT_BASE_URL: string }) {
  const queue = await startQueueStub({ latencyMs: 1, name: 'DeliveryQueue' });
  const settings = { LIPACHAT_BASE_URL, DELIVERY_QUEUE_URL: queue.url };
  const sender = await world.candidate('lipaflow', settings);
  const worker = await world.start('worker', settings);
  const callbacks = await startCallbacks(world, settings);
  let queued = 0;
  const accept = async (more: Parameters<typeof flowEvent>[1]) =>
    expectStatus(await sender.invoke(flowEvent(randomUUID(), more)), 202);
  const work = async () => {
    const bodies = queue.takeAll();
    queued += bodies.length;
    await handle(worker, bodies);
  };
  const park = (to: string) => accept({ to, whenClosed: 'park' });
  const release = async (from: string) => {
    const call = await callbacks.take(inboundEvent(world, from));
    queued += call.worker ? 1 : 0;
    await work();
  };
  const sendLater = async () => {
    await accept({ headers: { prefer: 'respond-async' } });
    await work();
  };
  // The queues are stubs of their own.
  const counted = async (run: () => Promise<unknown>): Promise<Calls> => {
    queued = 0;
    const calls = await countedOn(world, run);
    return { ...calls, others: calls.others + queued };
  };

  const [first, second] = SILENT;
  await sendLater();
  await park(first);
  await release(first);
  const later = await counted(sendLater);
  const parked = await counted(() => park(second));
  const released = await counted(() => release(second));
  for (const one of [sender, worker, callbacks]) one.stop();
  queue.close();
  return {
    parked,
    'released and sent': released,
    'parked, released and sent': sumOf(parked, released),
    '202, then sent': later,
  };
}

async function handle(worker: Bundle, bodies: readonly string[]): Promise<void> {
  if (bodies.length === 0) throw new Error('nothing was enqueued');
  const record = (body: string) => ({ messageId: randomUUID(), receiptHandle: 'r', body, attributes: {} });
  const call = await worker.invoke({ Records: bodies.map(record) });
  if (call.answer?.batchItemFailures?.length !== 0) throw new Error(JSON.stringify(call));
}

function sumOf(a: Calls, b: Calls): Calls {
  const names = Object.keys(a) as (keyof Calls)[];
  return Object.fromEntries(names.map((name) => [name, a[name] + b[name]])) as Record<keyof Calls, number>;
}
