import { defineConfig } from 'vitest/config';

/** Tests of the pure rules by tables of cases: no bundle, no process, no real wait, no thousands of runs. */
export default defineConfig({
  test: {
    include: [
      'test/unit/campaigns/{ledger,lifecycle-*,rate-limit,rate-limit-share}.test.ts',
      'test/unit/lipachat/verdict.test.ts',
      'test/unit/{messages,sessions}/*.test.ts',
      'test/unit/whatsapp/{opt-out-words,session-window}.test.ts',
    ],
    testTimeout: 20_000,
    isolate: false,
  },
});
