import { S3Client } from '@aws-sdk/client-s3';
import { makeCampaignStore } from '../campaigns/dynamo-campaigns.ts';
import { makeLedgerStore } from '../campaigns/dynamo-ledger.ts';
import { makeRateLimitReads, makeRateLimitStore } from '../campaigns/dynamo-rate-limits.ts';
import { makeFailureStreakStore } from '../campaigns/failures/dynamo-failure-streaks.ts';
import { makePlanner } from '../campaigns/plan/plan.ts';
import { makeObjectStore } from '../campaigns/plan/s3-objects.ts';
import { makeCampaignQueue, makePlanQueue } from '../campaigns/sqs-campaigns.ts';
import { makeClientList } from '../clients/dynamo-client-registry.ts';
import { makeCursorKey } from '../platform/dynamo-cursor-key.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { SendFlow } from '../sending/send-flow.ts';
import { makeErasedOptOutReads } from '../sessions/dynamo-erased-opt-outs.ts';
import { makeSessionReads } from '../sessions/dynamo-sessions.ts';
import { campaignReads, campaignUseCases, recipientUseCases } from './campaign-use-cases.ts';
import { type Entry, sqsClient, tableOf, wireEntry } from './stores.ts';

function wireObjects({ config, transport }: Entry) {
  const client = new S3Client({
    requestHandler: transport,
    maxAttempts: 4,
    // The local system has one host, without a name per bucket.
    forcePathStyle: config.AWS_ENDPOINT_URL_S3 !== undefined,
    // By default an upload link carries the checksum of a body that does not exist yet, and S3 accepts only an empty file.
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });
  return makeObjectStore({ client, bucket: config.RECIPIENTS_BUCKET ?? '' });
}

function wirePlanPorts(entry: Entry, table: Table) {
  return {
    ...entry,
    campaigns: makeCampaignStore(table),
    // For estimates: each send reads both again.
    sessions: makeSessionReads(table),
    erasedOptOuts: makeErasedOptOutReads(table),
    objects: wireObjects(entry),
    planQueue: makePlanQueue({ client: sqsClient(entry), queueUrl: entry.config.PLAN_QUEUE_URL }),
  };
}

function wireCampaignQueue(entry: Entry) {
  const { config, clock } = entry;
  return makeCampaignQueue({ client: sqsClient(entry), queueUrl: config.CAMPAIGN_QUEUE_URL, clock });
}

function wireUseCases(entry: Entry, table: Table) {
  const { config } = entry;
  const ports = {
    ...wirePlanPorts(entry, table),
    ledger: makeLedgerStore(table),
    rateLimits: makeRateLimitReads(table),
    campaignQueue: wireCampaignQueue(entry),
  };
  const useCases = campaignUseCases(ports, {
    numberPerMinute: config.NUMBER_PER_MINUTE,
    sessionMarginSeconds: config.SESSION_MARGIN_SECONDS,
    retentionDays: config.RETENTION_DAYS,
    beside01: !config.PACK_MESSAGES,
  });
  return { ports, useCases };
}

/** The API: everything for campaigns except sending. */
export function wireCampaigns(functionName: string) {
  const stores = wireEntry(functionName);
  const table = tableOf(stores);
  const { ports, useCases } = wireUseCases(stores, table);
  const clientDirectory = { list: makeClientList(table) };
  const cursorKey = makeCursorKey(table, stores.random);
  return { stores, ...useCases, ...campaignReads({ ...ports, clientDirectory, cursorKey }) };
}

/** The tick. */
export function wireTick(functionName: string) {
  const entry = wireEntry(functionName);
  return wireUseCases(entry, tableOf(entry)).useCases.ticker;
}

/** The planner. */
export function wirePlanner(functionName: string) {
  const stores = wireEntry(functionName);
  const ports = wirePlanPorts(stores, tableOf(stores));
  const planner = makePlanner({ ...ports, sessionMarginSeconds: stores.config.SESSION_MARGIN_SECONDS });
  return { stores, planner };
}

/** Sends to one recipient, for the worker. */
export function wireRecipients(entry: Entry, table: Table, sendFlow: SendFlow) {
  const { NUMBER_PER_MINUTE, CAMPAIGN_PAUSE_AFTER } = entry.config;
  const settings = { numberPerMinute: NUMBER_PER_MINUTE, pauseAfterFailures: CAMPAIGN_PAUSE_AFTER };
  const ports = {
    ...entry,
    campaigns: makeCampaignStore(table),
    ledger: makeLedgerStore(table),
    rateLimits: makeRateLimitStore(table),
    failureStreaks: makeFailureStreakStore(table),
    objects: wireObjects(entry),
    campaignQueue: wireCampaignQueue(entry),
    sendFlow,
  };
  return recipientUseCases(ports, settings);
}
