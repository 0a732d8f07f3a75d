import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { type Frame, makeFramer } from './framer.ts';
import { type RawRow, RecipientsFault } from './recipient.ts';

type RecordFrame = Extract<Frame, { kind: 'record' }>;
interface Header {
  readonly names: readonly string[];
  readonly delimiter: string;
}

const DELIMITERS = [',', ';', '\t'];
const BREAKS = ['\r\n', '\n', '\r'];
const NEWLINE = Buffer.from('\n');
/** Starting csv-parse costs as much as some hundred rows, so it parses this many at once. */
const ROWS_AT_ONCE = 500;

/** Parses CSV with a header, block by block. The header determines the delimiter. */
export function makeCsvReader() {
  let header: Header | undefined;
  const framer = makeFramer((byte) =>
    (header ? [header.delimiter] : DELIMITERS).includes(String.fromCharCode(byte)),
  );

  function* rowsOf(frames: Iterable<Frame>): Iterable<RawRow> {
    let batch: RecordFrame[] = [];
    for (const frame of frames) {
      if (!header) {
        header = headerOf(frame);
        yield { kind: 'header', columns: header.names };
        continue;
      }
      if (frame.kind === 'record') batch.push(frame);
      if (frame.kind === 'record' && batch.length < ROWS_AT_ONCE) continue;
      yield* rowsIn(batch, header);
      batch = [];
      if (frame.kind !== 'record') yield unreadable(frame);
    }
    if (header) yield* rowsIn(batch, header);
  }

  return {
    read: (block: Buffer) => rowsOf(framer.frames(block)),
    *end(): Iterable<RawRow> {
      yield* rowsOf(framer.rest());
      if (!header) throw new RecipientsFault('the file is empty: its first line must name the columns');
    },
  };
}

function headerOf(frame: Frame): Header {
  if (frame.kind === 'long') throw new RecipientsFault('the header is longer than 32 KiB');
  if (frame.kind === 'unclosed') throw new RecipientsFault('a quote in the header is not closed');
  if (!isUtf8(frame.bytes)) throw new RecipientsFault('the file is not UTF-8');
  const readings = DELIMITERS.map((delimiter) => ({
    delimiter,
    cells: cellsOf([frame], delimiter)?.[0] ?? [],
  }));
  const best = readings.reduce((a, b) => (b.cells.length > a.cells.length ? b : a));
  if (best.cells.length === 0) throw new RecipientsFault('a quote in the header is misplaced');
  return { delimiter: best.delimiter, names: checkedNames(best.cells) };
}

/** Errors don't quote names: in a file without a header, the first row may contain a customer's number. */
function checkedNames(cells: readonly string[]): readonly string[] {
  const names = cells.map((cell) => cell.trim());
  const empty = names.indexOf('');
  if (empty >= 0) throw new RecipientsFault(`column ${empty + 1} of the header has no name`);
  const firsts = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    const first = firsts.get(name);
    if (first !== undefined)
      throw new RecipientsFault(`columns ${first + 1} and ${at + 1} of the header have the same name`);
    firsts.set(name, at);
  }
  return names;
}

/** csv-parse stops at the first fault. Halving the records finds the faulty ones. */
function* rowsIn(frames: readonly RecordFrame[], header: Header): Iterable<RawRow> {
  const [first] = frames;
  if (!first) return;
  const records = cellsOf(frames, header.delimiter);
  if (records) {
    for (const [n, { line }] of frames.entries()) yield rowOf(line, records[n] ?? [], header.names);
  } else if (frames.length > 1) {
    const half = Math.ceil(frames.length / 2);
    yield* rowsIn(frames.slice(0, half), header);
    yield* rowsIn(frames.slice(half), header);
  } else yield misread(first);
}

/** The cells of each record; undefined if a record is not UTF-8 or not valid CSV. */
function cellsOf(frames: readonly RecordFrame[], delimiter: string): string[][] | undefined {
  const bytes = Buffer.concat(frames.flatMap((frame) => [frame.bytes, NEWLINE]));
  if (!isUtf8(bytes)) return undefined;
  try {
    const records = parse(bytes, { delimiter, record_delimiter: BREAKS, relax_column_count: true });
    return records.length === frames.length ? records : undefined;
  } catch (fault) {
    if (fault instanceof CsvError) return undefined;
    throw fault;
  }
}

function rowOf(line: number, cells: readonly string[], names: readonly string[]): RawRow {
  if (cells.length !== names.length)
    return { kind: 'bad', line, reason: `has ${cells.length} cells where the header has ${names.length}` };
  return { kind: 'row', line, columns: Object.fromEntries(names.map((name, n) => [name, cells[n] ?? ''])) };
}

function misread({ line, lastLine, bytes }: RecordFrame): RawRow {
  if (!isUtf8(bytes)) return { kind: 'bad', line, reason: 'is not UTF-8' };
  const reach = lastLine > line ? `; the record extends to line ${lastLine}` : '';
  return { kind: 'bad', line, reason: `a quote is misplaced or not doubled${reach}` };
}

function unreadable({ kind, line }: Exclude<Frame, RecordFrame>): RawRow {
  const reason =
    kind === 'long' ? 'is longer than 32 KiB' : 'a quote is not closed; nothing was read from this line on';
  return { kind: 'bad', line, reason };
}
