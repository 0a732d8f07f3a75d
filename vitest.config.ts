import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

/**
 * `npm test`: everything but the heavy fault runs. `npx vitest run --project unit` runs one kind. A time limit ends
 * what hangs: on a busy machine, thousands of runs of a property take their time.
 */
const kinds = {
  unit: 20_000,
  property: 90_000,
  contract: 20_000,
  integration: 20_000,
  policy: 20_000,
  e2e: 30_000,
};

export default defineConfig({
  test: {
    globalSetup: 'test/support/build-bundles.ts',
    setupFiles: 'test/support/property-seed.ts',
    reporters: reporters('tests'),
    // Most of their time tests wait: for processes to start, for time-outs and delays.
    maxWorkers: 4,
    projects: Object.entries(kinds).map(([name, limit]) => ({
      extends: true,
      test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: limit, hookTimeout: limit },
    })),
  },
});
