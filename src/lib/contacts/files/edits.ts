import type { PhoneNumber } from '../../whatsapp/customer.ts';
import { isNamedIn } from '../../whatsapp/phone.ts';

/** A record of a file that names the person, from its first byte to the one behind its last. */
export interface Edit {
  readonly start: number;
  readonly end: number;
  /** Of another recipient, who stays one: only the digits of the person's number go. */
  readonly isOthers: boolean;
  /** The other recipient's number, if the person's is a part of it. It stays. */
  readonly own?: PhoneNumber | undefined;
}

const BLANK = 0x20;
const [LF, CR] = [0x0a, 0x0d];
const SEPARATORS = '[\\s()+\\-.\\u2010-\\u2015\\p{Cf}]*';

/**
 * The stream with its records edited; every byte keeps its place, and every line its number. `edits` are in their order,
 * and a record that is another's is at most as long as a row may be.
 */
export async function* edited(
  blocks: AsyncIterable<Buffer>,
  edits: readonly Edit[],
  number: PhoneNumber,
): AsyncIterable<Buffer> {
  let next = 0;
  let offset = 0;
  let kept: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    const bytes = Buffer.concat([kept, block]);
    const end = offset + bytes.length;
    for (let edit = edits[next]; edit && edit.start < end; edit = edits[next]) {
      if (edit.isOthers && edit.end > end) break;
      blanked(bytes.subarray(Math.max(edit.start - offset, 0), edit.end - offset), edit, number);
      if (edit.end > end) break;
      next += 1;
    }
    const waiting = edits[next];
    const isWaiting = waiting?.isOthers && waiting.start < end;
    const from = isWaiting ? Math.max(waiting.start - offset, 0) : bytes.length;
    yield bytes.subarray(0, from);
    kept = Buffer.from(bytes.subarray(from));
    offset += from;
  }
  yield kept;
}

function blanked(record: Buffer, { isOthers, own }: Edit, number: PhoneNumber): void {
  if (isOthers) {
    const parts = record.toString('utf8').split(wholeOf(own));
    const masked = Buffer.from(
      parts.map((part, n) => (isOwnNumber(n) ? part : withoutDigitsOf(part, number))).join(''),
    );
    if (masked.length === record.length && !isNamedBeside(masked.toString('utf8'), number, own)) {
      record.set(masked);
      return;
    }
  }
  for (const [at, byte] of record.entries()) if (byte !== LF && byte !== CR) record[at] = BLANK;
}

const spelling = (number: PhoneNumber): string => [...number].join(SEPARATORS);

/** The text with zeros for the number, however it is written. */
function withoutDigitsOf(text: string, number: PhoneNumber): string {
  return text.replace(new RegExp(spelling(number), 'gu'), (found) => found.replace(/\d/g, '0'));
}

/** Splits a text at a whole number: every second part is the number itself. Without one, the text is the only part. */
function wholeOf(own: PhoneNumber | undefined): RegExp {
  return own === undefined ? /(?!)/ : new RegExp(`((?<!\\d)${spelling(own)}(?!\\d))`, 'u');
}

const isOwnNumber = (part: number): boolean => part % 2 === 1;

/** Does the text name the person, beside a recipient's own number that contains the person's? */
export function isNamedBeside(text: string, number: PhoneNumber, own: PhoneNumber | undefined): boolean {
  const others = text.split(wholeOf(own)).filter((_, n) => !isOwnNumber(n));
  // No number and no base64 goes across it.
  return isNamedIn(others.join('|'), number);
}

/** Where a plan's numbers are, in the form of `plan/seen-numbers.ts`, the person's is taken out: it is never valid again. */
export function withoutEntry(entries: Buffer, number: PhoneNumber): { found: boolean; entries: Buffer } {
  const value = BigInt(number);
  const [high, low] = [Number(value >> 32n), Number(value & 0xffffffffn)];
  let found = false;
  for (let at = 0; at + ENTRY_BYTES <= entries.length; at += ENTRY_BYTES) {
    if (entries.readUInt32LE(at) !== high || entries.readUInt32LE(at + 4) !== low) continue;
    entries.fill(0, at, at + 8);
    found = true;
  }
  return { found, entries };
}

const ENTRY_BYTES = 12;
