import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { run } from './parked-model.ts';
import { parkedScenario } from './parked-scenario.ts';

describe('flows that wait for one customer', () => {
  it('keep every rule through repeated webhooks, dying workers, sweepers, refusals and time', async () => {
    await fc.assert(
      fc.asyncProperty(parkedScenario, fc.scheduler(), async (given, s) => {
        expect(await run(given, s)).toEqual([]);
      }),
      { numRuns: runs(300) },
    );
  });
});
