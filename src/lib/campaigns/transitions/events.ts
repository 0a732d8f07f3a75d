import type { Campaign, PlanCheckpoint, RecipientSource } from '../campaign.ts';
import type { Plan } from '../plan/figures.ts';

/** The change of an event, without `state`, which only the table sets. */
export type Change = Partial<Omit<Campaign, 'state'>> & { readonly state?: never };

/** The events of a campaign, with the facts that their transitions need. */
export interface CampaignEvents {
  /** The client replaces the recipients. */
  sourceReplaced: { readonly source: RecipientSource; readonly now: Date };
  planningBegun: { readonly planId: string; readonly dryRun: boolean; readonly now: Date };
  /** The planner that continues behind the checkpoint `after` reports its progress. */
  planningProgressed: {
    readonly planId: string;
    readonly after: string | undefined;
    readonly rows: number;
    readonly now: Date;
  };
  /** It has written the part that follows `after`. */
  partPlanned: {
    readonly planId: string;
    readonly after: string | undefined;
    readonly checkpoint: PlanCheckpoint;
    readonly now: Date;
  };
  /** The planner has been silent for too long. */
  plannerLost: { readonly now: Date };
  planReady: { readonly plan: Plan; readonly now: Date };
  /** The recipients can't be read. */
  planFailed: { readonly planId: string; readonly reason: string; readonly now: Date };
  started: { readonly now: Date };
  /** A schedule's next run; undefined ends the schedule. */
  runScheduled: { readonly nextRunAt: Date | undefined; readonly now: Date };
  /** The tick finds that `startAt` has passed. */
  startDue: { readonly now: Date };
  paused: { readonly reason: string; readonly now: Date };
  resumed: { readonly now: Date };
  /** Progress was made: the campaign may be complete. */
  progressed: { readonly now: Date };
  cancelled: { readonly now: Date };
  /** The tick checks `expiresAt`. */
  timeChecked: { readonly now: Date };
}

export type Facts<E extends keyof CampaignEvents> = CampaignEvents[E];
