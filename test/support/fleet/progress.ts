/** The counts of a campaign, as `GET /v1/campaigns/{campaignId}` shows them. */
import type { Body } from './answer.ts';

const OUTCOMES = ['sent', 'parked', 'queued', 'unknown', 'failed', 'opted-out', 'window-shut'] as const;

export type Progress = Record<(typeof OUTCOMES)[number] | 'total' | 'pending' | 'notReached', number>;

/** Throws where a campaign has not begun. */
export const progressOf = (campaign: Body): Progress => {
  if (!campaign['progress']) throw new Error(`it has no progress: ${JSON.stringify(campaign)}`);
  return campaign['progress'] as Progress;
};

/** How many recipients have their outcome, whatever it is. */
export const settledIn = (progress: Progress): number =>
  OUTCOMES.reduce((sum, outcome) => sum + progress[outcome], 0);
