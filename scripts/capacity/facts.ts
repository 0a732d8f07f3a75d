/** What one send costs of each limit: units as docs/cost.md has them and tests count them, times as the simulation assumes them. */
import { constantIn, deploymentBefore, readDeployment, withParams } from '../../bench/simulate/deployment.ts';
import { REQUESTS_PER_UNIT } from '../../bench/simulate/lambda.ts';
import { ACCOUNT, LOAD, TIMES } from '../../bench/simulate/settings.ts';
import { PARTITION_WRITES, partitionsOf } from '../../bench/simulate/table.ts';

/** Of a send with three callbacks. */
export const PER_SEND = {
  /** Claim, settle, three statuses: one unit each in the table itself. */
  tableWrites: 5,
  /** Claim to `pair`, settle to `waId`. */
  indexWrites: 1,
  tableReads: 4,
  changes: 5,
  events: 3,
  apiRequests: 4,
} as const;

/** Bytes of a stored message, and how long a page of a scan takes: a megabyte, an assumption. */
const SCAN = {
  messageBytes: 850,
  pageBytes: 1_048_576,
  pageSeconds: 1 / 30,
  partsADay: 1_440,
  days: 30,
} as const;

export const now = readDeployment();
export const before = deploymentBefore();

/** Two significant figures: the arithmetic has no more. */
export const rough = (value: number): number => Number(value.toPrecision(2));

const BATCH = 10;
/** Seconds for a full batch of callbacks, and for a callback alone. */
export const callbackBatchSeconds = (TIMES.callbacksBaseMs + BATCH * TIMES.callbackMs) / 1000;

/** Concurrent executions for each send a second, with LipaChat at that many seconds. */
export function unitsPerSend(latencySeconds: number): number {
  const send = latencySeconds + TIMES.sendOverheadMs / 1000;
  const webhook = LOAD.callbacks * (TIMES.webhookMs / 1000);
  // At a high rate, pollers find several callbacks each time; half a batch is assumed.
  const callbacks = LOAD.callbacks * ((TIMES.callbacksBaseMs + 5 * TIMES.callbackMs) / 5 / 1000);
  return send + webhook + callbacks;
}

/** What a queue with that many batches in flight carries a second, if a batch takes that long. */
export const queueRate = (batches: number, batchSeconds: number): number => (batches * BATCH) / batchSeconds;

/** A batch of sends in the worker: as long as its slowest. */
export const sendBatchSeconds = (latencySeconds: number): number =>
  latencySeconds + (TIMES.workerBaseMs + BATCH * TIMES.workerJobMs) / 1000;

/** Changes a second that the publisher carries, over all shards of a table with that many write units. */
export function publisherRate(
  tableWrites: number,
  { lanes, callsAtOnce }: { lanes: number; callsAtOnce: number },
): number {
  const { batchSize } = now.publisher;
  const calls = Math.ceil((batchSize * PER_SEND.events) / PER_SEND.changes / 10);
  const seconds = (TIMES.publisherBaseMs + Math.ceil(calls / callsAtOnce) * TIMES.putEventsMs) / 1000;
  return (partitionsOf(tableWrites) * lanes * batchSize) / seconds;
}

/** Sends a second at which the daily scan, with so many scans side by side, no longer fits into its minutes. */
export function scanRate(scans: number = constantIn('src/lib/sending/table-part.ts', 'SCANS')): {
  pages: number;
  messages: number;
  sends: number;
} {
  const longestSend = 24;
  const pages = ((55 - longestSend) / SCAN.pageSeconds) * scans;
  const messages = (pages * SCAN.pageBytes * SCAN.partsADay) / SCAN.messageBytes;
  return { pages, messages, sends: messages / (SCAN.days * 86_400) };
}

const SWEEP = 'src/lib/sending/sweep.ts';
export const sweeper = {
  perRound: constantIn(SWEEP, 'PER_ROUND'),
  rounds: constantIn(SWEEP, 'ROUNDS'),
  mostRounds: constantIn(SWEEP, 'MOST_ROUNDS'),
  atOnce: constantIn(SWEEP, 'AT_ONCE'),
};

export const numbersTable = [1, 4, 13].map((numbers) => ({
  numbers,
  queues: withParams(now, { numbers, accountConcurrency: numbers > 4 ? 2_000 : 1_000 }).queues,
}));

export { ACCOUNT, PARTITION_WRITES, REQUESTS_PER_UNIT, TIMES };
