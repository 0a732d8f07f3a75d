import { mapEnded } from '../../platform/all-ended.ts';
import type { PhoneNumber } from '../../whatsapp/phone.ts';
import type { Campaign } from '../campaign.ts';
import type { Checkpoint, Sums } from './checkpoint.ts';
import { type EstimateDeps, makeEstimate } from './estimate.ts';
import type { Plan, RejectedRow } from './figures.ts';
import type { PartFiles } from './files.ts';
import { flowFault } from './flow-fault.ts';
import {
  FILE_LIMITS,
  type FileLimits,
  type RawRow,
  RecipientsFault,
  type ResumePoint,
  shownReason,
} from './recipient.ts';
import { type Accepted, assertColumns, columnsOf, makeColumnWatch, makeRowJudge } from './row.ts';
import type { SeenNumbers } from './seen-numbers.ts';
import { makeTally } from './tally.ts';

const LOOKED_UP_AT_ONCE = 100;
const LOOK_UPS = 8;
const ERASED = 'names a person who was erased after the file was put';

export interface PartOptions {
  readonly rows: AsyncIterator<RawRow, undefined>;
  readonly seen: SeenNumbers;
  /** Where an earlier planner stopped, which is where `rows` begins. */
  readonly from: Checkpoint | undefined;
  readonly limits?: FileLimits | undefined;
}

export interface ReadOptions {
  /** Asked after each row, with the number of all rows. */
  readonly isOver: (rows: number) => Promise<boolean>;
  /** Was the person erased after the file was put? */
  readonly isErased: (to: PhoneNumber) => boolean;
}

export type PartReader = ReturnType<typeof makePartReader>;

/** Reads a campaign's recipients, part by part: judges each row, writes it down, and looks up its window. */
export function makePartReader(
  deps: EstimateDeps,
  campaign: Campaign,
  { rows, seen, from, limits = FILE_LIMITS }: PartOptions,
) {
  const wanted = columnsOf(campaign.message);
  const tally = makeTally(from?.tally);
  const columns = makeColumnWatch(wanted, from?.columns);
  let isErased: ReadOptions['isErased'] = () => false;
  // Before the number is noted as seen: nothing of an erased person gets into an object of the plan.
  const judge = makeRowJudge(wanted, seen, (recipient) =>
    isErased(recipient.to) ? ERASED : flowFault(campaign, recipient),
  );
  const estimate = makeEstimate(deps, campaign.message, from?.estimate);
  let resume = from?.resume;

  /** Reads until the end of the file, or until `isOver`. Returns where to go on; undefined at the end. */
  async function readPart(
    files: PartFiles,
    { isOver, isErased: isErasedNow }: ReadOptions,
  ): Promise<ResumePoint | undefined> {
    let isAtEnd = false;
    isErased = isErasedNow;

    async function* accepted(): AsyncIterable<PhoneNumber> {
      for (;;) {
        const { value: row } = await rows.next();
        if (!row) break;
        if (row.kind === 'header') {
          header(row);
          continue;
        }
        const judged = judgedRow(row);
        if (judged.kind === 'accepted') {
          await files.accept(judged.recipient);
          yield judged.recipient.to;
        } else if (tally.rejected() <= limits.rejectedKept) await files.reject(judged);
        if (await isOver(tally.rows())) return;
      }
      isAtEnd = true;
      columns.assertAll();
    }

    // Limits memory: reading pauses while eight hundred are being looked up.
    await mapEnded(inHundreds(accepted()), estimate.add, { concurrency: LOOK_UPS });
    return isAtEnd ? undefined : resume;
  }

  /** JSON Lines have no header; `judge` checks the columns of each row. */
  function header({ columns: names, csv }: Extract<RawRow, { kind: 'header' }>): void {
    if (campaign.source?.format === 'csv') assertColumns(names, wanted);
    resume = { place: { offset: 0, line: 1 }, header: csv };
  }

  function judgedRow(row: Exclude<RawRow, { kind: 'header' }>): Accepted | RejectedRow {
    if (row.kind === 'row') columns.note(row);
    const { line } = row;
    const judged = row.kind === 'bad' ? { kind: 'invalid' as const, line, reason: row.reason } : judge(row);
    const noted = judged.kind === 'accepted' ? judged : { ...judged, reason: shownReason(judged.reason) };
    tally.note(noted);
    if (tally.rows() > limits.rows) throw tooManyRows(limits);
    resume = { ...resume, place: row.end };
    return noted;
  }

  return {
    readPart,
    /** All rows so far. */
    rows: tally.rows,
    sums: (): Sums => ({ tally: tally.result(), estimate: estimate.sums(), columns: columns.found() }),
    figures(): Pick<Plan, 'counts' | 'rejected' | 'rejectedKept' | 'possibleDuplicates' | 'price'> {
      const { price, ...windows } = estimate.result();
      const { counts, ...rest } = tally.result();
      const rejectedKept = Math.min(tally.rejected(), limits.rejectedKept);
      return { counts: { ...counts, ...windows }, ...rest, rejectedKept, price };
    },
  };
}

function tooManyRows({ rows }: FileLimits): RecipientsFault {
  return new RecipientsFault(`the file has more than ${rows} rows: split it into several campaigns`);
}

async function* inHundreds(numbers: AsyncIterable<PhoneNumber>): AsyncIterable<PhoneNumber[]> {
  let hundred: PhoneNumber[] = [];
  for await (const number of numbers) {
    hundred.push(number);
    if (hundred.length < LOOKED_UP_AT_ONCE) continue;
    yield hundred;
    hundred = [];
  }
  if (hundred.length > 0) yield hundred;
}
