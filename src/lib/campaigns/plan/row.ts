import { MAY_HAVE_TWIN, twinOf } from '../../whatsapp/twin-numbers.ts';
import type { CampaignMessage } from '../campaign.ts';
import type { PlannedRecipient } from '../ledger.ts';
import type { RejectedRow } from './figures.ts';
import { readNumberCell } from './number-cell.ts';
import { placeholdersIn, render } from './placeholders.ts';
import { NUMBER_COLUMN, type RawRow, RecipientsFault } from './recipient.ts';
import type { SeenNumbers } from './seen-numbers.ts';

/** The limit of one campaign. */
export const MOST_RECIPIENTS = 5_000_000;

type Row = Pick<Extract<RawRow, { kind: 'row' }>, 'line' | 'columns'>;

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
 * Judges the rows of one file, in order. `seen` has the numbers of the rows accepted so far, and gets the new ones.
 * `faultOf` returns why a recipient's own flow can't be sent. Throws `RecipientsFault` if the whole file can't be used.
 */
export function makeRowJudge(
  wanted: readonly string[],
  seen: SeenNumbers,
  faultOf: (recipient: PlannedRecipient) => string | undefined,
) {
  return function judge({ line, columns }: Row): Accepted | RejectedRow {
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
    if (seen.size() === MOST_RECIPIENTS) {
      throw new RecipientsFault(`there are more than ${MOST_RECIPIENTS} recipients`);
    }
    if (seen.lineOf(to) !== undefined)
      return { kind: 'duplicate', line, reason: 'the number is already in an earlier row' };
    seen.add(to, line);
    const twin = MAY_HAVE_TWIN.test(to) ? twinOf(to) : undefined;
    return { kind: 'accepted', recipient, twinLine: twin && seen.lineOf(twin) };
  };
}

/** Refuses a table that lacks a column, before anything is sent. */
export function assertColumns(columns: readonly string[], wanted: readonly string[]): void {
  if (!columns.includes(NUMBER_COLUMN)) throw new RecipientsFault(`the file has no column ${NUMBER_COLUMN}`);
  const missing = wanted.filter((name) => !columns.includes(name));
  if (missing.length === 0) return;
  throw new RecipientsFault(`the message uses columns that the file does not have: ${missing.join(', ')}`);
}

/** The columns that no row had so far. */
export interface ColumnsFound {
  readonly missing: readonly string[];
  readonly rows: number;
}

/** JSON Lines have no header: a column is missing if no row has it. `from`: what earlier rows had. */
export function makeColumnWatch(
  wanted: readonly string[],
  from: ColumnsFound = { missing: [NUMBER_COLUMN, ...wanted], rows: 0 },
) {
  const missing = new Set(from.missing);
  let { rows } = from;
  return {
    note({ columns }: Row): void {
      rows += 1;
      for (const name of missing) if (Object.hasOwn(columns, name)) missing.delete(name);
    },
    found: (): ColumnsFound => ({ missing: [...missing], rows }),
    /** Throws `RecipientsFault` if every row lacks a column. */
    assertAll(): void {
      if (rows === 0 || missing.size === 0) return;
      throw new RecipientsFault(`no recipient has these columns of the message: ${[...missing].join(', ')}`);
    },
  };
}
