import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { runCampaign } from './campaign-model.ts';
import { campaignScenario } from './campaign-scenario.ts';

describe('a campaign under way', () => {
  it('looks that cross, workers that die, records that repeat, pauses and time: nobody twice, nobody lost, all counted', async () => {
    await fc.assert(
      fc.asyncProperty(campaignScenario, fc.scheduler(), async (given, s) => {
        expect(await runCampaign(given, s)).toEqual([]);
      }),
      { numRuns: runs(150) },
    );
  });
});
