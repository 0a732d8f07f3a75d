import type { Campaign } from '../campaign.ts';
import type { ObjectStore } from '../ports.ts';
import { partAt } from './figures.ts';
import { RecipientsFault } from './recipient.ts';

const LARGEST_BATCH = 100;
/** A hundred lines of common length. A line may be as long as a row. */
const COMMON_READ = 32 * 1024;
const LONGEST_READ = 512 * 1024;

/**
 * The place of a campaign's next batch in its plan: whole lines of one part, at most a minute's share, at most a hundred.
 * Throws `RecipientsFault` if the plan is gone or shorter than its count.
 */
export async function takeRecipients(objects: ObjectStore, campaign: Campaign, share: number) {
  const { campaignId, cursor, plan, keepUntil } = campaign;
  if (!plan?.parts) throw new RecipientsFault('the campaign has no plan');
  const most = Math.min(LARGEST_BATCH, Math.max(1, Math.floor(share)), plan.counts.total - cursor.row);
  const { part, offset } = partAt(plan.parts, cursor.offset) ?? endOfPlan();
  const ref = { bucket: objects.bucket, key: part.key, etag: part.etag };
  for (const length of [COMMON_READ, LONGEST_READ]) {
    const bytes = await objects.readRange(ref, { offset, length });
    const lines = wholeLines(bytes, most);
    const isEnough = lines.count === most || offset + lines.length === part.bytes || length === LONGEST_READ;
    if (lines.count > 0 && isEnough) {
      return { campaignId, n: cursor.batch, first: cursor.row, offset: cursor.offset, keepUntil, ...lines };
    }
  }
  return endOfPlan();
}

function endOfPlan(): never {
  throw new RecipientsFault('the plan file ends before its last recipient');
}

/** The first `most` complete lines, and their length in bytes. */
function wholeLines(bytes: Buffer, most: number): { count: number; length: number } {
  let [count, length] = [0, 0];
  while (count < most) {
    const end = bytes.indexOf('\n', length);
    if (end < 0) break;
    count += 1;
    length = end + 1;
  }
  return { count, length };
}
