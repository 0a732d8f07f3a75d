import { type PhoneNumber, parsePhoneNumber } from '../../whatsapp/phone.ts';
import type { CampaignMessage, RejectedRow } from '../campaign.ts';
import type { PlannedRecipient } from '../ledger.ts';
import { placeholdersIn, render } from './placeholders.ts';
import { type RawRow, RecipientsFault } from './recipient.ts';

/** The limit of one campaign. */
const MOST_RECIPIENTS = 1_000_000;
/** The column with the recipient's number. */
const NUMBER_COLUMN = 'to';

/** The columns that the message's placeholders name. Placeholders are allowed in these three places. */
export function columnsOf({ text, data, template }: CampaignMessage): string[] {
  return placeholdersIn([text, data, template?.placeholders ?? []]);
}

/** The message for one recipient. */
export function personalised(
  message: CampaignMessage,
  columns: Readonly<Record<string, string>>,
): CampaignMessage {
  const { text, data, template } = message;
  const placeholders = template?.placeholders && render(template.placeholders, columns);
  return {
    ...message,
    text: render(text, columns),
    data: render(data, columns),
    ...(template ? { template: { ...template, placeholders } } : {}),
  };
}

type Judged = { readonly kind: 'accepted'; readonly recipient: PlannedRecipient } | RejectedRow;

/**
 * Judges the rows of one file, in order. `faultOf` returns why a recipient's own flow can't be sent. Throws
 * `RecipientsFault` if the whole file can't be used.
 */
export function makeRowJudge(
  wanted: readonly string[],
  faultOf: (recipient: PlannedRecipient) => string | undefined,
) {
  const seen = new Set<PhoneNumber>();

  return function judge({ line, columns }: Extract<RawRow, { kind: 'row' }>): Judged {
    const invalid = (reason: string) => ({ kind: 'invalid', line, reason }) as const;
    const missing = wanted.find((name) => !Object.hasOwn(columns, name));
    if (missing !== undefined) return invalid(`has no column ${missing}`);
    const to = parsePhoneNumber((columns[NUMBER_COLUMN] ?? '').trim());
    if (!to) return invalid(`column ${NUMBER_COLUMN} is not a valid phone number`);
    const used = Object.fromEntries(wanted.map((name) => [name, columns[name] ?? '']));
    const recipient = { line, to, columns: used };
    const fault = faultOf(recipient);
    if (fault !== undefined) return invalid(fault);
    if (seen.size === MOST_RECIPIENTS) {
      throw new RecipientsFault(`there are more than ${MOST_RECIPIENTS} recipients`);
    }
    if (seen.has(to)) return { kind: 'duplicate', line, reason: 'the number is already in an earlier row' };
    seen.add(to);
    return { kind: 'accepted', recipient };
  };
}

/** Refuses a table that lacks a column, before anything is sent. */
export function assertColumns(columns: readonly string[], wanted: readonly string[]): void {
  if (!columns.includes(NUMBER_COLUMN)) throw new RecipientsFault(`the file has no column ${NUMBER_COLUMN}`);
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new RecipientsFault(`the message uses columns that the file does not have: ${missing.join(', ')}`);
}
