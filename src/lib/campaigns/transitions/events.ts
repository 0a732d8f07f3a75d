import type { Campaign, Plan, RecipientSource } from '../campaign.ts';

/** `state` is the table's to set. */
export type Change = Partial<Omit<Campaign, 'state'>> & { readonly state?: never };

/** What may happen to a campaign, and what its arrows need to know. */
export interface CampaignEvents {
  /** Its owner gives it other recipients. */
  sourceReplaced: { readonly source: RecipientSource; readonly now: Date };
  planningBegun: { readonly planId: string; readonly dryRun: boolean; readonly now: Date };
  /** The planner says how far it is. */
  planningProgressed: { readonly planId: string; readonly rows: number; readonly now: Date };
  /** The planner has been silent for too long. */
  plannerLost: { readonly now: Date };
  planReady: { readonly plan: Plan; readonly now: Date };
  /** The recipients cannot be read. */
  planFailed: { readonly planId: string; readonly reason: string; readonly now: Date };
  started: { readonly now: Date };
  /** A campaign with a schedule gets the time of its next run; without one, its schedule is over. */
  runScheduled: { readonly nextRunAt: Date | undefined; readonly now: Date };
  /** The tick finds that `startAt` has come. */
  startDue: { readonly now: Date };
  paused: { readonly reason: string; readonly now: Date };
  resumed: { readonly now: Date };
  /** Every recipient may be taken, settled and counted. */
  progressed: { readonly now: Date };
  cancelled: { readonly now: Date };
  /** The tick finds that `expiresAt` may have come. */
  timeChecked: { readonly now: Date };
}

export type Facts<E extends keyof CampaignEvents> = CampaignEvents[E];
