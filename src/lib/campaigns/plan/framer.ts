import type { Place } from './recipient.ts';

/*
 * Cuts a stream of bytes into records before any parsing. A streaming parser holds a record until its quotes
 * close, which may be the rest of the file. The framer holds a record up to a limit, and knows where it
 * starts and ends however broken it is.
 */

export type Frame =
  | { readonly kind: 'record'; readonly line: number; readonly end: Place; readonly bytes: Buffer }
  /** Longer than the limit. */
  | { readonly kind: 'long'; readonly line: number; readonly end: Place }
  /** A quote that never closes: it swallows the rest of the file. */
  | { readonly kind: 'unclosed'; readonly line: number; readonly end: Place };

/** Far more than a message can hold. */
const RECORD_BYTES = 32 * 1024;

const LF = 0x0a;
const CR = 0x0d;
const QUOTE = 0x22;
const BLANK = 0x20;

const FIRST: Place = { offset: 0, line: 1 };

/** The byte before a record's first one. */
const START = -1;
/** A quote in the middle of a field, which has no meaning. */
const STRAY = -2;

/**
 * Records end with LF, CRLF or CR outside quotes; blank records are skipped. A quote counts only at the start
 * of a field: at the start of a record, or after a byte for which `isSeparator` holds.
 *
 * `from`: where the first block begins. At a record's end, its line break comes first and ends a blank record, so that
 * the two characters of a CRLF stay together.
 */
export function makeFramer(isSeparator: (byte: number) => boolean, from: Place = FIRST) {
  let { line } = from;
  let startLine = line;
  /** The bytes of the earlier blocks. */
  let seen = from.offset;
  let pending: Buffer = Buffer.alloc(0);
  let isLong = false;
  let isQuoted = false;
  let isAfterCr = false;
  /**
   * The previous byte. `QUOTE` means a quote that just closed: another one right after it (`""`) continues
   * the field.
   */
  let previous = START;

  function* frames(block: Buffer): Iterable<Frame> {
    const bytes = pending.length > 0 ? Buffer.concat([pending, block]) : block;
    const first = seen - pending.length;
    seen += block.length;
    let start = 0;
    for (let at = pending.length; at < bytes.length; at += 1) {
      const byte = bytes[at] ?? 0;
      const isRestOfBreak = byte === LF && isAfterCr;
      isAfterCr = byte === CR;
      if (isRestOfBreak) {
        if (!isQuoted) start = at + 1;
      } else if (byte === LF || byte === CR) {
        line += 1;
        if (isQuoted) continue;
        const frame = ended(bytes.subarray(start, at), first + at);
        if (frame) yield frame;
        start = at + 1;
      } else if (byte === QUOTE) takeQuote();
      else previous = byte;
    }
    keep(bytes.subarray(start));
  }

  /** The last record, if no line break ends it. */
  function* rest(): Iterable<Frame> {
    line += 1;
    const end = { offset: seen, line: line - 1 };
    const frame: Frame | undefined = isQuoted
      ? { kind: 'unclosed', line: startLine, end }
      : ended(pending, seen);
    if (frame) yield frame;
  }

  function takeQuote() {
    const opens = !isQuoted && (previous === START || previous === QUOTE || isSeparator(previous));
    previous = isQuoted ? QUOTE : STRAY;
    isQuoted = opens;
  }

  function ended(bytes: Buffer, offset: number): Frame | undefined {
    const place = { line: startLine, end: { offset, line: line - 1 } };
    const isTooLong = isLong || bytes.length > RECORD_BYTES;
    startLine = line;
    isLong = false;
    previous = START;
    if (isTooLong) return { kind: 'long', ...place };
    return isBlank(bytes) ? undefined : { kind: 'record', ...place, bytes };
  }

  function keep(bytes: Buffer) {
    isLong ||= bytes.length > RECORD_BYTES;
    pending = isLong ? Buffer.alloc(0) : bytes;
  }

  return { frames, rest };
}

function isBlank(bytes: Buffer): boolean {
  return bytes.every((byte) => byte <= BLANK);
}
