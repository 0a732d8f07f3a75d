/** Reading goes on behind any record as if it had never stopped. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readRows } from '../../../../src/lib/campaigns/plan/read-rows.ts';
import type { RawRow, ResumePoint } from '../../../../src/lib/campaigns/plan/recipient.ts';
import { inPieces } from '../../../support/recipients.ts';

const FORMS: Record<string, (text: string) => Buffer> = {
  'UTF-8': (text) => Buffer.from(text),
  'UTF-8 with a mark': (text) => Buffer.from(`\ufeff${text}`),
  'UTF-16': (text) => Buffer.from(`\ufeff${text}`, 'utf16le'),
  'UTF-16, big-endian': (text) => Buffer.from(`\ufeff${text}`, 'utf16le').swap16(),
  gzip: (text) => gzipSync(text),
  'UTF-16 by gzip': (text) => gzipSync(Buffer.from(`\ufeff${text}`, 'utf16le')),
};

const breaks = ['\n', '\r', '\r\n', '\n\r', '\r\r\n', '\n\n'];
const token = fc.oneof(
  { weight: 20, arbitrary: fc.constantFrom(...breaks) },
  { weight: 15, arbitrary: fc.constantFrom(',', ';', '"', '""', '"a\r\nb"', '"a,\n""b"', ' ', 'x"', '"x"y') },
  {
    weight: 15,
    arbitrary: fc.constantFrom('254700000001', 'Asha', 'é', '😀', '\ud83d', '\0', '{"to":"1"}', '{'),
  },
  { weight: 1, arbitrary: fc.constantFrom('y'.repeat(33_000), `"${'z\n'.repeat(17_000)}"`) },
);
const files = fc.record({
  format: fc.constantFrom('csv' as const, 'jsonl' as const),
  start: fc.constantFrom('to,name', 'sep=;\r\n"to";"na\nme"', '\r\n\nto;', 'to'),
  lineBreak: fc.constantFrom(...breaks),
  tokens: fc.array(token, { maxLength: 25 }),
  form: fc.constantFrom(...Object.keys(FORMS)),
  size: fc.constantFrom(1, 3, 1_000, 70_000),
});
type File = typeof files extends fc.Arbitrary<infer F> ? F : never;

async function rowsOf({ format, start, lineBreak, tokens, form, size }: File, from?: ResumePoint) {
  const text = [...(format === 'csv' ? [start, lineBreak] : []), ...tokens].join('');
  const bytes = FORMS[form]?.(text) ?? Buffer.alloc(0);
  // Small pieces of a long text would take long.
  const pieces = inPieces(bytes, text.length > 30_000 ? 70_000 : size);
  const rows: RawRow[] = [];
  for await (const row of readRows(pieces, { format, size: Number.POSITIVE_INFINITY }, from)) rows.push(row);
  return rows;
}

describe('the place of any row', () => {
  it('is where a later reading goes on: with the same rows, lines, reasons and places', async () => {
    let resumed = 0;
    await fc.assert(
      fc.asyncProperty(files, fc.nat(), async (file, seed) => {
        const all = await rowsOf(file).catch(() => []);
        const [header] = all.flatMap((row) => (row.kind === 'header' ? [row.csv] : []));
        const rows = all.flatMap((row) => (row.kind === 'header' ? [] : [row]));
        const [last] = rows.slice(-1);
        // Some place, and the last one.
        for (const row of [rows[seed % Math.max(1, rows.length)], last]) {
          if (!row) continue;
          resumed += 1;
          const rest = await rowsOf(file, { place: row.end, header });
          expect(rest).toEqual(rows.slice(rows.indexOf(row) + 1));
        }
      }),
      { numRuns: 400 },
    );
    expect(resumed).toBeGreaterThan(300);
  });
});
