import type { Context, SQSEvent } from 'aws-lambda';
import { parsePlanJob } from '../lib/campaigns/queue-records.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { wirePlanner } from '../lib/wiring/campaigns.ts';

const { stores, planner } = wirePlanner('campaignPlanner');

/** The plan queue: each record names a campaign and the plan to make of its recipients, or to go on with. */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context, stores.clock);
  return batch(stores.telemetry, async (body) => {
    const { campaignId, planId } = parsePlanJob(body);
    await planner.plan(campaignId, planId, { deadlineAt });
  })(event);
};
