/** Steps that fault tests share: moments at which a process is killed, stopped, or called for. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Worker } from '../worker.ts';
import { type Fleet, sweep } from './fleet.ts';
import { until } from './wait.ts';

/** The nth process behind a function of the fleet. */
export const processOf = (fleet: Fleet, functionName: string, nth = 0): Worker => {
  const worker = fleet.workers[functionName]?.[nth];
  if (!worker) throw new Error(`the fleet has no ${nth + 1} processes of ${functionName}`);
  return worker;
};

/** Until LipaChat has delivered the message, whatever became of its answer. */
export const whenDelivered = (fleet: Fleet, messageId: string): Promise<true> =>
  until(`${messageId} to be delivered`, async () => {
    return (await fleet.lipachat.deliveries(messageId)).length > 0 || undefined;
  }).then(() => true);

/** Until LipaChat has seen so many requests for the message. */
export const whenCalled = (fleet: Fleet, messageId: string, times = 1): Promise<true> =>
  until(`${times} calls for ${messageId}`, async () => {
    return (await fleet.lipachat.calls(messageId)).length >= times || undefined;
  }).then(() => true);

/** Until so many writes that hold `text` have reached the store, applied or not. */
export const whenWritten = (fleet: Fleet, text: string, times: number): Promise<true> =>
  until(`${times} writes of ${text}`, async () => {
    return ((await fleet.aws.requests(text))['PutItem'] ?? 0) >= times || undefined;
  }).then(() => true);

export const statusOf = async (fleet: Fleet, messageId: string): Promise<unknown> =>
  (await fleet.table.message(messageId))?.['status'];

/** Sweeps, one tick after the other, until the message is called that. */
export const sweepUntil = async (
  fleet: Fleet,
  options: { sweeper: Worker; messageId: string; status: string; withinMs?: number },
): Promise<void> => {
  const { sweeper, messageId, status, withinMs } = options;
  await until(
    `${messageId} to be ${status}`,
    async () => {
      await sweep(sweeper);
      if ((await statusOf(fleet, messageId)) === status) return true;
      await sleep(150);
      return undefined;
    },
    withinMs,
  );
};

/** A call whose process may die under it: then its answer is undefined. */
export const unlessKilled = <Value>(call: Promise<Value>): Promise<Value | undefined> =>
  call.catch((error: unknown) => {
    if (error instanceof Error && /ended|Task timed out/.test(error.message)) return undefined;
    throw error;
  });
