import type { SQSEvent } from 'aws-lambda';
import { parsePlanJob } from '../lib/campaigns/queue-records.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { wireCampaigns } from '../lib/wiring/campaigns.ts';

const { stores, planner } = wireCampaigns('campaignPlanner');

/** The plan queue: each record names a campaign and the plan to make of its recipients. */
export const handler = (event: SQSEvent) =>
  batch(stores.telemetry, async (body) => {
    const { campaignId, planId } = parsePlanJob(body);
    await planner.plan(campaignId, planId);
  })(event);
