import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { inPieces, type ReadRow, rowsOf } from '../../../support/recipients.ts';

const DELIMITERS = [',', ';', '\t'] as const;
const ALL_DELIMITERS = DELIMITERS.join('');
const BREAKS = ['\n', '\r\n', '\r'] as const;

/** Cells with everything that CSV needs quotes for. A first cell is never blank, because blank lines are skipped. */
const cell = fc.oneof(
  fc.string({ unit: 'grapheme', maxLength: 8 }),
  fc.stringMatching(/^[ab,;\t"\r\n]{0,8}$/),
);
const firstCell = cell.map((text) => `x${text}`);
const names = fc.uniqueArray(fc.stringMatching(/^[a-z][a-z"; ,]{0,6}[a-z]$/), { minLength: 1, maxLength: 5 });

const quoted = (text: string) => `"${text.replaceAll('"', '""')}"`;
const written = (text: string, special: string, always: boolean) =>
  always || new RegExp(`[${special}"\r\n]`).test(text) ? quoted(text) : text;

const tables = fc.record({
  names,
  rows: fc.array(fc.tuple(firstCell, fc.array(cell, { minLength: 4, maxLength: 4 }), fc.boolean()), {
    maxLength: 12,
  }),
  delimiter: fc.constantFrom(...DELIMITERS),
  lineBreak: fc.constantFrom(...BREAKS),
  size: fc.integer({ min: 1, max: 80 }),
  zip: fc.boolean(),
});
type Table = typeof tables extends fc.Arbitrary<infer T> ? T : never;

const cellsOf = ({ names: all, rows }: Table) =>
  rows.map(([first, others, always]) => ({ cells: [first, ...others].slice(0, all.length), always }));

/** The file, record by record. */
function recordsOf(table: Table): string[] {
  const { delimiter } = table;
  const head = table.names.map((name) => written(name, ALL_DELIMITERS, false)).join(delimiter);
  // A header with one column does not determine the delimiter.
  const special = table.names.length > 1 ? delimiter : ALL_DELIMITERS;
  const body = cellsOf(table).map(({ cells, always }) =>
    cells.map((text) => written(text, special, always)).join(delimiter),
  );
  return [head, ...body];
}

const breaksIn = (text: string) => (text.match(/\r\n|\r|\n/g) ?? []).length;

function expected(table: Table, records: readonly string[]): ReadRow[] {
  let line = 1;
  const starts = records.map((record) => {
    const start = line;
    line += breaksIn(record) + 1;
    return start;
  });
  const rows = cellsOf(table).map(
    ({ cells }, n): ReadRow => ({
      kind: 'row',
      line: starts[n + 1] ?? 0,
      columns: Object.fromEntries(table.names.map((name, at) => [name, cells[at] ?? ''])),
    }),
  );
  return [{ kind: 'header', columns: table.names }, ...rows];
}

const read = (file: string, { size, zip }: Pick<Table, 'size' | 'zip'>) =>
  rowsOf('csv', inPieces(zip ? gzipSync(file) : Buffer.from(file), size));

describe('any table, written as CSV', () => {
  it('is read as it was written, with the line of each record, in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(tables, async (table) => {
        const records = recordsOf(table);
        expect(await read(records.join(table.lineBreak), table)).toEqual(expected(table, records));
      }),
    );
  });

  it('loses nothing but a bad record, wherever it is', async () => {
    const broken = fc.constantFrom('x,"a"b', 'x"y', 'x;"a"b"', `x${'y'.repeat(33_000)}`, 'x\u0000"');
    await fc.assert(
      fc.asyncProperty(tables, broken, fc.nat(12), async (table, line, at) => {
        const records = recordsOf(table);
        const where = 1 + Math.min(at, records.length - 1);
        const rows = await read(records.toSpliced(where, 0, line).join(table.lineBreak), table);
        const whole = expected(table, records);
        const bare = (all: readonly ReadRow[]) =>
          all.map((one) => (one.kind === 'row' ? one.columns : one.kind));
        expect(bare(rows)).toEqual(bare(whole).toSpliced(where, 0, 'bad'));
      }),
    );
  });
});

describe('any bytes', () => {
  const noise = fc.oneof(
    fc.uint8Array({ maxLength: 200 }),
    fc.string({
      unit: fc.constantFrom('a', '"', ',', ';', '\n', '\r', '1', ' ', '\u00e9', '\0'),
      maxLength: 60,
    }),
  );
  const outcome = (format: 'csv' | 'jsonl', file: AsyncIterable<Uint8Array>) =>
    rowsOf(format, file).catch((fault: Error) => `${fault.name}: ${fault.message}`);

  it('are read the same in pieces of any size', async () => {
    await fc.assert(
      fc.asyncProperty(
        noise,
        fc.constantFrom('csv' as const, 'jsonl' as const),
        fc.integer({ min: 1, max: 9 }),
        async (bytes, format, size) => {
          const file = Buffer.concat([Buffer.from('to,name\n'), Buffer.from(bytes)]);
          expect(await outcome(format, inPieces(file, size))).toEqual(await outcome(format, inPieces(file)));
        },
      ),
      { numRuns: 500 },
    );
  });

  it('after a header are rows and bad rows in ascending lines, and never an exception', async () => {
    await fc.assert(
      fc.asyncProperty(noise, async (bytes) => {
        const rows = await rowsOf('csv', Buffer.concat([Buffer.from('to,name\n'), Buffer.from(bytes)]));
        const lines = rows.flatMap((row) => (row.kind === 'header' ? [] : [row.line]));
        expect(lines).toEqual([...new Set(lines)].toSorted((a, b) => a - b));
        expect(rows[0]).toEqual({ kind: 'header', columns: ['to', 'name'] });
      }),
      { numRuns: 500 },
    );
  });
});
