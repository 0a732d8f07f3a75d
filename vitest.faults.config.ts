import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

/** `npm run test:faults`: processes killed, stopped and cut off; one file after the other, on two cores. */
export default defineConfig({
  test: {
    globalSetup: 'test/support/build-bundles.ts',
    reporters: reporters('faults'),
    include: ['test/faults/**/*.test.ts'],
    testTimeout: 240_000,
    hookTimeout: 60_000,
    fileParallelism: false,
  },
});
