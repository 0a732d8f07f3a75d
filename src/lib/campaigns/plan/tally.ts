import type { RejectedRow, TwinRow } from './figures.ts';
import type { Accepted } from './row.ts';

const SHOWN_REJECTS = 100;
const SHOWN_TWINS = 20;

/** Counts judged rows. Keeps only the first ones of those that the plan shows. */
export function makeTally() {
  const counts = { total: 0, invalid: 0, duplicate: 0 };
  const rejected: RejectedRow[] = [];
  const twins: TwinRow[] = [];
  let twinCount = 0;

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
    rows: () => counts.total + counts.invalid + counts.duplicate,
    result: () => ({ counts, rejected, possibleDuplicates: { count: twinCount, sample: twins } }),
  };
}
