/** The table's stream: one shard a partition, each read in lanes, and the publisher of their changes. */
import { type Bucket, makeBucket } from './bucket.ts';
import type { Engine } from './engine.ts';
import type { Lambda } from './lambda.ts';
import { makeSamples } from './measure.ts';

export interface PublisherSettings {
  readonly shards: number;
  /** `parallelizationFactor`. */
  readonly lanes: number;
  readonly batchSize: number;
  readonly windowMs: number;
  /** Calls of PutEvents at the same time. */
  readonly callsAtOnce: number;
  /** Events a second. */
  readonly putEvents: number;
  readonly baseMs: number;
  readonly callMs: number;
}

interface Change {
  readonly at: number;
  readonly hasEvent: boolean;
}

const PER_CALL = 10;
const BACKOFF_MS = 1_000;

export type Publisher = ReturnType<typeof makePublisher>;

export function makePublisher(engine: Engine, lambda: Lambda, settings: PublisherSettings) {
  const { shards, lanes, batchSize, windowMs, callsAtOnce, baseMs, callMs } = settings;
  const quota: Bucket = makeBucket(engine, settings.putEvents);
  const ages = makeSamples();
  const counts = { changes: 0, published: 0, batches: 0, throttled: 0 };
  const all = Array.from({ length: shards * lanes }, () => ({
    waiting: [] as Change[],
    isBusy: false,
    isSet: false,
  }));

  function finish(lane: (typeof all)[number], batch: readonly Change[]): void {
    for (const { at, hasEvent } of batch) {
      ages.add(engine.now() - at);
      if (hasEvent) counts.published += 1;
    }
    lane.isBusy = false;
    consider(lane);
  }

  function run(lane: (typeof all)[number], batch: readonly Change[]): void {
    const events = batch.filter(({ hasEvent }) => hasEvent).length;
    const environment = lambda.start('publisher');
    if (typeof environment === 'string') {
      counts.throttled += 1;
      engine.after(BACKOFF_MS, () => run(lane, batch));
      return;
    }
    counts.batches += 1;
    const rounds = Math.ceil(Math.ceil(events / PER_CALL) / callsAtOnce);
    engine.after(baseMs + rounds * callMs, () => {
      lambda.end('publisher');
      if (quota.take(events)) return finish(lane, batch);
      // Lambda repeats what the bus refused, in order.
      counts.throttled += 1;
      engine.after(BACKOFF_MS, () => run(lane, batch));
    });
  }

  /** Starts a batch if it is full or its window is over. */
  function consider(lane: (typeof all)[number]): void {
    const [oldest] = lane.waiting;
    if (lane.isBusy || !oldest) return;
    if (lane.waiting.length >= batchSize || engine.now() >= oldest.at + windowMs) {
      lane.isBusy = true;
      run(lane, lane.waiting.splice(0, batchSize));
    } else if (!lane.isSet) {
      lane.isSet = true;
      engine.at(oldest.at + windowMs, () => {
        lane.isSet = false;
        consider(lane);
      });
    }
  }

  return {
    /** A change of the table. `hasEvent`: it becomes an event on the bus. */
    change(hasEvent: boolean): void {
      counts.changes += 1;
      const lane = all[Math.floor(engine.random() * all.length)];
      lane?.waiting.push({ at: engine.now(), hasEvent });
      if (lane) consider(lane);
    },
    ages,
    counts,
    oldestMs: () =>
      engine.now() - Math.min(engine.now(), ...all.map(({ waiting }) => waiting[0]?.at ?? engine.now())),
  };
}
