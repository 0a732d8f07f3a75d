/** What a run counts and measures. */

export interface Samples {
  readonly add: (value: number) => void;
  readonly count: () => number;
  /** NaN without a sample. */
  readonly quantile: (q: number) => number;
  readonly mean: () => number;
  readonly clear: () => void;
}

export function makeSamples(): Samples {
  let values: number[] = [];
  let isSorted = true;
  return {
    add(value) {
      values.push(value);
      isSorted = false;
    },
    count: () => values.length,
    mean: () => values.reduce((sum, value) => sum + value, 0) / values.length,
    clear() {
      values = [];
    },
    quantile(q) {
      if (!isSorted) values.sort((a, b) => a - b);
      isSorted = true;
      return values[Math.min(values.length - 1, Math.floor(q * values.length))] ?? Number.NaN;
    },
  };
}

export interface Counts<Name extends string> {
  readonly add: (name: Name, by?: number) => void;
  readonly of: (name: Name) => number;
  readonly all: () => ReadonlyMap<Name, number>;
  readonly total: () => number;
}

export function makeCounts<Name extends string>(): Counts<Name> {
  const counts = new Map<Name, number>();
  return {
    add: (name, by = 1) => void counts.set(name, (counts.get(name) ?? 0) + by),
    of: (name) => counts.get(name) ?? 0,
    all: () => counts,
    total: () => [...counts.values()].reduce((sum, count) => sum + count, 0),
  };
}

/** A value each second, by name. */
export type Timeline = ReadonlyMap<string, readonly number[]>;
