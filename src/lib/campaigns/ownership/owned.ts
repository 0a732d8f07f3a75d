import { type Caller, mayUseNumber } from '../../platform/caller.ts';
import { keyedId, keyedTag } from '../../platform/deterministic-id.ts';
import type { Campaign } from '../campaign.ts';
import { type CampaignId, LONGEST_CAMPAIGN_ID } from '../campaign-id.ts';

/*
 * The campaignIds of clients with a namespace, as `messages/namespaced.ts` has them for messages: inside LipaFlow their
 * campaigns have a key that no other client can compute. The item keeps the client's own id, and the API and the events
 * show it.
 */

/** The client that a campaign belongs to, and what the campaign keeps of the client's own ids. */
export type Owner = Pick<Campaign, 'clientId' | 'namespaceKey' | 'clientCampaignId' | 'clientParent'>;

/** The key of a client's campaignId. Without a namespace it is the campaignId itself. */
export function campaignKeyIn(namespaceKey: string | undefined, campaignId: CampaignId): CampaignId {
  // No id has a `#`, so no message has the same key.
  return namespaceKey === undefined
    ? campaignId
    : (keyedId(namespaceKey, `campaign#${campaignId}`) as CampaignId);
}

/** The owner of a campaign with this id of the client's own. */
export function ownerOf(
  { clientId, namespaceKey }: Pick<Caller, 'clientId' | 'namespaceKey'>,
  campaignId: CampaignId,
): Owner {
  return namespaceKey === undefined ? { clientId } : { clientId, namespaceKey, clientCampaignId: campaignId };
}

/** The campaignId as its client knows it. */
export function ownIdOf({
  campaignId,
  clientCampaignId,
}: Pick<Campaign, 'campaignId' | 'clientCampaignId'>): CampaignId {
  return clientCampaignId ?? campaignId;
}

/** The campaign with the schedule, as its client knows it. */
export function ownParentOf({
  parent,
  clientParent,
}: Pick<Campaign, 'parent' | 'clientParent'>): CampaignId | undefined {
  return clientParent ?? parent;
}

/**
 * May the caller see and change this campaign? A caller that sees all sees other clients' as far as its namespace and its
 * numbers reach; without a namespace, those of all namespaces.
 */
export function mayUse(campaign: Campaign, caller: Caller): boolean {
  const isOwn = campaign.clientId === caller.clientId && campaign.namespaceKey === caller.namespaceKey;
  const isInReach =
    caller.seesAll && (caller.namespaceKey === undefined || campaign.namespaceKey === caller.namespaceKey);
  return (isOwn || isInReach) && mayUseNumber(caller, campaign.message.from);
}

/**
 * The id, as its client knows it, of the run that a schedule creates for a time: `<campaignId>~<minute>~<tag>`. Another
 * client can't compute the tag. A schedule of version 0.1 has no key, and its runs have no tag, so that an upgrade repeats
 * none, until something else has the id of one (`runs/make-run.ts`).
 */
export function runIdOf(
  { idKey, spareKey, ...schedule }: Pick<Campaign, 'campaignId' | 'clientCampaignId' | 'idKey' | 'spareKey'>,
  at: Date,
): CampaignId {
  const campaignId = ownIdOf(schedule);
  const minute = at.toISOString().slice(0, 16).replace(/[-:]/g, '');
  const key = idKey ?? spareKey;
  if (key === undefined) return `${campaignId}~${minute}` as CampaignId;
  const suffix = `~${minute}~${keyedTag(key, `run:${minute}`)}`;
  return `${campaignId.slice(0, LONGEST_CAMPAIGN_ID - suffix.length)}${suffix}` as CampaignId;
}

/** Is this campaign a run that the schedule created, and nothing else that has its id? */
export function isRunOf(schedule: Campaign, run: Campaign): boolean {
  return (
    run.parent === schedule.campaignId &&
    run.clientId === schedule.clientId &&
    run.namespaceKey === schedule.namespaceKey
  );
}
