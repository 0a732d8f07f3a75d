/**
 * An SQS queue and Lambda's pollers. A batch that Lambda throttles stays with its poller, which tries again at growing
 * intervals until the visibility timeout; then the batch returns to the queue, and the pollers become fewer.
 */
import type { Engine } from './engine.ts';
import { makeSamples, type Samples } from './measure.ts';

export interface QueueSettings {
  readonly batchSize: number;
  /** Batches in flight at most. */
  readonly maximumConcurrency: number;
  readonly visibilityMs: number;
  readonly maxReceives: number;
  /** Pollers at first, and how many a minute Lambda adds while messages wait. */
  readonly pollers: { readonly first: number; readonly perMinute: number };
  /** A poller without a long poll; undefined: a waiting poller gets a message at once. */
  readonly polling?: Polling | undefined;
}

/** One loop receives for all batches: each call takes `receiveMs`, and after one that found nothing, it pauses. */
export interface Polling {
  readonly receiveMs: number;
  readonly pauseMs: number;
}

export interface Job<Body> {
  readonly body: Body;
  /** Since when it can be received. */
  readonly since: number;
  receives: number;
}

/** The jobs that failed, each with the time until it can be received again. */
type Failed<Body> = readonly { readonly job: Job<Body>; readonly retryMs: number }[];

export interface QueueDeps<Body> {
  readonly engine: Engine;
  /** Starts an invocation for the batch and calls `done` at its end. False: Lambda throttled it. */
  readonly invoke: (batch: readonly Job<Body>[], done: (failed: Failed<Body>) => void) => boolean;
}

export interface Queue<Body> {
  readonly send: (body: Body, delayMs?: number) => void;
  /** From when it could be received until it was received, in ms. */
  readonly waits: Samples;
  readonly counts: { sent: number; done: number; dead: number; throttled: number; batches: number };
  readonly waiting: () => number;
  readonly inFlight: () => number;
  readonly oldestMs: () => number;
}

const FIRST_BACKOFF_MS = 1_000;
const LONGEST_BACKOFF_MS = 30_000;
const FEWEST_POLLERS = 2;
const SECOND = 1_000;

/** First in, first out, without a shift of the whole array for each. */
function makeLine<Value>() {
  let values: Value[] = [];
  let head = 0;
  return {
    push: (value: Value) => void values.push(value),
    length: () => values.length - head,
    first: () => values[head],
    take(most: number): Value[] {
      const taken = values.slice(head, head + most);
      head += taken.length;
      if (head > 10_000 && head * 2 > values.length) {
        values = values.slice(head);
        head = 0;
      }
      return taken;
    },
  };
}

export function makeQueue<Body>(settings: QueueSettings, { engine, invoke }: QueueDeps<Body>): Queue<Body> {
  const { batchSize, maximumConcurrency, visibilityMs, maxReceives, pollers, polling } = settings;
  const line = makeLine<Job<Body>>();
  const waits = makeSamples();
  const counts = { sent: 0, done: 0, dead: 0, throttled: 0, batches: 0 };
  let limit = Math.min(maximumConcurrency, pollers.first);
  let active = 0;
  let inFlight = 0;

  function returned(job: Job<Body>): void {
    inFlight -= 1;
    if (job.receives >= maxReceives) counts.dead += 1;
    else line.push(job);
  }

  function done(batch: readonly Job<Body>[], failed: Failed<Body>): void {
    active -= 1;
    counts.done += batch.length - failed.length;
    inFlight -= batch.length - failed.length;
    for (const { job, retryMs } of failed) {
      engine.after(retryMs, () => {
        returned(job);
        poll();
      });
    }
    poll();
  }

  function start(batch: readonly Job<Body>[], givenUpAt: number, pauseMs: number): void {
    if (invoke(batch, (failed) => done(batch, failed))) return;
    counts.throttled += 1;
    if (engine.now() + pauseMs < givenUpAt) {
      engine.after(pauseMs, () => start(batch, givenUpAt, Math.min(LONGEST_BACKOFF_MS, pauseMs * 2)));
      return;
    }
    engine.at(givenUpAt, () => {
      active -= 1;
      limit = Math.max(Math.min(FEWEST_POLLERS, maximumConcurrency), Math.floor(limit / 2));
      batch.forEach(returned);
      poll();
    });
  }

  function receiveBatch(): void {
    const batch = line.take(batchSize);
    for (const job of batch) {
      if (job.receives === 0) waits.add(engine.now() - job.since);
      job.receives += 1;
    }
    active += 1;
    inFlight += batch.length;
    counts.batches += 1;
    start(batch, engine.now() + visibilityMs, FIRST_BACKOFF_MS);
  }

  /** Called whenever a message or a poller may have become free. */
  function poll(): void {
    if (polling) return;
    while (active < limit && line.length() > 0) receiveBatch();
  }

  function loop({ receiveMs, pauseMs }: Polling): void {
    const look = () => {
      if (active >= limit) return engine.after(1, look);
      engine.after(receiveMs, () => {
        if (line.length() === 0) return engine.after(pauseMs, look);
        receiveBatch();
        look();
      });
    };
    look();
  }
  if (polling) loop(polling);

  function adapt(): void {
    const step = pollers.perMinute / 60;
    if (active >= limit && line.length() > 0) limit = Math.min(maximumConcurrency, limit + step);
    else if (active < limit / 2) limit = Math.max(Math.min(pollers.first, maximumConcurrency), limit - step);
    poll();
    engine.after(SECOND, adapt);
  }
  engine.after(SECOND, adapt);

  return {
    send(body, delayMs = 0) {
      counts.sent += 1;
      engine.after(delayMs, () => {
        line.push({ body, since: engine.now(), receives: 0 });
        poll();
      });
    },
    waits,
    counts,
    waiting: line.length,
    inFlight: () => inFlight,
    oldestMs: () => engine.now() - (line.first()?.since ?? engine.now()),
  };
}
