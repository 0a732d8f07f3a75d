import type { Plan, RejectedRow, TwinRow } from './figures.ts';
import type { Accepted } from './row.ts';

const SHOWN_REJECTS = 100;
const SHOWN_TWINS = 20;

export interface Tally extends Pick<Plan, 'rejected' | 'possibleDuplicates'> {
  readonly counts: Pick<Plan['counts'], 'total' | 'invalid' | 'duplicate'>;
}

const NONE: Tally = {
  counts: { total: 0, invalid: 0, duplicate: 0 },
  rejected: [],
  possibleDuplicates: { count: 0, sample: [] },
};

/** Counts judged rows, on top of `from`. Keeps only the first ones of those that the plan shows. */
export function makeTally(from = NONE) {
  const counts = { ...from.counts };
  const rejected: RejectedRow[] = [...from.rejected];
  const twins: TwinRow[] = [...from.possibleDuplicates.sample];
  let twinCount = from.possibleDuplicates.count;

  function accept({ recipient: { line }, twinLine }: Accepted): void {
    counts.total += 1;
    if (twinLine === undefined) return;
    twinCount += 1;
    if (twins.length < SHOWN_TWINS) twins.push({ line, earlierLine: twinLine });
  }

  function reject(row: RejectedRow): void {
    counts[row.kind] += 1;
    if (rejected.length < SHOWN_REJECTS) rejected.push(row);
  }

  return {
    note: (row: Accepted | RejectedRow) => (row.kind === 'accepted' ? accept(row) : reject(row)),
    /** Rejected rows so far. */
    rejected: () => counts.invalid + counts.duplicate,
    rows: () => counts.total + counts.invalid + counts.duplicate,
    result: (): Tally => ({ counts, rejected, possibleDuplicates: { count: twinCount, sample: twins } }),
  };
}
