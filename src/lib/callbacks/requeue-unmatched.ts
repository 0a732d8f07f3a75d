import { mapEnded } from '../platform/all-ended.ts';
import type { Clock } from '../platform/ports.ts';
import type { OldUnmatchedStore, UnmatchedQueue } from './ports.ts';

export interface RequeueUnmatchedDeps {
  readonly oldUnmatched: OldUnmatchedStore;
  readonly unmatchedQueue: UnmatchedQueue;
  readonly clock: Clock;
}

const PER_ROUND = 300;
const AT_ONCE = 16;

/**
 * Moves due unmatched statuses of an earlier version from the table to the callback queue, until none is left or
 * `isLate`. Returns how many. A crash in between leaves a status in both, which does no harm.
 */
export function makeRequeueUnmatched({ oldUnmatched, unmatchedQueue, clock }: RequeueUnmatchedDeps) {
  return async function requeueUnmatched(isLate: () => boolean): Promise<number> {
    let moved = 0;
    while (!isLate()) {
      const due = await oldUnmatched.dueUnmatched(clock.now(), PER_ROUND);
      const move = async (unmatched: (typeof due)[number]) => {
        await unmatchedQueue.lookUpIn(unmatched, 0);
        await oldUnmatched.dropUnmatched(unmatched);
      };
      await mapEnded(due, move, { concurrency: AT_ONCE });
      moved += due.length;
      if (due.length < PER_ROUND) break;
    }
    return moved;
  };
}
