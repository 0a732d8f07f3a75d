import { type Codec, instant, makeVersioned } from '../platform/dynamo-store.ts';
import type { Item, Table } from '../platform/dynamo-table.ts';
import type { Campaign, Plan, Planning } from './campaign.ts';
import type { CampaignId } from './campaign-id.ts';
import type { CampaignStore } from './ports.ts';

const PREFIX = 'campaign#';
const DUE = 'campaign';
/** The partition of the index of pairs in which campaigns are listed. */
const LISTED = 'campaigns';

const idOf = (pk: string) => pk.slice(PREFIX.length) as CampaignId;

export function makeCampaignStore(table: Table): CampaignStore {
  return {
    ...makeVersioned(table, campaignCodec),
    due: async (now, limit) => (await table.dueKeys(DUE, { upTo: now, limit })).map(({ pk }) => idOf(pk)),
    async list({ limit, after }) {
      const keys = await table.listed(LISTED, { limit, before: after });
      const last = keys.length === limit ? keys.at(-1) : undefined;
      return { ids: keys.map(({ pk }) => idOf(pk)), next: last?.stage };
    },
  };
}

type Dated = 'startAt' | 'expiresAt' | 'startedAt' | 'resumedAt' | 'nextRunAt' | 'dueAt';

/** A campaign's item: instants as epoch ms, the message as JSON text, the rest as it is. */
type Row = Omit<
  Campaign,
  | Dated
  | 'version'
  | 'nextScheduledAt'
  | 'aggregated'
  | 'campaignId'
  | 'createdAt'
  | 'changedAt'
  | 'message'
  | 'plan'
  | 'planning'
  | 'keepUntil'
> &
  Partial<Record<Dated, number>> & {
    readonly createdAt: number;
    readonly changedAt: number;
    readonly message: string;
    readonly plan?: Omit<Plan, 'plannedAt'> & { readonly plannedAt: number };
    readonly planning?: Omit<Planning, 'since'> & { readonly since: number };
    /** The stored words for `version`, `nextScheduledAt` and `aggregated`. */
    readonly turn: number;
    readonly slotAt?: number;
    readonly folded: number;
    readonly expires: number;
  };

export const campaignCodec: Codec<CampaignId, Campaign> = {
  pkOf: (id) => PREFIX + id,
  keyOf: (campaign) => campaign.campaignId,
  toItem: (campaign) => {
    const { campaignId, version, nextScheduledAt, aggregated, message, plan, planning, keepUntil, ...plain } =
      campaign;
    return {
      ...plain,
      startAt: campaign.startAt?.getTime(),
      expiresAt: campaign.expiresAt?.getTime(),
      turn: version,
      slotAt: nextScheduledAt?.getTime(),
      folded: aggregated,
      startedAt: campaign.startedAt?.getTime(),
      resumedAt: campaign.resumedAt?.getTime(),
      nextRunAt: campaign.nextRunAt?.getTime(),
      dueAt: campaign.dueAt?.getTime(),
      createdAt: campaign.createdAt.getTime(),
      changedAt: campaign.changedAt.getTime(),
      message: JSON.stringify(message),
      plan: plan && { ...plan, plannedAt: plan.plannedAt.getTime() },
      planning: planning && { ...planning, since: planning.since.getTime() },
      due: campaign.dueAt && DUE,
      pair: LISTED,
      stage: `${String(campaign.createdAt.getTime()).padStart(15, '0')}#${campaignId}`,
      expires: Math.ceil(keepUntil.getTime() / 1000),
    };
  },
  fromItem: (item) => {
    const {
      pk,
      turn,
      slotAt,
      folded,
      message,
      plan,
      planning,
      expires,
      due: _,
      pair: __,
      stage: ___,
      ...row
    } = item as Item & Row;
    return {
      ...row,
      campaignId: idOf(pk),
      message: JSON.parse(message) as Campaign['message'],
      plan: plan && { ...plan, plannedAt: new Date(plan.plannedAt) },
      planning: planning && { ...planning, since: new Date(planning.since) },
      createdAt: new Date(row.createdAt),
      changedAt: new Date(row.changedAt),
      startAt: instant(row.startAt),
      expiresAt: instant(row.expiresAt),
      version: turn,
      nextScheduledAt: instant(slotAt),
      aggregated: folded,
      startedAt: instant(row.startedAt),
      resumedAt: instant(row.resumedAt),
      nextRunAt: instant(row.nextRunAt),
      dueAt: instant(row.dueAt),
      keepUntil: new Date(expires * 1000),
    };
  },
};
