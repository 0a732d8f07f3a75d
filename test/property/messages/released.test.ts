import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { runs } from '../../support/property-runs.ts';
import { type ReleasedScenario, run } from './released-model.ts';

const death = fc.option(fc.record({ at: fc.nat(20), applies: fc.boolean() }), { nil: undefined, freq: 2 });

const scenario: fc.Arbitrary<ReleasedScenario> = fc.record({
  flows: fc.integer({ min: 1, max: 5 }),
  callbacks: fc.array(death, { minLength: 1, maxLength: 3 }),
  workers: fc.array(death, { maxLength: 6 }),
  duplicates: fc.array(fc.boolean(), { maxLength: 8 }),
  strays: fc.array(fc.record({ flow: fc.nat(4), second: fc.nat(60) }), { maxLength: 8 }),
  lags: fc.array(fc.nat(6), { minLength: 1, maxLength: 12 }),
});

const lively = scenario.map((given) => ({
  ...given,
  callbacks: given.callbacks.map(() => undefined),
  workers: [],
}));

const inOrder = ({ flows }: ReleasedScenario) => Array.from({ length: flows }, (_, n) => `f-${n}`);

describe('a recipient queue whose customer has written', () => {
  it('is sent oldest first, once each, and six seconds apart, whatever records come twice or for nothing', async () => {
    await fc.assert(
      fc.asyncProperty(lively, async (given) => {
        const { sent, seconds } = await run(given);
        expect(sent.map(({ flow }) => flow)).toEqual(inOrder(given));
        for (const [n, { at }] of sent.entries()) {
          const before = sent[n - 1];
          if (before) expect(at - before.at).toBeGreaterThanOrEqual(6);
        }
        expect(seconds).toBeLessThanOrEqual(7 * given.flows);
      }),
      { numRuns: runs(200) },
    );
  });

  it('is sent oldest first and once each, and stalls three minutes a crash at most, wherever its processes die', async () => {
    await fc.assert(
      fc.asyncProperty(scenario, async (given) => {
        const { sent, seconds, deaths } = await run(given);
        expect(sent.map(({ flow }) => flow)).toEqual(inOrder(given));
        expect(seconds).toBeLessThanOrEqual(7 * given.flows + 185 * deaths);
      }),
      { numRuns: runs(300) },
    );
  });
});
