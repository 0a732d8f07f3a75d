/** A sample campaign, for tests to change what they are about. */
import type { Campaign, CampaignDefinition } from '../../../src/lib/campaigns/campaign.ts';
import type { CampaignId } from '../../../src/lib/campaigns/campaign-id.ts';
import { type LedgerBatch, openedBatch } from '../../../src/lib/campaigns/ledger.ts';
import { newCampaign } from '../../../src/lib/campaigns/lifecycle.ts';
import type { Plan } from '../../../src/lib/campaigns/plan/figures.ts';
import { BUSINESS, later, NOW } from './samples.ts';

const CAMPAIGN = 'campaign-1' as CampaignId;

function sampleDefinition(changes: Partial<CampaignDefinition> = {}): CampaignDefinition {
  return {
    campaignId: CAMPAIGN,
    name: 'A campaign',
    message: {
      from: BUSINESS,
      text: 'Hello {{name}}',
      flowId: 'YOUR_FLOW_ID',
      flowCta: 'Share details',
      screen: 'FIRST',
      data: {},
      whenClosed: 'reject',
    },
    perMinute: 60,
    ...changes,
  };
}

export function samplePlan(total: number, changes: Partial<Plan> = {}): Plan {
  return {
    planId: 'plan-1',
    parts: [{ key: 'plans/campaign-1/plan-1.jsonl', etag: '"1"', bytes: total * 50 }],
    rejectedKeys: ['plans/campaign-1/plan-1.rejected.jsonl'],
    sourceEtag: '"0"',
    plannedAt: NOW,
    counts: { total, sendNow: total, park: 0, windowShut: 0, optedOut: 0, invalid: 0, duplicate: 0 },
    rejected: [],
    possibleDuplicates: { count: 0, sample: [] },
    price: { currency: 'USD', amount: 1.5, asOf: '2026-01-01', notes: [] },
    ...changes,
  };
}

/** A campaign with a plan of ten, with `changes` applied. */
export function sampleCampaign(changes: Partial<Campaign> = {}): Campaign {
  const source = { bucket: 'recipients', key: 'uploads/1.csv', format: 'csv', given: 'upload' } as const;
  const idKey = 'c2l4dGVlbiBieXRlcywgMQ';
  const by = { clientId: 'client-1', fingerprint: 'f', idKey, source, now: NOW, retentionDays: 30 };
  return { ...newCampaign(sampleDefinition(), by), plan: samplePlan(10), ...changes };
}

/** A batch of three that was just opened, with `changes` applied. */
export function sampleBatch(changes: Partial<LedgerBatch> = {}): LedgerBatch {
  const place = { campaignId: CAMPAIGN, n: 0, first: 0, count: 3, offset: 0, length: 120 };
  const batch = openedBatch({ ...place, keepUntil: later(86_400) }, { now: NOW, lastScheduledAt: later(60) });
  return { ...batch, ...changes };
}
