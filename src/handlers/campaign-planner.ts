import type { SQSEvent } from 'aws-lambda';
import { batch } from '../lib/edge/batch.ts';
import { parsePlanJob } from '../lib/edge/campaign-contracts.ts';
import { parseFlow } from '../lib/edge/contracts.ts';
import { wireStores } from '../lib/wiring.ts';
import { wireCampaigns } from '../lib/wiring-campaigns.ts';

const stores = wireStores('campaignPlanner');
const { planner } = wireCampaigns(stores, (body) => parseFlow(body, undefined));

/** The plan queue: each record names a campaign whose recipients are to be read. */
export const handler = (event: SQSEvent) =>
  batch(stores.telemetry, async (body) => {
    const { campaignId, planId } = parsePlanJob(body);
    await planner.plan(campaignId, planId);
  })(event);
