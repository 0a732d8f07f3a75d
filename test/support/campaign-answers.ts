/** What the API says of campaigns, in the words of a test. */
import type { Answer } from './fleet/answer.ts';
import type { CampaignCalls } from './fleet/campaigns.ts';

type Rejected = { line: number; kind: string; reason: string };
export type Recipient = {
  line: number;
  to: string;
  messageId: string;
  status: string;
  reason: string | null;
};
export type PlanFigures = {
  planId: string;
  dryRun: boolean;
  counts: Record<string, number>;
  rejected: Rejected[];
  estimatedMinutes: number;
};
export type Progress = Record<string, number> & { reasons: { reason: string; count: number }[] };

/** A plan's counts, where nothing was found. */
export const NOBODY = {
  ...{ total: 0, sendNow: 0, park: 0, windowShut: 0 },
  ...{ optedOut: 0, invalid: 0, duplicate: 0 },
};

export const planOf = ({ json }: Pick<Answer, 'json'>): PlanFigures => json['plan'] as PlanFigures;

export const progressOf = ({ json }: Pick<Answer, 'json'>): Progress => json['progress'] as Progress;

/** One page of a campaign's recipients, or of its refused rows. */
export const recipientsOf = async (
  campaigns: CampaignCalls,
  campaignId: string,
  query = '',
): Promise<Recipient[]> => (await campaigns.recipients(campaignId, query)).json['recipients'] as Recipient[];

/** `to,name` and the lines after it. */
export const csv = (...lines: string[]): string => ['to,name', ...lines, ''].join('\n');
