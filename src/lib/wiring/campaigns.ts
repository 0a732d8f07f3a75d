import { S3Client } from '@aws-sdk/client-s3';
import { makeControl } from '../campaigns/control.ts';
import { makeCreateCampaign } from '../campaigns/create.ts';
import { makeLaunch } from '../campaigns/launch.ts';
import { makePlanStarter } from '../campaigns/plan/begin.ts';
import { makePlanner } from '../campaigns/plan/plan.ts';
import { readRows } from '../campaigns/plan/read-rows.ts';
import { makePlanReader } from '../campaigns/plan/reader.ts';
import { makeObjectStore } from '../campaigns/plan/s3-objects.ts';
import type { RecipientReader } from '../campaigns/ports.ts';
import { makeReadCampaign } from '../campaigns/read.ts';
import { makeCampaignRunner } from '../campaigns/run.ts';
import { makeSendToRecipient } from '../campaigns/send-to-recipient.ts';
import { makeCampaignQueue, makePlanQueue } from '../campaigns/sqs-campaigns.ts';
import { makeTicker } from '../campaigns/tick.ts';
import type { wireSend } from './sending.ts';
import { type Stores, sqsClient } from './stores.ts';

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

/** The worker's handling of a recipient's job. */
export function wireRecipients(
  stores: Stores,
  by: { readonly readRequest: RecipientReader } & Pick<ReturnType<typeof wireSend>, 'sendFlow'>,
) {
  return makeSendToRecipient({ ...wireCampaignRunner(stores), ...by });
}
