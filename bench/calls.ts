/** What one event costs in AWS: requests by operation and DynamoDB units, counted by the stand-in. */
import { randomUUID } from 'node:crypto';
import type { StreamRecord } from '../local/aws/stream.ts';
import { itemSize, writeUnits } from '../test/support/capacity.ts';
import type { Bundle } from './bundle.ts';
import { startCallbacks, statusEvent } from './callbacks.ts';
import { startGatewayStub } from './gateway.ts';
import { type Candidate, expectStatus, flowEvent, type World } from './world.ts';

export interface Calls {
  readonly dynamodb: number;
  readonly ssm: number;
  readonly others: number;
  readonly readUnits: number;
  readonly writeUnits: number;
}

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
  gateway.close();
  return {
    'new send': lipaflow.fresh,
    'repeat of it': lipaflow.repeat,
    'status callback': status,
    'peer: new send': peer.fresh,
    'peer: repeat of it': peer.repeat,
  };
}
