/** LipaChat's callbacks: the webhook stores each in the queue, and the worker of callbacks handles it. */
import { arrivals } from './engine.ts';
import { type Job, makeQueue, type Queue } from './queue.ts';
import { type World, withEnvironment } from './world.ts';

interface Callback {
  readonly arrivedAt: number;
  /** Of a status that matches no message: the lookups so far. */
  readonly lookups: number | undefined;
}

export interface Callbacks {
  /** A callback of a status arrives. */
  readonly arrive: () => void;
  readonly queue: Queue<Callback>;
}

/** As `pauseAfter` in callbacks/process-received.ts for the first tries. */
const RETRY_MS = 2_000;

export function makeCallbacks(world: World): Callbacks {
  const { engine, lambda, table, publisher, settings, count } = world;
  const { times, deployment } = settings;
  const { batchSize, maximumConcurrency, visibilitySeconds, maxReceives } = deployment.queues.CallbackQueue;
  const pollers = { first: 5, perMinute: 300 };

  function handleBatch(batch: readonly Job<Callback>[], done: (failed: Job<Callback>[]) => void): void {
    const ms = times.callbacksBaseMs + times.callbackMs * batch.length;
    engine.after(ms, () => {
      const failed: Job<Callback>[] = [];
      let left = batch.length;
      const ended = (job: Job<Callback>, isDone: boolean) => {
        if (!isDone) failed.push(job);
        left -= 1;
        if (left === 0) done(failed);
      };
      for (const job of batch) handleOne(job, ended);
    });
  }

  function handleOne(job: Job<Callback>, ended: (job: Job<Callback>, isDone: boolean) => void): void {
    const { lookups, arrivedAt } = job.body;
    if (lookups !== undefined) {
      lookUpAgain(lookups);
      ended(job, true);
      return;
    }
    table.write((isDone) => {
      if (isDone) {
        count.callbacks.effective += 1;
        count.callbackAges.add(engine.now() - arrivedAt);
        publisher.change(true);
      } else count.callbacks.retried += 1;
      ended(job, isDone);
    });
  }

  function lookUpAgain(lookups: number): void {
    count.callbacks.lookups += 1;
    const pause = 'pauses' in deployment.lookups ? deployment.lookups.pauses[lookups] : undefined;
    if (pause !== undefined) queue.send({ arrivedAt: engine.now(), lookups: lookups + 1 }, pause * 1000);
  }

  const queue = makeQueue<Callback>(
    {
      batchSize,
      maximumConcurrency,
      visibilityMs: visibilitySeconds * 1000,
      maxReceives,
      pollers,
      polling: times.polling,
    },
    {
      engine,
      invoke(batch, done) {
        const environment = lambda.start('callbacks');
        if (typeof environment === 'string') {
          world.noteThrottle();
          return false;
        }
        const run = () =>
          handleBatch(batch, (failed) => {
            lambda.end('callbacks');
            done(failed.map((job) => ({ job, retryMs: RETRY_MS })));
          });
        engine.after(environment.isCold ? times.coldStartMs : 0, run);
        return true;
      },
    },
  );

  function receive(lookups: number | undefined): void {
    const arrivedAt = engine.now();
    count.callbacks.arrived += 1;
    const reason =
      world.admit('webhook') ??
      // A callback whose secret can't be read is stored unchecked.
      withEnvironment(world, 'webhook', (knowsSecret) => {
        engine.after(times.webhookMs, () => {
          lambda.end('webhook', knowsSecret);
          queue.send({ arrivedAt, lookups });
        });
      });
    if (reason === undefined) return;
    count.refusedCallbacks.add(reason);
    world.noteThrottle();
  }

  startUnmatched(world, queue, () => receive(0));
  return { arrive: () => receive(undefined), queue };
}

/** Unmatched statuses as if they had come at this rate for long: each later lookup has its own arrivals. */
function startUnmatched({ engine, settings }: World, queue: Queue<Callback>, receive: () => void): void {
  const { load, deployment } = settings;
  if (load.unmatched === 0) return;
  const endMs = load.seconds * 1000;
  const rate = { most: load.unmatched, rateAt: () => load.unmatched, endMs };
  arrivals(engine, rate, receive);
  const later = 'pauses' in deployment.lookups ? deployment.lookups.pauses : [];
  // The last lookup has no next one, so a stream of its own never feeds another.
  for (const _ of later)
    arrivals(engine, rate, () => queue.send({ arrivedAt: engine.now(), lookups: later.length }));
}
