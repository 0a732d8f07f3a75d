import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { runCampaign } from './campaign-model.ts';
import { campaignScenario } from './campaign-scenario.ts';

describe('a running campaign', () => {
  it('sends to each recipient once, loses none and counts all, through overlapping ticks, crashes, repeats, pauses and time', async () => {
    await fc.assert(
      fc.asyncProperty(campaignScenario, fc.scheduler(), async (given, s) => {
        expect(await runCampaign(given, s)).toEqual([]);
      }),
      { numRuns: runs(150) },
    );
  });
});
