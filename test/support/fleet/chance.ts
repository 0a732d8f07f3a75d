/** Chance that can be had again: the same seed, the same run, as far as processes and clocks allow. */
import { createHash } from 'node:crypto';

export type RunChance = {
  /** Evenly spread over [0, 1). */
  fraction: () => number;
  /** A whole number from `least` to `most`, both included. */
  between: (least: number, most: number) => number;
  pick: <Value>(values: readonly [Value, ...Value[]]) => Value;
  /** True with this probability. */
  happens: (probability: number) => boolean;
};

/** FAULTS_SEED, or the clock; printed, so that a run that failed can be had again. */
export const chanceFor = (run: string): RunChance => {
  const { FAULTS_SEED } = process.env;
  const seed = FAULTS_SEED ? Number(FAULTS_SEED) : Date.now() % 1_000_000_000;
  console.log(`${run}: FAULTS_SEED=${seed}`);
  let count = 0;
  const fraction = (): number => {
    count += 1;
    const digest = createHash('sha256').update(`${seed} ${run} ${count}`).digest();
    return digest.readUInt32BE() / 4_294_967_296;
  };
  const between = (least: number, most: number): number =>
    least + Math.floor(fraction() * (most - least + 1));
  return {
    fraction,
    between,
    pick: (values) => values[between(0, values.length - 1)] ?? values[0],
    happens: (probability) => fraction() < probability,
  };
};
