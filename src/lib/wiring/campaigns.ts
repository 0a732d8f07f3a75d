import { S3Client } from '@aws-sdk/client-s3';
import { makeObjectStore } from '../campaigns/plan/s3-objects.ts';
import { makeCampaignQueue, makePlanQueue } from '../campaigns/sqs-campaigns.ts';
import type { SendFlow } from '../sending/send-flow.ts';
import { campaignUseCases, recipientUseCases } from './campaign-use-cases.ts';
import { type Stores, sqsClient, wireStores } from './stores.ts';

function wireCampaignPorts(stores: Stores) {
  const { config, clock } = stores;
  const client = new S3Client({
    requestHandler: stores.transport,
    maxAttempts: 4,
    // The local system has one host, without a name per bucket.
    forcePathStyle: config.AWS_ENDPOINT_URL_S3 !== undefined,
    // By default an upload link carries the checksum of a body that does not exist yet, and S3 accepts only an empty file.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  const queueUrl = config.CAMPAIGN_QUEUE_URL;
  return {
    ...stores,
    objects: makeObjectStore({ client, bucket: config.RECIPIENTS_BUCKET ?? '' }),
    campaignQueue: makeCampaignQueue({ client: sqsClient(stores), queueUrl, clock }),
  };
}

/** Everything for campaigns except sending. */
export function wireCampaigns(functionName: string) {
  const stores = wireStores(functionName);
  const { config } = stores;
  const planQueue = makePlanQueue({ client: sqsClient(stores), queueUrl: config.PLAN_QUEUE_URL });
  const useCases = campaignUseCases(
    { ...wireCampaignPorts(stores), planQueue },
    {
      numberPerMinute: config.NUMBER_PER_MINUTE,
      sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
      retentionDays: config.RETENTION_DAYS,
      beside01: !config.PACK_MESSAGES,
    },
  );
  return { stores, ...useCases };
}

/** Sends to one recipient, for the worker. */
export function wireRecipients(stores: Stores, sendFlow: SendFlow) {
  const { NUMBER_PER_MINUTE, CAMPAIGN_PAUSE_AFTER } = stores.config;
  const settings = { numberPerMinute: NUMBER_PER_MINUTE, pauseAfterFailures: CAMPAIGN_PAUSE_AFTER };
  return recipientUseCases({ ...wireCampaignPorts(stores), sendFlow }, settings);
}
