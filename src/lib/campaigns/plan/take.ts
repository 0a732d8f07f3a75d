import type { Campaign } from '../campaign.ts';
import type { ObjectStore } from '../ports.ts';
import { RecipientsFault } from './recipient.ts';

const LARGEST_BATCH = 100;
/** A hundred lines of common length. A line may be as long as a row. */
const COMMON_READ = 32 * 1024;
const LONGEST_READ = 512 * 1024;

/**
 * The place of a campaign's next batch in its plan object: whole lines, at most a minute's share, at most a hundred.
 * Throws `RecipientsFault` if the plan is gone or shorter than its count.
 */
export async function takeRecipients(objects: ObjectStore, campaign: Campaign, share: number) {
  const { campaignId, cursor, plan, keepUntil } = campaign;
  if (!plan?.file) throw new RecipientsFault('the campaign has no plan');
  const { file, counts } = plan;
  const most = Math.min(LARGEST_BATCH, Math.max(1, Math.floor(share)), counts.total - cursor.row);
  const ref = { bucket: objects.bucket, key: file.key, etag: file.etag };
  for (const length of [COMMON_READ, LONGEST_READ]) {
    const bytes = await objects.readRange(ref, { offset: cursor.offset, length });
    const lines = wholeLines(bytes, most);
    if (lines.count === most || (lines.count > 0 && length === LONGEST_READ)) {
      return { campaignId, n: cursor.batch, first: cursor.row, offset: cursor.offset, keepUntil, ...lines };
    }
  }
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
