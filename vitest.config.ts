import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

type Kind = {
  /** Of one test, in ms. It only ends what hangs: on a busy machine, everything takes its time. */
  limit: number;
  /** Runs `dist/`, so that has to be built from the sources as they are now. */
  built?: true;
  /** Tries properties, with the seed of test/support/property-seed.ts. */
  seeded?: true;
  /** Files that share the modules of their worker. Only for tests that keep no state outside of themselves. */
  shared?: true;
  /** Its files, if they are not all under the folder of its name. */
  include?: string;
  /** How many files run at a time, if fewer than elsewhere. */
  files?: number;
  /** Where it stands in the order, for what never runs beside another project. */
  order?: number;
};

/** One project a folder of test/. `npx vitest run --project unit` runs one of them; package.json has the usual sets. */
const kinds: Record<string, Kind> = {
  unit: { limit: 60_000, built: true, seeded: true, shared: true },
  property: { limit: 180_000, seeded: true, shared: true },
  contract: { limit: 60_000, shared: true },
  integration: { limit: 60_000, built: true },
  smoke: { limit: 60_000, built: true },
  e2e: { limit: 120_000, built: true },
  policy: { limit: 120_000, built: true },
  runtime: { limit: 120_000, built: true },
  faults: { limit: 240_000, built: true, include: 'test/faults/*.test.ts', files: 2, order: 1 },
  // Either they measure a pace, or they fill the machine by themselves.
  'faults/alone': { limit: 240_000, built: true, files: 1, order: 2 },
  deploy: { limit: 360_000, built: true, files: 1, order: 3 },
};

export default defineConfig({
  test: {
    reporters: reporters(),
    // Most of their time tests wait: for processes to start, for time-outs and delays.
    maxWorkers: 4,
    projects: Object.entries(kinds).map(
      ([name, { limit, built, seeded, shared, include, files, order }]) => ({
        extends: true,
        test: {
          name,
          include: [include ?? `test/${name}/**/*.test.ts`],
          testTimeout: limit,
          hookTimeout: limit,
          isolate: !shared,
          ...(built ? { globalSetup: 'test/support/build-bundles.ts' } : {}),
          ...(seeded ? { setupFiles: 'test/support/property-seed.ts' } : {}),
          ...(files ? { maxWorkers: files } : {}),
          ...(order ? { sequence: { groupOrder: order } } : {}),
        },
      }),
    ),
  },
});
