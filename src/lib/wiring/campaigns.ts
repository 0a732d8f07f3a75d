import { makeCampaignStore } from '../campaigns/dynamo-campaigns.ts';
import { makeLedgerStore } from '../campaigns/dynamo-ledger.ts';
import { makeRateLimitReads, makeRateLimitStore } from '../campaigns/dynamo-rate-limits.ts';
import { makeFailureStreakStore } from '../campaigns/failures/dynamo-failure-streaks.ts';
import { makePlanner } from '../campaigns/plan/plan.ts';
import { makeCampaignQueue, makePlanQueue } from '../campaigns/sqs-campaigns.ts';
import { makeClientList } from '../clients/dynamo-client-registry.ts';
import { makeErasureStore } from '../contacts/dynamo-erasures.ts';
import { makeResumeLost } from '../contacts/resume-erasure.ts';
import { makeCursorKey } from '../platform/dynamo-cursor-key.ts';
import type { Table } from '../platform/dynamo-table.ts';
import type { SendFlow } from '../sending/send-flow.ts';
import { makeErasedOptOutReads } from '../sessions/dynamo-erased-opt-outs.ts';
import { type ErasureMarkerReads, makeErasureMarkerReads } from '../sessions/dynamo-erasure-marker.ts';
import { makeSessionReads } from '../sessions/dynamo-sessions.ts';
import { makeTombstoneReads } from '../sessions/dynamo-tombstones.ts';
import { campaignReads, campaignUseCases, recipientUseCases } from './campaign-use-cases.ts';
import { erasureQueueOf, wireResumeErasure } from './erasures.ts';
import { wireObjects } from './objects.ts';
import { type Entry, sqsClient, tableOf, wireEntry, wireErasureKey } from './stores.ts';

function wirePlanPorts(entry: Entry, table: Table) {
  const marker = makeErasureMarkerReads(table, wireErasureKey(entry));
  return {
    ...entry,
    campaigns: makeCampaignStore(table),
    // For estimates: each send reads both again.
    sessions: makeSessionReads(table),
    erasedOptOuts: makeErasedOptOutReads(table, marker),
    tombstones: makeTombstoneReads(table, marker),
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

/** The planner, which also goes on with erasures: it has the bucket, and a quarter of an hour. */
export function wirePlanner(functionName: string) {
  const stores = wireEntry(functionName);
  const table = tableOf(stores);
  const ports = wirePlanPorts(stores, table);
  const planner = makePlanner({ ...ports, sessionMarginSeconds: stores.config.SESSION_MARGIN_SECONDS });
  return { stores, planner, resumeErasure: wireResumeErasure(stores, table, ports.objects) };
}

/** The campaigns' tick, which also looks after erasures. */
export function wireTick(functionName: string) {
  const entry = wireEntry(functionName);
  const table = tableOf(entry);
  const { ticker } = wireUseCases(entry, table).useCases;
  const erasures = makeErasureStore(table);
  return { ticker, resumeLost: makeResumeLost({ ...entry, erasures, erasureQueue: erasureQueueOf(entry) }) };
}

/** Sends to one recipient, for the worker. */
export function wireRecipients(
  entry: Entry & { readonly marker: ErasureMarkerReads },
  table: Table,
  sendFlow: SendFlow,
) {
  const { NUMBER_PER_MINUTE, CAMPAIGN_PAUSE_AFTER } = entry.config;
  const settings = { numberPerMinute: NUMBER_PER_MINUTE, pauseAfterFailures: CAMPAIGN_PAUSE_AFTER };
  const ports = {
    ...entry,
    campaigns: makeCampaignStore(table),
    ledger: makeLedgerStore(table),
    rateLimits: makeRateLimitStore(table),
    failureStreaks: makeFailureStreakStore(table),
    tombstones: makeTombstoneReads(table, entry.marker),
    objects: wireObjects(entry),
    campaignQueue: wireCampaignQueue(entry),
    sendFlow,
  };
  return recipientUseCases(ports, settings);
}
