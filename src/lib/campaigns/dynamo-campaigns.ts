import { mapEnded } from '../platform/all-ended.ts';
import { itemCodec, makeRead, makeVersioned, prefixed, record } from '../platform/dynamo-codec.ts';
import { as, type FieldCodec, instant, json, plain, seconds } from '../platform/dynamo-fields.ts';
import type { Reads, Table } from '../platform/dynamo-table.ts';
import type { Campaign, Planning } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import type { Plan, PlanPart } from './plan/figures.ts';
import type { CampaignStore } from './ports.ts';

const DUE = 'campaign';
/** The partition of the index of pairs in which version 0.1 lists campaigns. */
const LISTED_OF_01 = 'campaigns';
/** Partitions are read at the same time. */
const LISTS_AT_ONCE = 16;

/** A campaign stays where it is listed first. Without `idKey` it is of 0.1, or 0.1 may come back. */
const partitionOf = (clientId: string) => `${LISTED_OF_01}#${clientId}`;

const { pkOf, idIn } = prefixed<CampaignId>('campaign#');

/** For an erasure, which changes no campaign. */
export function makeCampaignReads(table: Reads): Pick<CampaignStore, 'get' | 'due'> {
  return {
    ...makeRead(table, campaignCodec),
    due: async (now, limit) => (await table.dueKeys(DUE, { upTo: now, limit })).map(({ pk }) => idIn(pk)),
  };
}

export function makeCampaignStore(table: Table): CampaignStore {
  return {
    ...makeCampaignReads(table),
    ...makeVersioned(table.owning('campaign#'), campaignCodec),
    async list(clientIds, { limit, after }) {
      const partitions = [LISTED_OF_01, ...clientIds.map(partitionOf)];
      const read = (partition: string) => table.listed(partition, { limit, before: after });
      const found = (await mapEnded(partitions, read, { concurrency: LISTS_AT_ONCE })).flat();
      const newest = found.sort((a, b) => (a.stage > b.stage ? -1 : 1)).slice(0, limit);
      return newest.map(({ pk, stage }) => ({ id: idIn(pk), place: stage }));
    },
  };
}

/**
 * A plan as it is stored. `file` and `rejectedKey` are the form of a single part, and the only one that releases before
 * plans in parts know: a plan of one part keeps it, so that they can read it too.
 */
interface StoredPlan extends Plan {
  readonly file?: PlanPart | undefined;
  readonly rejectedKey?: string | undefined;
}

const storedPlan = record<StoredPlan>({
  planId: plain,
  file: plain,
  parts: plain,
  rejectedKey: plain,
  rejectedKeys: plain,
  sourceEtag: plain,
  sourceAt: instant,
  plannedAt: instant,
  counts: plain,
  rejected: plain,
  rejectedKept: plain,
  possibleDuplicates: plain,
  price: plain,
});

const planField: FieldCodec<Plan> = {
  encode({ parts, rejectedKeys, ...plan }) {
    const [file, ...others] = parts ?? [];
    const [rejectedKey, ...moreKeys] = rejectedKeys ?? [];
    if (!file || others.length > 0 || moreKeys.length > 0)
      return storedPlan.encode({ ...plan, parts, rejectedKeys });
    return storedPlan.encode({ ...plan, file, rejectedKey });
  },
  decode(item) {
    const { file, rejectedKey, ...plan } = storedPlan.decode(item);
    if (!file) return plan;
    return { ...plan, parts: [file], rejectedKeys: rejectedKey === undefined ? [] : [rejectedKey] };
  },
};

export const campaignCodec = itemCodec<Campaign, 'campaignId'>({
  key: 'campaignId',
  pkOf,
  idIn,
  fields: {
    name: plain,
    message: json,
    perMinute: plain,
    startAt: instant,
    schedule: plain,
    expiresAt: instant,
    clientId: plain,
    namespaceKey: plain,
    clientCampaignId: as('own', plain),
    fingerprint: plain,
    idKey: plain,
    spareKey: plain,
    source: plain,
    state: plain,
    reason: plain,
    version: as('turn', plain),
    autoStart: plain,
    parent: plain,
    clientParent: as('ownParent', plain),
    planning: record<Planning>({
      planId: plain,
      dryRun: plain,
      since: instant,
      rows: plain,
      tries: plain,
      checkpoint: plain,
    }),
    plan: planField,
    cursor: plain,
    nextScheduledAt: as('slotAt', instant),
    share: plain,
    aggregated: as('folded', plain),
    totals: plain,
    reasons: plain,
    lastSentAt: instant,
    createdAt: instant,
    changedAt: instant,
    startedAt: instant,
    resumedAt: instant,
    nextRunAt: instant,
    dueAt: instant,
    retentionDays: plain,
    keepUntil: as('expires', seconds),
  },
  derived: {
    due: ({ dueAt }) => dueAt && DUE,
    pair: ({ idKey, clientId }) => (idKey === undefined ? LISTED_OF_01 : partitionOf(clientId)),
    stage: ({ createdAt, campaignId }) => `${String(createdAt.getTime()).padStart(15, '0')}#${campaignId}`,
  },
});
