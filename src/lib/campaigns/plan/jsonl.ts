import { isUtf8 } from 'node:buffer';
import { MAY_BE_ROUNDED, parseExactJson } from '../../platform/exact-json.ts';
import { type Frame, makeFramer } from './framer.ts';
import { NUMBER_COLUMN, type RawRow, type ResumePoint } from './recipient.ts';

/**
 * Parses JSON Lines, block by block, one object per line. The keys of the first readable object are the header. `from`:
 * where the first block begins, if not at the start of the file. `watch` sees each record as it is cut, before its row.
 */
export function makeJsonlReader(from?: ResumePoint, watch: (frame: Frame) => void = () => undefined) {
  let hasHeader = from !== undefined;
  // JSON strings contain no line breaks, so the framer can ignore quotes.
  const framer = makeFramer(() => false, from?.place);

  function* rowsOf(frames: Iterable<Frame>): Iterable<RawRow> {
    for (const frame of frames) {
      watch(frame);
      const row = rowOf(frame);
      if (row.kind === 'row' && !hasHeader) {
        hasHeader = true;
        yield { kind: 'header', columns: Object.keys(row.columns) };
      }
      yield row;
    }
  }

  return {
    read: (block: Buffer) => rowsOf(framer.frames(block)),
    *end(): Iterable<RawRow> {
      yield* rowsOf(framer.rest());
      if (!hasHeader) yield { kind: 'header', columns: [] };
    },
  };
}

type Row = Exclude<RawRow, { kind: 'header' }>;

function rowOf(frame: Frame): Row {
  const { line, end } = frame;
  const bad = (reason: string): Row => ({ kind: 'bad', line, reason, end });
  if (frame.kind !== 'record') return bad('is longer than 32 KiB');
  if (!isUtf8(frame.bytes)) return bad('is not UTF-8');
  const text = frame.bytes.toString();
  const value = jsonOf(text);
  if (value === undefined) return bad('is not JSON');
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return bad('is not a JSON object');
  const columns: [string, string][] = [];
  for (const [name, part] of Object.entries(value)) {
    if (isInexact(part))
      return bad(`column ${name} has a number that is too long to be exact: write it as a string`);
    const cell = cellOf(part);
    if (cell === undefined)
      return bad(`column ${name} has a value that is not a string, number, boolean or null`);
    const written = name === NUMBER_COLUMN && typeof part === 'number' ? scientificNumberIn(text) : undefined;
    columns.push([name, written ?? cell]);
  }
  return { kind: 'row', line, columns: Object.fromEntries(columns), end };
}

function jsonOf(text: string): unknown {
  try {
    return MAY_BE_ROUNDED.test(text) ? parseExactJson(text) : JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** JSON.parse has already rounded it; where it rounds no integer, `parseExactJson` gives Infinity. */
function isInexact(value: unknown): boolean {
  return (
    typeof value === 'number' &&
    (Number.isInteger(value) ? !Number.isSafeInteger(value) : !Number.isFinite(value))
  );
}

function cellOf(value: unknown): string | undefined {
  if (typeof value === 'string') return value;
  if (typeof value === 'number' || typeof value === 'boolean') return String(value);
  return value === null ? '' : undefined;
}

const SCIENTIFIC = new RegExp(`"${NUMBER_COLUMN}"\\s*:\\s*(-?\\d+(?:\\.\\d+)?[eE]\\+?\\d+)`);

/**
 * A phone number in scientific notation, as it is written: `{"to":2.547E+11}`. A tool has rounded it, and as a number it
 * would look like another one. No string holds the same text, because there the quotes are escaped.
 */
function scientificNumberIn(text: string): string | undefined {
  return SCIENTIFIC.exec(text)?.[1];
}
