import type { PhoneNumber } from '../../whatsapp/phone.ts';
import { MAY_HAVE_TWIN, twinOf } from '../../whatsapp/twin-numbers.ts';
import type { CampaignMessage } from '../campaign.ts';
import type { PlannedRecipient } from '../ledger.ts';
import type { RejectedRow } from './figures.ts';
import { readNumberCell } from './number-cell.ts';
import { placeholdersIn, render } from './placeholders.ts';
import { NUMBER_COLUMN, type RawRow, RecipientsFault } from './recipient.ts';

/** The limit of one campaign. */
const MOST_RECIPIENTS = 1_000_000;

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

export interface Accepted {
  readonly kind: 'accepted';
  readonly recipient: PlannedRecipient;
  /** The line of an earlier row that may be the same person, under another spelling of the number. */
  readonly twinLine?: number | undefined;
}

/**
 * Judges the rows of one file, in order. `faultOf` returns why a recipient's own flow can't be sent. Throws
 * `RecipientsFault` if the whole file can't be used.
 */
export function makeRowJudge(
  wanted: readonly string[],
  faultOf: (recipient: PlannedRecipient) => string | undefined,
) {
  /** The lines of the accepted numbers. */
  const seen = new Map<number | PhoneNumber, number>();

  return function judge({ line, columns }: Extract<RawRow, { kind: 'row' }>): Accepted | RejectedRow {
    const invalid = (reason: string) => ({ kind: 'invalid', line, reason }) as const;
    const missing = [NUMBER_COLUMN, ...wanted].find((name) => !Object.hasOwn(columns, name));
    if (missing !== undefined) return invalid(`has no column ${missing}`);
    const cell = readNumberCell(columns[NUMBER_COLUMN] ?? '');
    if ('fault' in cell) return invalid(`column ${NUMBER_COLUMN} ${cell.fault}`);
    const to = cell.number;
    const used = Object.fromEntries(wanted.map((name) => [name, columns[name] ?? '']));
    const recipient = { line, to, columns: used };
    const fault = faultOf(recipient);
    if (fault !== undefined) return invalid(fault);
    if (seen.size === MOST_RECIPIENTS) {
      throw new RecipientsFault(`there are more than ${MOST_RECIPIENTS} recipients`);
    }
    if (seen.has(keyOf(to)))
      return { kind: 'duplicate', line, reason: 'the number is already in an earlier row' };
    seen.set(keyOf(to), line);
    const twin = MAY_HAVE_TWIN.test(to) ? twinOf(to) : undefined;
    return { kind: 'accepted', recipient, twinLine: twin && seen.get(keyOf(twin)) };
  };
}

/** A million numbers take less memory than the same digits as strings. A double holds any 15 digits. */
const keyOf = (number: PhoneNumber) => (number.length <= 15 ? Number(number) : number);

/** Refuses a table that lacks a column, before anything is sent. */
export function assertColumns(columns: readonly string[], wanted: readonly string[]): void {
  if (!columns.includes(NUMBER_COLUMN)) throw new RecipientsFault(`the file has no column ${NUMBER_COLUMN}`);
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new RecipientsFault(`the message uses columns that the file does not have: ${missing.join(', ')}`);
}

/** JSON Lines have no header: a column is missing if no row has it. */
export function makeColumnWatch(wanted: readonly string[]) {
  const missing = new Set([NUMBER_COLUMN, ...wanted]);
  let rows = 0;
  return {
    note({ columns }: Extract<RawRow, { kind: 'row' }>): void {
      rows += 1;
      for (const name of missing) if (Object.hasOwn(columns, name)) missing.delete(name);
    },
    /** Throws `RecipientsFault` if every row lacks a column. */
    assertAll(): void {
      if (rows === 0 || missing.size === 0) return;
      throw new RecipientsFault(`no recipient has these columns of the message: ${[...missing].join(', ')}`);
    },
  };
}
