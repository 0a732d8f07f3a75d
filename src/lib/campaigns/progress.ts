import type { Campaign } from './campaign.ts';
import { type LedgerBatch, sumOf } from './ledger.ts';

/* How far a campaign is: what it has taken out of its plan, and what of that is settled and counted. */

const REASONS_LIMIT = 20;
/** Shares are fractions: one that is less by a hair is the same. */
const NOTABLY_LESS = 0.99;

/**
 * With its share of the number's pace. The slots of the next minute and a half are given away already; where the
 * share is less than they were made for, all that is pending gets new ones, as after a pause.
 */
export function withShare(campaign: Campaign, share: number, now: Date): Campaign {
  if (campaign.share === share) return campaign;
  const isSlowed = campaign.share !== undefined && share < NOTABLY_LESS * campaign.share;
  return isSlowed ? { ...campaign, share, resumedAt: now, slotAt: now } : { ...campaign, share };
}

/** The campaign with a batch taken out of its plan, and its slots given away. */
export function withBatch(
  campaign: Campaign,
  taken: { rows: number; bytes: number; slotAt: Date },
): Campaign {
  const { row, offset, batch } = campaign.cursor;
  const cursor = { row: row + taken.rows, offset: offset + taken.bytes, batch: batch + 1 };
  return { ...campaign, cursor, slotAt: taken.slotAt };
}

/** The campaign with a complete batch in its totals; each batch once, in order. */
export function withFolded(campaign: Campaign, batch: LedgerBatch): Campaign {
  if (batch.n !== campaign.folded || batch.pending.length > 0) return campaign;
  const reasons = { ...campaign.reasons };
  for (const { reason } of Object.values(batch.outcomes)) {
    if (reason === undefined) continue;
    const known = Object.hasOwn(reasons, reason) || Object.keys(reasons).length < REASONS_LIMIT;
    const name = known ? reason : 'other';
    reasons[name] = (Object.hasOwn(reasons, name) ? (reasons[name] ?? 0) : 0) + 1;
  }
  return { ...campaign, folded: campaign.folded + 1, totals: sumOf(campaign.totals, batch.counts), reasons };
}
