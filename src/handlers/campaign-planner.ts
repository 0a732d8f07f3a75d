import type { SQSEvent } from 'aws-lambda';
import { parsePlanJob } from '../lib/campaigns/contract.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { parseFlow } from '../lib/sending/contract.ts';
import { wireCampaigns } from '../lib/wiring/campaigns.ts';
import { wireStores } from '../lib/wiring/stores.ts';

const stores = wireStores('campaignPlanner');
const { planner } = wireCampaigns(stores, (body) => parseFlow(body, undefined));

/** The plan queue: each record names a campaign whose recipients are to be read. */
export const handler = (event: SQSEvent) =>
  batch(stores.telemetry, async (body) => {
    const { campaignId, planId } = parsePlanJob(body);
    await planner.plan(campaignId, planId);
  })(event);
