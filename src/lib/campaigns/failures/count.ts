import { mapEnded } from '../../platform/all-ended.ts';
import type { Clock } from '../../platform/ports.ts';
import { updateOrCreate, updateWithRetry } from '../../platform/update-with-retry.ts';
import type { CampaignId } from '../campaign-id.ts';
import type { CampaignStore, FailureStreakStore, LedgerStore } from '../ports.ts';
import { type FailureCause, failureStreakKey, lastSuccess, since, withFailure } from './streak.ts';

export interface CountFailuresDeps {
  readonly campaigns: CampaignStore;
  readonly ledger: LedgerStore;
  readonly failureStreaks: FailureStreakStore;
  readonly clock: Clock;
  /** After this many failures since the last success, a campaign pauses. */
  readonly pauseAfterFailures: number;
}

export type CountFailures = ReturnType<typeof makeCountFailures>;

const READ_AT_ONCE = 16;

export function makeCountFailures(deps: CountFailuresDeps) {
  const { campaigns, ledger, failureStreaks, clock, pauseAfterFailures: most } = deps;

  /** Counts a failure. Returns true if the campaign has had too many with this cause since its last success. */
  return async function isOneTooMany(campaignId: CampaignId, cause: FailureCause): Promise<boolean> {
    const campaign = (await campaigns.get(campaignId))?.value;
    if (campaign?.state !== 'running') return false;
    const key = failureStreakKey(campaignId, cause);
    const now = clock.now();
    const none = { key, times: [], keepUntil: campaign.keepUntil };
    let isCounted = false;
    // A full streak is not written: dozens of workers that fail together would keep each other from counting.
    const streak = await updateOrCreate(failureStreaks, key, none, (s) => {
      isCounted = s.times.length < most;
      return isCounted ? withFailure(s, now, most) : s;
    });
    if (streak.times.length < most) return false;
    const last = await lastSuccessOf(campaignId);
    if (last === undefined) return false;
    if (since(streak, last).times.length >= most) return true;
    const after = await updateWithRetry(failureStreaks, await failureStreaks.get(key), (s) => {
      const recent = since(s, last);
      return isCounted || recent.times.length >= most ? recent : withFailure(recent, now, most);
    });
    return after !== undefined && after.value.times.length >= most;
  };

  /** From the campaign and its open batches. A batch that is aggregated meanwhile still has its item. */
  async function lastSuccessOf(campaignId: CampaignId): Promise<Date | undefined> {
    const before = (await campaigns.get(campaignId))?.value;
    if (!before) return undefined;
    const { aggregated, cursor } = before;
    const open = Array.from({ length: cursor.batch - aggregated }, (_, k) => ({
      campaignId,
      n: aggregated + k,
    }));
    const batches = await mapEnded(open, (batch) => ledger.get(batch), { concurrency: READ_AT_ONCE });
    return lastSuccess(
      before,
      batches.filter((batch) => batch !== undefined),
    );
  }
}
