import { readPlanLine } from '../../campaigns/ledger.ts';
import { makeCsvReader } from '../../campaigns/plan/csv.ts';
import type { Frame } from '../../campaigns/plan/framer.ts';
import { makeJsonlReader } from '../../campaigns/plan/jsonl.ts';
import { readNumberCell } from '../../campaigns/plan/number-cell.ts';
import { NUMBER_COLUMN, type RawRow } from '../../campaigns/plan/recipient.ts';
import type { PhoneNumber } from '../../whatsapp/customer.ts';
import { isNamedIn } from '../../whatsapp/phone.ts';
import { type Edit, isNamedBeside } from './edits.ts';

/** What is in a file: rows as a campaign reads them, or lines as the planner writes them. */
export type Contents = 'csv' | 'jsonl' | 'lines';

const BLANK = 0x20;

type Blocks = AsyncIterable<Buffer>;
type Finder = (blocks: Blocks, number: PhoneNumber, most: number) => Promise<Edit[]>;

/** The first `most` records of the file that name the number, in any spelling. */
export const findEdits = (contents: Contents): Finder => (contents === 'lines' ? inLines : inRows(contents));

/** A record that is too long to be read is no recipient, and may name anyone: it goes. */
const inRows =
  (format: 'csv' | 'jsonl'): Finder =>
  async (blocks, number, most) => {
    const edits = new Map<number, Edit>();
    /** The texts of records that are not parsed into rows yet, by the record's end. */
    const texts = new Map<number, string>();
    const blanks = makeBlanks();
    let [end, lastRow] = [0, 0];
    function watch(frame: Frame): void {
      const text = frame.kind === 'record' ? frame.bytes.toString('utf8') : undefined;
      const isHit = text === undefined ? !blanks.isBlank(end, frame.end.offset) : isNamedIn(text, number);
      if (isHit && text !== undefined) texts.set(frame.end.offset, text);
      if (isHit) edits.set(frame.end.offset, { start: end, end: frame.end.offset, isOthers: false });
      end = frame.end.offset;
    }
    function note(row: RawRow): void {
      if (row.kind !== 'header') lastRow = row.end.offset;
      const edit = row.kind === 'row' ? edits.get(row.end.offset) : undefined;
      if (edit && row.kind === 'row') judge(edit, row.columns[NUMBER_COLUMN] ?? '');
      if (row.kind !== 'header') texts.delete(row.end.offset);
    }
    function judge(edit: Edit, cell: string): void {
      const read = readNumberCell(cell);
      const of = 'number' in read ? read.number : undefined;
      if (of === number) return;
      // Only as it is written there: another spelling may hide the person's number.
      const own = of && ownOf(cell.replace(/\D/g, '') === of ? of : undefined, number);
      if (own && !isNamedBeside(texts.get(edit.end) ?? '', number, own)) edits.delete(edit.end);
      else edits.set(edit.end, { ...edit, isOthers: true, own });
    }
    const reader = format === 'csv' ? makeCsvReader(undefined, watch) : makeJsonlReader(undefined, watch);
    for await (const block of blocks) {
      blanks.next(block, end);
      for (const row of reader.read(block)) note(row);
      if (edits.size >= most) break;
    }
    if (edits.size < most) {
      for (const row of reader.end()) note(row);
      return [...edits.values()];
    }
    // Rows come later than their records. The next search finds those that have none yet.
    return [...edits.values()].filter((edit) => edit.end <= lastRow);
  };

/** Tells a long record that an earlier search has blanked. No block but the latest is kept. */
function makeBlanks() {
  let block: Buffer = Buffer.alloc(0);
  let start = 0;
  /** Before `start`, behind the last record. */
  let isText = false;
  const hasText = (from: number, to: number) =>
    block.subarray(Math.max(0, from - start), Math.max(0, to - start)).some((byte) => byte > BLANK);
  return {
    /** `from`: the end of the last record. */
    next(following: Buffer, from: number): void {
      isText = hasText(from, start + block.length) || (isText && from < start);
      start += block.length;
      block = following;
    },
    isBlank: (from: number, to: number) => !hasText(from, to) && !(isText && from < start),
  };
}

/** Another recipient's number, if the person's is a part of it. */
function ownOf(of: PhoneNumber | undefined, number: PhoneNumber): PhoneNumber | undefined {
  return of !== number && of?.includes(number) ? of : undefined;
}

const inLines: Finder = async (blocks, number, most) => {
  const edits: Edit[] = [];
  let offset = 0;
  let kept: Buffer = Buffer.alloc(0);
  for await (const block of blocks) {
    const bytes = Buffer.concat([kept, block]);
    let from = 0;
    for (let at = bytes.indexOf('\n'); at >= 0; at = bytes.indexOf('\n', from)) {
      const text = bytes.toString('utf8', from, at);
      if (isNamedIn(text, number)) {
        const to = recipientOf(text);
        const own = ownOf(to, number);
        const isOthers = to !== undefined && to !== number;
        if (isNamedBeside(text, number, own))
          edits.push({ start: offset + from, end: offset + at, isOthers, own });
      }
      from = at + 1;
    }
    kept = Buffer.from(bytes.subarray(from));
    offset += from;
    if (edits.length >= most) break;
  }
  return edits;
};

/** A line of rejected rows, or of a checkpoint, has no recipient, and is blanked as a whole. */
function recipientOf(text: string): PhoneNumber | undefined {
  return text.startsWith('[') ? readPlanLine(text)?.to : undefined;
}
