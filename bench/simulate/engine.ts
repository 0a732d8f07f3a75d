/** A discrete-event engine: a clock that jumps from event to event. Times are in milliseconds from 0. */
import { createRandom } from '../../local/random.ts';

export interface Engine {
  readonly now: () => number;
  /** Runs `event` at that time, or now if it has passed. Events of one time run in the order they were set. */
  readonly at: (ms: number, event: () => void) => void;
  readonly after: (ms: number, event: () => void) => void;
  readonly run: (untilMs: number) => void;
  readonly random: () => number;
}

interface Entry {
  readonly time: number;
  readonly order: number;
  readonly event: () => void;
}

const isBefore = (a: Entry, b: Entry): boolean => a.time < b.time || (a.time === b.time && a.order < b.order);

/** A binary heap with the earliest entry first. */
function makeHeap() {
  const heap: Entry[] = [];

  function push(entry: Entry): void {
    let n = heap.length;
    heap.push(entry);
    while (n > 0) {
      const parent = (n - 1) >> 1;
      const above = heap[parent];
      if (!above || isBefore(above, entry)) break;
      heap[n] = above;
      n = parent;
    }
    heap[n] = entry;
  }

  function sink(last: Entry): void {
    let n = 0;
    for (;;) {
      let child = 2 * n + 1;
      const [left, right] = [heap[child], heap[child + 1]];
      if (!left) break;
      if (right && isBefore(right, left)) child += 1;
      const least = heap[child];
      if (!least || isBefore(last, least)) break;
      heap[n] = least;
      n = child;
    }
    heap[n] = last;
  }

  function pop(): Entry | undefined {
    const [first] = heap;
    const last = heap.pop();
    if (last && heap.length > 0) sink(last);
    return first;
  }

  return { push, pop, first: () => heap[0] };
}

/** The same seed gives the same run. */
export function makeEngine(seed: number): Engine {
  const heap = makeHeap();
  let now = 0;
  let order = 0;
  const at: Engine['at'] = (ms, event) => {
    order += 1;
    heap.push({ time: Math.max(now, ms), order, event });
  };
  return {
    now: () => now,
    at,
    after: (ms, event) => at(now + ms, event),
    random: createRandom(seed),
    run(untilMs) {
      for (let next = heap.first(); next && next.time <= untilMs; next = heap.first()) {
        heap.pop();
        now = next.time;
        next.event();
      }
      now = untilMs;
    },
  };
}

/** Calls `arrive` at random (Poisson) times, `rateAt(ms)` times a second and at most `most`, until `endMs`. */
export function arrivals(
  engine: Engine,
  {
    most,
    rateAt,
    endMs,
  }: { readonly most: number; readonly rateAt: (ms: number) => number; readonly endMs: number },
  arrive: () => void,
): void {
  if (most <= 0) return;
  const next = () => {
    const time = engine.now() + (-Math.log(1 - engine.random()) * 1000) / most;
    if (time > endMs) return;
    engine.at(time, () => {
      // Thinning: a candidate of the highest rate counts with the share of the rate now.
      if (engine.random() * most < rateAt(time)) arrive();
      next();
    });
  };
  next();
}

/** A random time with that mean: lognormal, so that no time is negative and a few are long. `spread` 0: always the mean. */
export function randomTime(engine: Engine, meanMs: number, spread: number): number {
  if (spread === 0) return meanMs;
  const normal = Math.sqrt(-2 * Math.log(1 - engine.random())) * Math.cos(2 * Math.PI * engine.random());
  return meanMs * Math.exp(spread * normal - (spread * spread) / 2);
}
