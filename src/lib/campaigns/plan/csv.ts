import { isUtf8 } from 'node:buffer';
import { CsvError, parse } from 'csv-parse/sync';
import { type Frame, makeFramer } from './framer.ts';
import { type CsvHeader, type RawRow, RecipientsFault, type ResumePoint } from './recipient.ts';

type RecordFrame = Extract<Frame, { kind: 'record' }>;

const DELIMITERS = [',', ';', '\t', '|'];
/** A line before the header that tells Excel the delimiter, perhaps in quotes or padded with empty cells. */
const SEP_LINE = /^\s*"?sep=([^"]?)"?[;,|\s]*$/iu;
/** Blanks and invisible characters, which spreadsheets leave around names and in empty cells. */
const UNSEEN = String.raw`[\s\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069]`;
const EDGES = new RegExp(`^${UNSEEN}+|${UNSEEN}+$`, 'gu');
const EMPTY = new RegExp(`^${UNSEEN}*$`, 'u');
const BREAKS = ['\r\n', '\n', '\r'];
const NOT_TEXT =
  'the file is neither UTF-8 nor UTF-16 with a byte order mark: save it as "CSV UTF-8" or "Unicode text"';
const NEWLINE = Buffer.from('\n');
/** Starting csv-parse costs as much as some hundred rows, so it parses this many at once. */
const ROWS_AT_ONCE = 500;

/**
 * Parses CSV with a header, block by block. A line `sep=` or the header determines the delimiter. `from`: where the
 * first block begins, behind the header. `watch` sees each record as it is cut, before its row.
 */
export function makeCsvReader(from?: ResumePoint, watch: (frame: Frame) => void = () => undefined) {
  let header = from?.header;
  let delimiters: readonly string[] | undefined = header && [header.delimiter];
  const isSeparator = (byte: number) => (delimiters ?? DELIMITERS).includes(String.fromCharCode(byte));
  const framer = makeFramer(isSeparator, from?.place);

  function* rowsOf(frames: Iterable<Frame>): Iterable<RawRow> {
    let batch: RecordFrame[] = [];
    for (const frame of frames) {
      watch(frame);
      if (!header) {
        const given = delimiters ? undefined : delimiterIn(frame);
        header = given ? undefined : headerOf(frame, delimiters ?? DELIMITERS);
        delimiters = [given ?? header?.delimiter ?? ''];
        if (header)
          yield { kind: 'header', columns: header.names.filter((name) => name !== ''), csv: header };
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

/** The delimiter that a line `sep=` names; undefined if it is another line. */
function delimiterIn(frame: Frame): string | undefined {
  const [, delimiter] = (frame.kind === 'record' && SEP_LINE.exec(frame.bytes.toString())) || [];
  if (delimiter === undefined || DELIMITERS.includes(delimiter)) return delimiter;
  const known = 'a comma, a semicolon, a tab or |';
  throw new RecipientsFault(`line ${frame.line}, sep=, names a separator that can't be read: use ${known}`);
}

function headerOf(frame: Frame, delimiters: readonly string[]): CsvHeader {
  if (frame.kind === 'long') throw new RecipientsFault('the header is longer than 32 KiB');
  if (frame.kind === 'unclosed') throw new RecipientsFault('a quote in the header is not closed');
  if (!isUtf8(frame.bytes) || frame.bytes.includes(0)) throw new RecipientsFault(NOT_TEXT);
  const readings = delimiters.map((delimiter) => ({
    delimiter,
    names: (cellsOf([frame], delimiter)?.[0] ?? []).map((cell) => cell.replace(EDGES, '')),
  }));
  const named = ({ names }: CsvHeader) => names.filter((name) => name !== '').length;
  const best = readings.reduce((a, b) => (named(b) > named(a) ? b : a));
  if (best.names.length === 0) throw new RecipientsFault('a quote in the header is misplaced');
  assertUnique(best.names);
  return best;
}

/**
 * Errors don't quote names: in a file without a header, the first row may contain a customer's number. Spreadsheets
 * add columns without a name, which are of no use but do no harm while they are empty.
 */
function assertUnique(names: readonly string[]): void {
  const firsts = new Map<string, number>();
  for (const [at, name] of names.entries()) {
    if (name === '') continue;
    const first = firsts.get(name);
    if (first !== undefined)
      throw new RecipientsFault(`columns ${first + 1} and ${at + 1} of the header have the same name`);
    firsts.set(name, at);
  }
}

/** csv-parse stops at the first fault. Halving the records finds the faulty ones. */
function* rowsIn(frames: readonly RecordFrame[], header: CsvHeader): Iterable<RawRow> {
  const [first] = frames;
  if (!first) return;
  const records = cellsOf(frames, header.delimiter);
  if (records) {
    for (const [n, frame] of frames.entries()) yield* rowOf(frame, records[n] ?? [], header.names);
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

/** None for a row of empty cells, which spreadsheets leave behind the last one. */
function* rowOf(
  { line, end }: RecordFrame,
  cells: readonly string[],
  names: readonly string[],
): Iterable<RawRow> {
  if (cells.every(isEmpty)) return;
  const nameless = cells.findIndex((cell, n) => names[n] === '' && !isEmpty(cell));
  const least = names.findLastIndex((name) => name !== '') + 1;
  if (nameless >= 0) {
    const reason = `column ${nameless + 1} is not empty and has no name in the header: name it or empty it`;
    yield { kind: 'bad', line, reason, end };
  } else if (cells.length < least || !cells.slice(names.length).every(isEmpty)) {
    yield { kind: 'bad', line, reason: `has ${cells.length} cells where the header has ${least}`, end };
  } else {
    const columns = names.map((name, n) => [name, cells[n] ?? '']).filter(([name]) => name !== '');
    yield { kind: 'row', line, columns: Object.fromEntries(columns), end };
  }
}

const isEmpty = (cell: string) => EMPTY.test(cell);

function misread({ line, end, bytes }: RecordFrame): RawRow {
  if (!isUtf8(bytes)) return { kind: 'bad', line, reason: 'is not UTF-8', end };
  const reach = end.line > line ? `; the record extends to line ${end.line}` : '';
  return { kind: 'bad', line, reason: `a quote is misplaced or not doubled${reach}`, end };
}

function unreadable({ kind, line, end }: Exclude<Frame, RecordFrame>): RawRow {
  const reason =
    kind === 'long' ? 'is longer than 32 KiB' : 'a quote is not closed; nothing was read from this line on';
  return { kind: 'bad', line, reason, end };
}
