import { defineConfig } from 'vitest/config';
import { reporters } from './test/support/reporters.ts';

/** `npm run test:deploy`: the stack on an emulated AWS, from the deployment to its removal, in the order of the story. */
export default defineConfig({
  test: {
    globalSetup: 'test/support/build-bundles.ts',
    reporters: reporters('deploy', 'verbose'),
    include: ['test/deploy/**/*.test.ts'],
    testTimeout: 60_000,
    hookTimeout: 360_000,
    fileParallelism: false,
  },
});
