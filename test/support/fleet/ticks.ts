/** EventBridge and chance before functions in processes of their own: ticks that go on, and kills. */
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { scheduledEvent } from '../../../local/schedules.ts';
import { createWorkerPool, type PoolWorker } from '../worker-pool.ts';
import type { RunChance } from './chance.ts';
import type { Fleet } from './fleet.ts';

type TickOptions = {
  /** Each event goes to two processes at once, as EventBridge now and then does. */
  twice?: boolean;
  /** How long a process may take for one. Default: the 55 s of the function. */
  timeoutMs?: number;
};

export type Ticks = {
  /** No more ticks; resolves when the last one is over. */
  stop: () => Promise<void>;
  /** How often so far a process was called, and how often it died or failed under it. */
  counts: () => { fired: number; failed: number };
};

const TIMEOUT_MS = 55_000;

/**
 * Fires `workers` until it is stopped: the next event `everyMs` after the one before, and not before that one is
 * over. `workers` is read each time: push the successor of one that was killed.
 */
export const tickOnAndOn = (workers: PoolWorker[], everyMs: number, options: TickOptions = {}): Ticks => {
  const { twice = false, timeoutMs = TIMEOUT_MS } = options;
  const pool = createWorkerPool(workers, timeoutMs);
  const counts = { fired: 0, failed: 0 };
  const stopped = new AbortController();

  const fire = async (event: unknown): Promise<void> => {
    counts.fired += 1;
    await pool.invoke(event).catch(() => {
      counts.failed += 1;
    });
  };

  const run = async (): Promise<void> => {
    while (!stopped.signal.aborted) {
      const event = scheduledEvent('campaignTick');
      const pause = sleep(everyMs, undefined, { signal: stopped.signal }).catch(() => {});
      await Promise.all([fire(event), twice ? fire(event) : undefined, pause]);
    }
  };

  const running = run();
  return {
    stop: async () => {
      stopped.abort();
      await running;
    },
    counts: () => ({ ...counts }),
  };
};

/** One tick of each process at the same instant, the same event: what they answered, in their order. */
export const tickAtOnce = (workers: PoolWorker[]): Promise<unknown[]> => {
  const event = { ...scheduledEvent('campaignTick'), id: randomUUID() };
  return Promise.all(workers.map((worker) => worker.invoke<unknown>(event)));
};

type KillOptions = {
  fleet: Fleet;
  random: RunChance;
  /** Functions of the fleet. */
  of: [string, ...string[]];
  everyMs: [least: number, most: number];
  over: () => boolean;
  settings?: Record<string, string>;
};

/** Kills one process after the other by SIGKILL, and puts another in its place, until `over`: how many. */
export const killOnAndOn = async (options: KillOptions): Promise<Record<string, number>> => {
  const { fleet, random, of, everyMs, over, settings = {} } = options;
  const killed: Record<string, number> = {};
  for (;;) {
    await sleep(random.between(...everyMs));
    if (over()) return killed;
    const name = random.pick(of);
    const workers = fleet.workers[name] ?? [];
    const [victim] = workers.splice(random.between(0, workers.length - 1), 1);
    victim?.kill();
    killed[name] = (killed[name] ?? 0) + 1;
    workers.push(await fleet.spawn(name, settings));
  }
};
