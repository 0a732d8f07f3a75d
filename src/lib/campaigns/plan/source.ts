import { type Campaign, hasEnded, type RecipientSource } from '../campaign.ts';
import type { ObjectStore } from '../ports.ts';

/**
 * Where a campaign's recipients are put. Those of a schedule are read again by each run, so they don't expire with
 * the rest (infra/bucket.yml): they are kept until the schedule has ended.
 */
export function sourceKey(
  { campaignId, schedule }: Pick<Campaign, 'campaignId' | 'schedule'>,
  name: string,
): string {
  return `${schedule ? 'schedules' : 'uploads'}/${campaignId}/${name}`;
}

/** Removes what was kept for a schedule that has ended. */
export async function forgetSource(
  objects: ObjectStore,
  campaign: Campaign & { readonly source?: RecipientSource | undefined },
): Promise<void> {
  const { schedule, source } = campaign;
  if (hasEnded(campaign) && schedule && source && source.given !== 's3') await objects.remove(source.key);
}
