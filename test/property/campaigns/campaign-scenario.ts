/** What can happen to a running campaign, drawn at random. */
import fc from 'fast-check';
import type { ErrorCode } from '../../../src/lib/platform/errors.ts';

type Fate = { readonly crashAt: number | undefined; readonly applied: boolean };

export type Step =
  | (Fate & { readonly kind: 'reconcile'; readonly share: number })
  /** After `later` ms, when the scheduled times that were given out have come. */
  | (Fate & {
      readonly kind: 'work';
      readonly later: number;
      readonly jobs: number;
      readonly twice: boolean;
    })
  | { readonly kind: 'pause' | 'resume' }
  | { readonly kind: 'wait'; readonly ms: number };

export interface CampaignScenario {
  readonly recipients: number;
  /** The recipients in each part of the plan. */
  readonly aPart: number;
  /** The faults of the first sends, one each. */
  readonly problems: readonly (readonly [ErrorCode, string])[];
  /** The steps of a group run concurrently. */
  readonly steps: readonly (readonly Step[])[];
}

const fate = {
  crashAt: fc.option(fc.integer({ min: 1, max: 25 }), { nil: undefined, freq: 2 }),
  applied: fc.boolean(),
};

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('reconcile' as const),
      // The number's pace is divided anew each minute.
      share: fc.constantFrom(3, 5, 5, 20),
      ...fate,
    }),
  },
  {
    weight: 5,
    arbitrary: fc.record({
      kind: fc.constant('work' as const),
      later: fc.constantFrom(0, 20_000, 90_000),
      jobs: fc.constantFrom(1, 5, 50, 50),
      twice: fc.boolean(),
      ...fate,
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constantFrom('pause' as const, 'resume' as const) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      kind: fc.constant('wait' as const),
      ms: fc.constantFrom(1_000, 20_000, 61_000, 400_000),
    }),
  },
);

export const campaignScenario: fc.Arbitrary<CampaignScenario> = fc.record({
  recipients: fc.integer({ min: 1, max: 40 }),
  aPart: fc.constantFrom(1, 7, 40),
  problems: fc.array(
    fc.constantFrom<readonly [ErrorCode, string]>(
      ['gateway-rejected', 'No.'],
      ['gateway-throttled', 'Slower.'],
      ['gateway-unavailable', 'Away.'],
      ['gateway-credentials', 'The key.'],
      ['gateway-misconfigured', 'No balance.'],
      ['send-in-progress', 'Wait.'],
    ),
    { maxLength: 3 },
  ),
  steps: fc.array(fc.array(step, { minLength: 1, maxLength: 3 }), { maxLength: 10 }),
});
