import type { Context, SQSEvent } from 'aws-lambda';
import { parsePlanJob } from '../lib/campaigns/queue-records.ts';
import { isErasureJob, parseErasureJob } from '../lib/contacts/contract.ts';
import { deadlineOf } from '../lib/http/api.ts';
import { batch } from '../lib/http/sqs-batch.ts';
import { wirePlanner } from '../lib/wiring/campaigns.ts';

const { stores, planner, resumeErasure } = wirePlanner('campaignPlanner');

/** The plan queue: each record names a plan to make, or to go on with; or an erasure to go on with. */
export const handler = (event: SQSEvent, context?: Context) => {
  const deadlineAt = deadlineOf(context, stores.clock);
  return batch(stores.telemetry, async (body) => {
    if (isErasureJob(body)) return resumeErasure(parseErasureJob(body).erasureId, deadlineAt);
    const { campaignId, planId } = parsePlanJob(body);
    await planner.plan(campaignId, planId, { deadlineAt });
  })(event);
};
