/** The table of transitions against the functions behind it: every state, every event, every kind of campaign. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Campaign, CampaignState } from '../../../src/lib/campaigns/campaign.ts';
import { hasEnded } from '../../../src/lib/campaigns/campaign.ts';
import { CAMPAIGN_TRANSITIONS, transition } from '../../../src/lib/campaigns/lifecycle.ts';
import { sampleCampaign, samplePlan } from '../../support/fakes/campaign-samples.ts';
import { later, NOW } from '../../support/fakes/samples.ts';

type Table = typeof CAMPAIGN_TRANSITIONS;
type Event = { [S in CampaignState]: keyof Table[S] }[CampaignState];
type Facts<E extends Event> = Parameters<typeof transition<E>>[2];

const table: Record<string, Record<string, readonly { readonly to: CampaignState }[]>> = CAMPAIGN_TRANSITIONS;
const STATES = Object.keys(CAMPAIGN_TRANSITIONS) as CampaignState[];
const waysOf = (state: CampaignState, event: Event): readonly CampaignState[] =>
  (table[state]?.[event] ?? []).map(({ to }) => to);

const now = fc.constantFrom(0, 60, 3_600).map((seconds) => later(seconds));
const onlyNow = fc.record({ now });
const planId = fc.constantFrom('plan-1', 'plan-2');
const reason = fc.constant('because');
const checkpoint = fc.record({ key: fc.constantFrom('part-1', 'part-2'), rows: fc.nat() });
const checkpointKey = fc.constantFrom(undefined, 'part-1', 'part-2');
const source = { bucket: 'recipients', key: 'uploads/2.csv', format: 'csv', given: 'upload' } as const;

/** Facts for every event. A new event needs its own here. */
const FACTS: { readonly [E in Event]: fc.Arbitrary<Facts<E>> } = {
  sourceReplaced: now.map((at) => ({ source, now: at })),
  planningBegun: fc.record({ planId, dryRun: fc.boolean(), now }),
  planningProgressed: fc.record({ planId, after: checkpointKey, rows: fc.nat(), now }),
  partPlanned: fc.record({ planId, after: checkpointKey, checkpoint, now }),
  plannerLost: onlyNow,
  planReady: fc.record({
    plan: fc.tuple(planId, fc.constantFrom(0, 10)).map(([id, total]) => samplePlan(total, { planId: id })),
    now,
  }),
  planFailed: fc.record({ planId, reason, now }),
  started: onlyNow,
  runScheduled: fc.record({ nextRunAt: fc.option(now, { nil: undefined }), now }),
  startDue: onlyNow,
  paused: fc.record({ reason, now }),
  resumed: onlyNow,
  progressed: onlyNow,
  cancelled: onlyNow,
  timeChecked: onlyNow,
};
const EVENTS = Object.keys(FACTS) as Event[];

const optional = <T>(some: fc.Arbitrary<T>) => fc.option(some, { nil: undefined });

/** Any campaign in this state, including those that no sequence of events reaches. */
const campaignIn = (state: CampaignState): fc.Arbitrary<Campaign> =>
  fc
    .record({
      planning: optional(
        fc.record({
          planId,
          dryRun: fc.boolean(),
          since: now,
          rows: fc.nat(),
          tries: fc.constantFrom(1, 2, 3),
          checkpoint: fc.option(checkpoint, { nil: undefined }),
        }),
      ),
      plan: fc.constantFrom(undefined, samplePlan(10), samplePlan(10, { parts: undefined })),
      autoStart: fc.constantFrom(undefined, true as const),
      startAt: optional(now),
      expiresAt: optional(now),
      dueAt: optional(now),
      reason: optional(reason),
      cursor: fc.record({ row: fc.constantFrom(5, 10), offset: fc.nat(), batch: fc.constantFrom(1, 2) }),
      aggregated: fc.constantFrom(1, 2),
    })
    .map((changes) => sampleCampaign({ ...changes, state }));

const happening = <E extends Event>(event: E): fc.Arbitrary<(campaign: Campaign) => Campaign> =>
  FACTS[event].map((facts) => (campaign: Campaign) => transition(campaign, event, facts));

const cases = STATES.flatMap((state) => EVENTS.map((event) => ({ state, event })));
const unlisted = cases.filter(({ state, event }) => waysOf(state, event).length === 0);
const listed = cases.filter(({ state, event }) => waysOf(state, event).length > 0);

describe('the table of campaign transitions', () => {
  it.each(unlisted)('$state: $event is not listed, and changes nothing', ({ state, event }) => {
    fc.assert(
      fc.property(campaignIn(state), happening(event), (campaign, apply) => {
        expect(apply(campaign)).toBe(campaign);
      }),
      { numRuns: 30 },
    );
  });

  it.each(listed)(
    '$state: $event leads where its arrows point, and each arrow is taken',
    ({ state, event }) => {
      const met = new Set<CampaignState>();
      fc.assert(
        fc.property(campaignIn(state), happening(event), (campaign, apply) => {
          const after = apply(campaign);
          if (after === campaign) return;
          expect(waysOf(state, event)).toContain(after.state);
          met.add(after.state);
        }),
        { numRuns: 300, seed: 1 },
      );
      expect([...met].toSorted()).toEqual([...new Set(waysOf(state, event))].toSorted());
    },
  );

  it('counts every change of state that is an event, and no other change', () => {
    const any = fc.constantFrom(...EVENTS).chain(happening);
    fc.assert(
      fc.property(fc.constantFrom(...STATES).chain(campaignIn), any, (campaign, apply) => {
        const after = apply(campaign);
        const isEvent =
          after.state !== campaign.state && !(campaign.state === 'planned' && after.state === 'draft');
        expect(after.version).toBe(campaign.version + (isEvent ? 1 : 0));
        expect(after.keepUntil.getTime()).toBeGreaterThanOrEqual(campaign.keepUntil.getTime());
      }),
    );
  });

  it('leaves nothing due in a final state, and allows no event after it', () => {
    const any = fc.constantFrom(...EVENTS).chain(happening);
    fc.assert(
      fc.property(fc.array(any, { maxLength: 40 }), (events) => {
        const end = events.reduce((campaign, apply) => apply(campaign), sampleCampaign({ plan: undefined }));
        if (hasEnded(end)) expect([end.dueAt, end.planning]).toEqual([undefined, undefined]);
      }),
    );
    for (const state of STATES.filter((one) => hasEnded({ state: one }))) {
      expect(EVENTS.filter((event) => waysOf(state, event).length > 0)).toEqual([]);
    }
  });

  it('keeps the new recipients of a planned campaign, and invalidates its plan', () => {
    const campaign = sampleCampaign({ state: 'planned' });
    const after = transition(campaign, 'sourceReplaced', { source, now: later(1, NOW) });
    expect(after).toMatchObject({ state: 'draft', source, plan: undefined, version: campaign.version });
  });
});
