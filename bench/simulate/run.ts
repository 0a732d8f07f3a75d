/** One run: its parts, put together, and what became of the load. */
import { makeCallbacks } from './callbacks.ts';
import { arrivals } from './engine.ts';
import type { Timeline } from './measure.ts';
import type { Queue } from './queue.ts';
import { makeSends } from './sends.ts';
import type { Settings } from './settings.ts';
import { makeWorker } from './worker.ts';
import { makeWorld, type World } from './world.ts';

type QueueKey = 'delivery' | 'callbacks' | 'campaign';

export interface QueueResult {
  readonly sent: number;
  readonly done: number;
  readonly dead: number;
  readonly left: number;
  readonly throttled: number;
  readonly batches: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
}

export interface Result {
  readonly settings: Settings;
  readonly count: World['count'];
  readonly queues: Readonly<Record<QueueKey, QueueResult>>;
  readonly publisher: World['publisher'];
  readonly tableThrottles: number;
  readonly peaks: ReadonlyMap<string, number>;
  readonly timeline: Timeline;
}

const FUNCTIONS = ['sendFlow', 'webhook', 'callbacks', 'worker', 'publisher'] as const;
/** What is under way at the end of the load may end. */
const AFTERWARDS_S = 30;
const TRACE_AFTERWARDS_S = 120;

export function simulate(settings: Settings): Result {
  const world = makeWorld(settings);
  const { engine, lambda, publisher, count, table } = world;
  const { load } = settings;
  const callbacks = makeCallbacks(world);
  const worker = makeWorker(world, callbacks.arrive);
  const sends = makeSends(world, {
    deliver: () => worker.delivery.send({ kind: 'send' }),
    callBack: callbacks.arrive,
  });
  const ramp = load.rampSeconds * 1000;
  const rateAt = (ms: number) => load.sends * Math.min(1, ramp === 0 ? 1 : ms / ramp);
  arrivals(engine, { most: load.sends, rateAt, endMs: load.seconds * 1000 }, () => sends.arrive());
  for (const ms of load.trace?.answered ?? []) engine.at(ms, () => sends.arrive(false));
  for (const ms of load.trace?.accepted ?? []) engine.at(ms, () => sends.arrive(true));

  const queues = { delivery: worker.delivery, callbacks: callbacks.queue, campaign: worker.campaign };
  const timeline = startTimeline(world, {
    ...Object.fromEntries(FUNCTIONS.map((name) => [name, () => lambda.running(name)])),
    'delivery age': () => queues.delivery.oldestMs() / 1000,
    'callbacks age': () => queues.callbacks.oldestMs() / 1000,
    'campaign age': () => queues.campaign.oldestMs() / 1000,
    'events age': () => publisher.oldestMs() / 1000,
    throttles: world.throttlesSince,
  });
  engine.run((load.seconds + (load.trace ? TRACE_AFTERWARDS_S : AFTERWARDS_S)) * 1000);
  return {
    settings,
    count,
    queues: {
      delivery: resultOf(queues.delivery),
      callbacks: resultOf(queues.callbacks),
      campaign: resultOf(queues.campaign),
    },
    publisher,
    tableThrottles: table.throttled(),
    peaks: lambda.peaks(),
    timeline,
  };
}

function resultOf(queue: Omit<Queue<never>, 'send'>): QueueResult {
  const { sent, done, dead, throttled, batches } = queue.counts;
  const [p50Ms, p99Ms, maxMs] = [0.5, 0.99, 1].map((q) => queue.waits.quantile(q));
  const oldestMs = queue.waiting() > 0 ? queue.oldestMs() : 0;
  return {
    sent,
    done,
    dead,
    left: queue.waiting() + queue.inFlight(),
    throttled,
    batches,
    p50Ms: p50Ms ?? Number.NaN,
    p99Ms: p99Ms ?? Number.NaN,
    maxMs: Math.max(maxMs || 0, oldestMs),
  };
}

/** Reads each value once a second. */
function startTimeline(
  { engine, settings }: World,
  values: Readonly<Record<string, () => number>>,
): Timeline {
  const timeline = new Map<string, number[]>(Object.keys(values).map((name) => [name, []]));
  const read = () => {
    for (const [name, value] of Object.entries(values)) timeline.get(name)?.push(value());
    if (engine.now() < settings.load.seconds * 1000) engine.after(1_000, read);
  };
  read();
  return timeline;
}
