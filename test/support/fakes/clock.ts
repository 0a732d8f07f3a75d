/** Time that stands still until a test moves it. */
import { createHash } from 'node:crypto';
import type { Clock, Random } from '../../../src/lib/platform/ports.ts';

export interface ManualClock extends Clock {
  /** Moves time on, and wakes every sleep that ends by then. */
  advance(ms: number): void;
  /** Moves time to an instant, never back. */
  moveTo(at: Date): void;
  /** The sleeps in ms, in order. */
  readonly slept: readonly number[];
}

/** `sleep: 'advance'` moves time on by itself; `'wait'` sleeps until the test has moved it. */
export function manualClock(
  start: Date,
  { sleep = 'advance' }: { sleep?: 'advance' | 'wait' } = {},
): ManualClock {
  let now = start.getTime();
  const slept: number[] = [];
  let sleepers: { until: number; wake: () => void }[] = [];

  function moveTo(at: Date): void {
    now = Math.max(now, at.getTime());
    const awake = sleepers.filter((sleeper) => sleeper.until <= now);
    sleepers = sleepers.filter((sleeper) => sleeper.until > now);
    for (const { wake } of awake) wake();
  }

  const advance = (ms: number) => moveTo(new Date(now + ms));

  return {
    now: () => new Date(now),
    sleep(ms) {
      slept.push(ms);
      if (sleep === 'wait') return new Promise((wake) => sleepers.push({ until: now + ms, wake }));
      advance(ms);
      return Promise.resolve();
    },
    advance,
    moveTo,
    slept,
  };
}

/** Ids that show their owner: `racer-1~1`, `racer-1~2`; and always the same fraction. */
export function namedRandom(name: string, fraction = 0.5): Random {
  let count = 0;
  const uuid = () => {
    count += 1;
    return `${name}~${count}`;
  };
  return {
    uuid,
    key: () => createHash('sha256').update(uuid()).digest().subarray(0, 16).toString('base64url'),
    fraction: () => fraction,
  };
}
