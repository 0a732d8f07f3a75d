import type { MessageId } from '../../messages/message.ts';
import { AppError } from '../../platform/errors.ts';
import type { Random } from '../../platform/ports.ts';
import { updateWithRetry } from '../../platform/update-with-retry.ts';
import type { PhoneNumber } from '../../whatsapp/phone.ts';
import type { Campaign } from '../campaign.ts';
import { recipientMessageId } from '../ledger.ts';
import type { CampaignStore } from '../ports.ts';

export interface SpareIdDeps {
  readonly campaigns: CampaignStore;
  readonly random: Pick<Random, 'key'>;
}

/**
 * Anyone can compute the recipients' messageIds of a campaign of 0.1, and another client may have claimed one. The recipient
 * then gets an id from a second key, which the campaign keeps, so that each try has the same one.
 */
export function makeSpareId({ campaigns, random }: SpareIdDeps) {
  /** The recipient's other id. Throws `fault`, with which the send under its own ended, if that is not why. */
  return async function spareId(campaign: Campaign, to: PhoneNumber, fault: unknown): Promise<MessageId> {
    const isTaken = fault instanceof AppError && fault.code === 'message-id-reused';
    if (!isTaken || campaign.idKey !== undefined) throw fault;
    const key = random.key();
    const kept = await updateWithRetry(campaigns, await campaigns.get(campaign.campaignId), (c) =>
      c.spareKey === undefined ? { ...c, spareKey: key } : c,
    );
    if (kept?.value.spareKey === undefined) throw fault;
    return recipientMessageId({ ...campaign, idKey: kept.value.spareKey }, to);
  };
}
