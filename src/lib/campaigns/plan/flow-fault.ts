import { AppError } from '../../platform/errors.ts';
import { parseFlow } from '../../sending/contract.ts';
import type { Campaign, CampaignMessage } from '../campaign.ts';
import { type PlannedRecipient, recipientMessageId } from '../ledger.ts';
import { placeholdersIn } from './placeholders.ts';
import { personalised } from './row.ts';

/** Why a send would refuse the recipient's own flow, and the columns that it comes from; undefined if it would not. */
export function flowFault(
  campaign: Pick<Campaign, 'campaignId' | 'idKey' | 'message'>,
  { to, columns }: PlannedRecipient,
): string | undefined {
  const { message } = campaign;
  try {
    const messageId = recipientMessageId(campaign, to);
    parseFlow({ ...personalised(message, columns), to, messageId }, undefined);
    return undefined;
  } catch (fault) {
    if (!(fault instanceof AppError) || fault.code !== 'invalid-request') throw fault;
    return (fault.errors ?? [])
      .map(({ path, message: why }) => `${path} ${why}${source(message, path)}`)
      .join('; ');
  }
}

/** The columns that fill the field. */
function source(message: CampaignMessage, path: string): string {
  const field = path.split('.').reduce<unknown>((value, key) => Object(value)[key], message);
  const columns = placeholdersIn(field);
  if (columns.length === 0) return '';
  return ` (${columns.length === 1 ? 'column' : 'columns'} ${columns.join(', ')})`;
}
