/** The CSV of recipients, as a spreadsheet opens it. */
import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import type { RecipientView } from '../../../src/lib/campaigns/report.ts';
import { recipientsResponse } from '../../../src/lib/campaigns/responses.ts';

const row: RecipientView = {
  line: 2,
  to: '254717746565',
  messageId: 'm-1',
  status: 'failed',
  reason: 'none',
};
const csvOf = (fields: Partial<Record<keyof RecipientView, string>>): string => {
  // A later release may let a foreign text into any column.
  const items = [{ ...row, ...fields } as RecipientView];
  return String(recipientsResponse({ items, next: null }, { accept: 'text/csv' }).body);
};

const COLUMNS = ['line', 'to', 'messageId', 'status', 'reason'] as const;
const STARTS = ['=', '+', '-', '@', '\t', '\r', '＝', '＋', '－', '＠'];

describe('a cell of the CSV', () => {
  it.each(COLUMNS.flatMap((column) => STARTS.map((start) => [column, start] as const)))(
    'in column %s that begins with %j is a quoted text, and no formula',
    (column, start) => {
      const csv = csvOf({ [column]: `${start}HYPERLINK("https://evil.example","x")` });
      expect(csv).toContain(`"'${start}HYPERLINK(`);
      const [, cells = []] = parse(csv);
      expect(cells[COLUMNS.indexOf(column)]).toBe(`'${start}HYPERLINK("https://evil.example","x")`);
    },
  );

  it.each(STARTS)('that has %j after a quote or a line break begins with a quote, too', (start) => {
    for (const before of ['"', '\n', '",'])
      expect(csvOf({ reason: `${before}${start}1+1` })).toContain(
        `,"${before.replace('"', '""')}${start}1+1"`,
      );
  });

  it('stays as it is if it begins with anything else', () => {
    const [, cells] = parse(csvOf({ reason: '131026: not on WhatsApp, a=b' }));
    expect(cells).toEqual(['2', '254717746565', 'm-1', 'failed', '131026: not on WhatsApp, a=b']);
  });
});
