import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { run } from './claim-model.ts';
import { verdictsOn } from './claim-rules.ts';
import { scenario } from './claim-scenario.ts';

describe('claims when an unknown outcome is held', () => {
  it('keep every rule through races, crashes, frozen processes, lost acknowledgements and callbacks', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ mode: 'hold' }), fc.scheduler(), async (given, s) => {
        expect(verdictsOn(await run(given, s), 'hold')).toEqual([]);
      }),
      { numRuns: runs(250) },
    );
  });

  it('deliver a message once even if LipaChat does not recognize a repeat', async () => {
    await fc.assert(
      fc.asyncProperty(scenario({ mode: 'hold', onRepeat: 'delivers' }), fc.scheduler(), async (given, s) => {
        expect(verdictsOn(await run(given, s), 'hold')).toEqual([]);
      }),
      { numRuns: runs(250) },
    );
  });
});
