import { type Campaign, type CampaignDefinition, type CampaignState, keptUntil } from './campaign.ts';
import type { CampaignEvents, Change } from './transitions/events.ts';
import * as planning from './transitions/planning.ts';
import * as running from './transitions/running.ts';

/*
 * Every transition of a campaign, by state and event: where it leads (`to`), under which guard (`when`), and
 * the function that makes the rest of the change (`by`). The first arrow with a true guard applies. An event
 * that is not listed for a state changes nothing. Each transition is one conditional write of the campaign's
 * item. Only this file sets `state`; docs/architecture.md shows the table as a diagram.
 */

type CampaignEvent = keyof CampaignEvents;

interface Arrow<Facts> {
  readonly to: CampaignState;
  readonly when?: (campaign: Campaign, facts: Facts) => boolean;
  readonly by: (campaign: Campaign, facts: Facts) => Change;
}

type Arrows = { readonly [E in CampaignEvent]?: readonly Arrow<CampaignEvents[E]>[] };

const cancelled = [{ to: 'cancelled', by: running.end }] as const satisfies Arrows['cancelled'];
const timeChecked = [
  { to: 'expired', when: running.isTimeOver, by: running.expire },
] as const satisfies Arrows['timeChecked'];
const runScheduled = [
  { to: 'completed', when: running.isScheduleOver, by: running.endSchedule },
  { to: 'scheduled', by: running.awaitRun },
] as const satisfies Arrows['runScheduled'];

/** It can be planned, with these recipients or others. */
const open = {
  sourceReplaced: [{ to: 'draft', by: planning.replaceSource }],
  planningBegun: [{ to: 'planning', by: planning.beginPlanning }],
  runScheduled,
  cancelled,
} as const satisfies Arrows;

export const CAMPAIGN_TRANSITIONS = {
  draft: open,
  planning: {
    planningProgressed: [{ to: 'planning', when: planning.isNextPart, by: planning.noteProgress }],
    partPlanned: [{ to: 'planning', when: planning.isNextPart, by: planning.keepPart }],
    plannerLost: [
      { to: 'planning', when: planning.mayPlanAgain, by: planning.planAgain },
      { to: 'failed', when: planning.isUnattended, by: planning.giveUpPlanning },
      { to: 'draft', when: planning.isBeingPlanned, by: planning.giveUpPlanning },
    ],
    planReady: [
      { to: 'failed', when: planning.isEmptyUnattended, by: planning.keepEmptyPlan },
      { to: 'draft', when: planning.isEmpty, by: planning.keepEmptyPlan },
      { to: 'draft', when: planning.isDryRun, by: planning.keepPlan },
      { to: 'planned', when: planning.isReady, by: planning.keepPlan },
    ],
    planFailed: [
      { to: 'failed', when: planning.isThisPlanUnattended, by: planning.dropPlan },
      { to: 'draft', when: planning.isThisPlan, by: planning.dropPlan },
    ],
    cancelled,
  },
  planned: {
    ...open,
    started: [
      { to: 'scheduled', when: running.startsLater, by: running.awaitStart },
      { to: 'running', when: running.hasRecipients, by: running.run },
    ],
  },
  scheduled: {
    startDue: [{ to: 'running', when: running.hasStartCome, by: running.run }],
    runScheduled,
    timeChecked,
    cancelled,
  },
  running: {
    paused: [{ to: 'paused', by: running.pause }],
    progressed: [{ to: 'completed', when: running.isAllSettled, by: running.end }],
    timeChecked,
    cancelled,
  },
  paused: {
    resumed: [{ to: 'running', by: running.resume }],
    timeChecked,
    cancelled,
  },
  completed: {},
  cancelled: {},
  expired: {},
  failed: {},
} as const satisfies { readonly [S in CampaignState]: Arrows };

/** Only events with an arrow, so that an unused event does not compile. */
type ListedEvent = { [S in CampaignState]: keyof (typeof CAMPAIGN_TRANSITIONS)[S] }[CampaignState];

export const FIRST_STATE = { created: { to: 'draft', by: planning.draft } } as const;

export function newCampaign(definition: CampaignDefinition, given: planning.NewCampaign): Campaign {
  const { to, by } = FIRST_STATE.created;
  const campaign: Campaign = { ...by(definition, given), state: to };
  return { ...campaign, keepUntil: keptUntil(campaign) };
}

/** The campaign after an event; the same object if the event changes nothing. */
export function transition<E extends ListedEvent>(
  campaign: Campaign,
  event: E,
  facts: CampaignEvents[E],
): Campaign {
  const arrows: Arrows = CAMPAIGN_TRANSITIONS[campaign.state];
  const arrow = arrows[event]?.find(({ when }) => when?.(campaign, facts) ?? true);
  if (!arrow) return campaign;
  const newState = { reason: undefined, version: campaign.version + 1, changedAt: facts.now };
  const stamp = arrow.to === campaign.state ? {} : newState;
  const change = arrow.by(campaign, facts);
  const next: Campaign = { ...campaign, ...stamp, ...change, state: arrow.to };
  return { ...next, keepUntil: change.keepUntil ?? keptUntil(next) };
}
