import type { TombstoneStore } from '../../sessions/ports.ts';
import type { PhoneNumber } from '../../whatsapp/phone.ts';
import type { Campaign } from '../campaign.ts';
import type { JobResult } from '../recipient-result.ts';

/** The result for a recipient who was erased after the recipients were put. */
export const ERASED: JobResult = {
  kind: 'settle',
  settlement: { outcome: 'opted-out', reason: 'was erased after the recipients were put' },
};

/** Was the person erased since the recipients were put? Then another file may name them, and this one sends nothing. */
export async function wasErased(
  tombstones: Pick<TombstoneStore, 'erasedAt'>,
  { message, plan }: Pick<Campaign, 'message' | 'plan'>,
  to: PhoneNumber,
): Promise<boolean> {
  const erasedAt = await tombstones.erasedAt({ business: message.from, customer: to });
  const since = plan?.sourceAt ?? plan?.plannedAt;
  return erasedAt !== undefined && since !== undefined && erasedAt >= since;
}
