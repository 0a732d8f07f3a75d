import type { Telemetry } from './ports.ts';

export interface Tally {
  /** Counts go into the tally. All else passes through at once. */
  readonly telemetry: Telemetry;
  /** Writes the counts as one line, and begins again. */
  readonly flush: () => void;
}

/**
 * Adds up the counts of one invocation. A line of the log costs the same for one metric as for five, and a batch of ten callbacks
 * would write twenty. `flush` has to come before the invocation's answer, because Lambda may never thaw the process. What dies
 * before that is counted by its repeat.
 */
export function makeTally(telemetry: Telemetry): Tally {
  const counted = new Map<string, number>();
  const add = (metric: string, n: number) => void counted.set(metric, (counted.get(metric) ?? 0) + n);
  return {
    telemetry: {
      ...telemetry,
      count: (metric, n = 1) => add(metric, n),
      counts: (facts) => {
        for (const [metric, n] of facts) add(metric, n);
      },
    },
    flush: () => {
      telemetry.counts(counted);
      counted.clear();
    },
  };
}
