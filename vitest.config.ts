import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

/** `npm test`: everything but the heavy fault runs. `npx vitest run --project unit` runs one kind. */
const kinds = ['unit', 'property', 'contract', 'integration', 'e2e'];

export default defineConfig({
  test: {
    globalSetup: 'test/support/build-bundles.ts',
    setupFiles: 'test/support/property-seed.ts',
    reporters: reporters('tests'),
    // Most of their time tests wait: for processes to start, for time-outs and delays.
    maxWorkers: 3,
    projects: kinds.map((name) => ({
      extends: true,
      test: { name, include: [`test/${name}/**/*.test.ts`], testTimeout: 20_000, hookTimeout: 20_000 },
    })),
  },
});
