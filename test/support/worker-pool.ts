/** Worker processes of one function, some of which may die: the next one that lives takes the call. */
import { setTimeout as delay } from 'node:timers/promises';
import { within } from '../../local/lambda.ts';
import type { Worker } from './worker.ts';

export type PoolWorker = Pick<Worker, 'invoke' | 'ended'>;
export type WorkerPool = { invoke: (event: unknown) => Promise<unknown> };

const LOOK_AGAIN_MS = 20;

/**
 * Calls them in turn. `workers` is read at every call, so that a test may push the successor of one that it
 * killed; while none lives, calls wait. Rejects as `invoke` does, also when the worker dies under the call, and
 * when it does not answer in `timeoutMs`: one that was stopped cannot say that its time is over.
 */
export const createWorkerPool = (workers: PoolWorker[], timeoutMs: number): WorkerPool => {
  const known = new Set<PoolWorker>();
  const dead = new Set<PoolWorker>();
  let calls = 0;

  const living = (): PoolWorker[] => {
    for (const worker of workers) {
      if (known.has(worker)) continue;
      known.add(worker);
      void worker.ended.then(() => dead.add(worker));
    }
    return workers.filter((worker) => !dead.has(worker));
  };

  const next = async (): Promise<PoolWorker> => {
    for (;;) {
      const able = living();
      calls += 1;
      const worker = able[calls % able.length];
      if (worker) return worker;
      await delay(LOOK_AGAIN_MS);
    }
  };

  return {
    invoke: async (event) => {
      const worker = await next();
      return within(timeoutMs, worker.invoke<unknown>(event), 'the worker did not answer');
    },
  };
};
