import { S3Client } from '@aws-sdk/client-s3';
import { makeCampaignQueue, makePlanQueue } from './adapters/campaign-queues.ts';
import { readRows } from './adapters/recipients.ts';
import { makeObjectStore } from './adapters/s3.ts';
import { makePlanStarter } from './usecases/begin-plan.ts';
import { makeControl } from './usecases/control-campaign.ts';
import { makeCreateCampaign } from './usecases/create-campaign.ts';
import { makeLaunch } from './usecases/launch-campaign.ts';
import { makePlanner } from './usecases/plan-campaign.ts';
import { makePlanReader } from './usecases/plan-reader.ts';
import { makeReadCampaign } from './usecases/read-campaign.ts';
import type { RecipientReader } from './usecases/recipient-request.ts';
import { makeCampaignRunner } from './usecases/run-campaign.ts';
import { makeTicker } from './usecases/tick-campaigns.ts';
import { makeWorkRecipient } from './usecases/work-recipient.ts';
import { type Stores, sqsClient } from './wiring.ts';
import type { wireSend } from './wiring-send.ts';

/** What runs a campaign: its plan in S3, its queue, its looks. */
function wireCampaignRunner(stores: Stores) {
  const { config, clock } = stores;
  const client = new S3Client({
    requestHandler: stores.transport,
    maxAttempts: 4,
    // On this machine there is one host, and no name a bucket.
    forcePathStyle: config.AWS_ENDPOINT_URL_S3 !== undefined,
    // By default an upload link carries the checksum of a body that is not there yet, and S3 takes no file but an empty one.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const base = {
    ...stores,
    objects: makeObjectStore({ client, bucket: config.RECIPIENTS_BUCKET ?? '' }),
    campaignQueue: makeCampaignQueue({
      client: sqsClient(stores),
      queueUrl: config.CAMPAIGN_QUEUE_URL,
      clock,
    }),
    numberPerMinute: config.NUMBER_PER_MINUTE,
  };
  return { ...base, runner: makeCampaignRunner(base), planReader: makePlanReader(base) };
}

/** Everything about campaigns but the sending. `readRequest` is the edge's. */
export function wireCampaigns(stores: Stores, readRequest: RecipientReader) {
  const { config } = stores;
  const base = {
    ...wireCampaignRunner(stores),
    planQueue: makePlanQueue({ client: sqsClient(stores), queueUrl: config.PLAN_QUEUE_URL }),
    readRows,
    readRequest,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
    retentionDays: config.RETENTION_DAYS,
  };
  const planner = makePlanner(base);
  const planStarter = makePlanStarter({ ...base, planner });
  const ticker = makeTicker({ ...base, planStarter });
  const control = makeControl({ ...base, planStarter, ticker });
  const create = makeCreateCampaign(base);
  const launch = makeLaunch({ create, planStarter, control });
  return { planner, ticker, control, create, launch, read: makeReadCampaign(base) };
}

/** A recipient's turn, by the worker. */
export function wireRecipients(
  stores: Stores,
  by: { readonly readRequest: RecipientReader } & Pick<ReturnType<typeof wireSend>, 'sendFlow'>,
) {
  return makeWorkRecipient({ ...wireCampaignRunner(stores), ...by });
}
