import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { run } from './claim-model.ts';
import { verdictsOn } from './claim-rules.ts';
import { scenario } from './claim-scenario.ts';

describe('where nothing is repeated by itself', () => {
  it('racers, crashes, sleepers, lost acknowledgements and callbacks keep every rule', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ mode: 'hold' }), fc.scheduler(), async (given, s) => {
        expect(verdictsOn(await run(given, s), 'hold')).toEqual([]);
      }),
      { numRuns: runs(250) },
    );
  });

  it('a customer gets a message once even where LipaChat does not know a repeat', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ mode: 'hold', onRepeat: 'delivers' }), fc.scheduler(), async (given, s) => {
        expect(verdictsOn(await run(given, s), 'hold')).toEqual([]);
      }),
      { numRuns: runs(250) },
    );
  });
});
