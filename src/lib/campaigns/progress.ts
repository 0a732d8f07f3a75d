import type { Campaign } from './campaign.ts';
import { type LedgerBatch, sumOf } from './ledger.ts';

/* Progress of a campaign: what was taken from the plan, and what of it is settled and counted. */

const REASONS_LIMIT = 20;
/** Tolerance for shares, which are fractions. */
const NOTABLY_LESS = 0.99;

/**
 * The campaign with its new share of the number's rate. The next 90 seconds are already scheduled. If the
 * share drops, everything pending is scheduled again, as after a pause.
 */
export function withShare(campaign: Campaign, share: number, now: Date): Campaign {
  if (campaign.share === share) return campaign;
  const isSlowed = campaign.share !== undefined && share < NOTABLY_LESS * campaign.share;
  return isSlowed ? { ...campaign, share, resumedAt: now, nextScheduledAt: now } : { ...campaign, share };
}

/** The campaign with a batch taken from its plan and scheduled. */
export function withBatch(
  campaign: Campaign,
  taken: { rows: number; bytes: number; nextScheduledAt: Date },
): Campaign {
  const { row, offset, batch } = campaign.cursor;
  const cursor = { row: row + taken.rows, offset: offset + taken.bytes, batch: batch + 1 };
  return { ...campaign, cursor, nextScheduledAt: taken.nextScheduledAt };
}

/** The campaign with a complete batch added to its totals; each batch once, in order. */
export function withAggregated(campaign: Campaign, batch: LedgerBatch): Campaign {
  if (batch.n !== campaign.aggregated || batch.pending.length > 0) return campaign;
  const reasons = { ...campaign.reasons };
  for (const { reason } of Object.values(batch.outcomes)) {
    if (reason === undefined) continue;
    const known = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < REASONS_LIMIT;
    const name = known ? reason : 'other';
    reasons[name] = (Object.hasOwn(reasons, name) ? (reasons[name] ?? 0) : 0) + 1;
  }
  return {
    ...campaign,
    aggregated: campaign.aggregated + 1,
    totals: sumOf(campaign.totals, batch.counts),
    reasons,
    ...lastSent(campaign, batch),
  };
}

/** The later of both, if there is one. */
function lastSent(...both: readonly Pick<LedgerBatch, 'lastSentAt'>[]): Pick<Campaign, 'lastSentAt'> {
  const times = both.flatMap(({ lastSentAt }) => (lastSentAt ? [lastSentAt.getTime()] : []));
  return times.length > 0 ? { lastSentAt: new Date(Math.max(...times)) } : {};
}
