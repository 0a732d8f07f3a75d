import { type Campaign, hasEnded, type RecipientSource } from '../campaign.ts';
import type { ObjectStore } from '../ports.ts';

/**
 * The key of a campaign's recipients. Each run of a schedule reads them again, so they don't expire like
 * other uploads (infra/bucket.yml): they are kept until the schedule has ended.
 */
export function sourceKey(
  { campaignId, schedule }: Pick<Campaign, 'campaignId' | 'schedule'>,
  name: string,
): string {
  return `${schedule ? 'schedules' : 'uploads'}/${campaignId}/${name}`;
}

/** Removes the recipients kept for a schedule that has ended. */
export async function forgetSource(
  objects: ObjectStore,
  campaign: Campaign & { readonly source?: RecipientSource | undefined },
): Promise<void> {
  const { schedule, source } = campaign;
  if (hasEnded(campaign) && schedule && source && source.given !== 's3') await objects.remove(source.key);
}
