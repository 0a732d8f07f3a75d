/** The load that the local system and the simulation both get. */
import { arrivals, makeEngine } from '../engine.ts';
import type { LocalOptions } from './world.ts';

/**
 * `sends` a second with three callbacks each, and a burst of accepted sends, on too few environments for all three: 0.7 for
 * each send a second, where LipaChat's time alone needs 0.8; one worker and one of callbacks for each ten.
 */
export const scenarioFor = (sends: number) => ({
  sends,
  seconds: 30,
  burst: { sends: 2 * sends, fromSeconds: 10, seconds: 8 },
  latencyMs: 800,
  statusDelaysMs: [300, 1_000, 2_000] as const,
  environments: {
    sendFlow: Math.round(0.7 * sends),
    worker: Math.ceil(sends / 10),
    callbacks: Math.ceil(sends / 10),
  },
  readMs: 600,
});
export type Scenario = ReturnType<typeof scenarioFor>;

export const optionsOf = ({ environments, latencyMs, statusDelaysMs, readMs }: Scenario): LocalOptions => ({
  ...environments,
  lipachatMs: latencyMs,
  statusDelaysMs,
  readMs,
  isPumping: true,
});

/** When sends arrive, in ms. */
export interface Trace {
  readonly answered: readonly number[];
  readonly accepted: readonly number[];
}

function timesOf({ sends, seconds, seed }: { sends: number; seconds: number; seed: number }): number[] {
  const engine = makeEngine(seed);
  const times: number[] = [];
  const endMs = seconds * 1000;
  arrivals(engine, { most: sends, rateAt: () => sends, endMs }, () => times.push(engine.now()));
  engine.run(endMs);
  return times;
}

/** Random times, always the same. */
export const traceOf = ({ sends, seconds, burst }: Scenario): Trace => ({
  answered: timesOf({ sends, seconds, seed: 1 }),
  accepted: timesOf({ ...burst, seed: 2 }).map((ms) => ms + burst.fromSeconds * 1000),
});
