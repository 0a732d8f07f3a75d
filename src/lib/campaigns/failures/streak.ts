import { createHash } from 'node:crypto';
import type { Campaign } from '../campaign.ts';
import type { CampaignId } from '../campaign-id.ts';
import type { LedgerBatch } from '../ledger.ts';

/*
 * A campaign's failures since its last success. A streak is a separate item, written only when a recipient fails, so a
 * successful send costs no extra write. The time of a success is stored in the batch, by the write that settles the
 * recipient anyway. Once a streak is long enough, its failures older than the last success are dropped. Any number of
 * workers may count, in any order, and the count is exact as far as their clocks agree.
 */

/** What the failures have in common: the operator's trouble, or the words of LipaChat's refusal. */
export type FailureCause =
  | { readonly kind: 'operator' }
  | { readonly kind: 'refused'; readonly words: string };

export interface FailureStreak {
  readonly key: FailureStreakKey;
  /** When the latest failures happened, the oldest first; no more than the campaign may have. */
  readonly times: readonly Date[];
  readonly keepUntil: Date;
}

export type FailureStreakKey = string & { readonly brand: 'FailureStreakKey' };

/** One streak per campaign and cause. The words are hashed because they may be long and may name a person. */
export function failureStreakKey(campaignId: CampaignId, cause: FailureCause): FailureStreakKey {
  const name =
    cause.kind === 'operator' ? cause.kind : createHash('sha256').update(cause.words).digest('base64url');
  return `${campaignId}#${name}` as FailureStreakKey;
}

export function withFailure(streak: FailureStreak, at: Date, most: number): FailureStreak {
  return { ...streak, times: [...streak.times, at].slice(-most) };
}

/** The streak without its failures up to `lastSuccess`. */
export function since(streak: FailureStreak, lastSuccess: Date): FailureStreak {
  const times = streak.times.filter((at) => at > lastSuccess);
  return times.length === streak.times.length ? streak : { ...streak, times };
}

/** The campaign's last success, or when it last began to run: failures before a resume no longer count. */
export function lastSuccess(campaign: Campaign, open: readonly LedgerBatch[]): Date {
  const times = [campaign.lastSentAt, ...open.map(({ lastSentAt }) => lastSentAt)];
  return times.reduce<Date>((last, at) => (at && at > last ? at : last), campaign.changedAt);
}
