import { mapEnded } from '../platform/all-ended.ts';
import type { Clock } from '../platform/ports.ts';
import type { OldUnmatchedStore, UnmatchedQueue } from './ports.ts';

export interface RequeueUnmatchedDeps {
  readonly oldUnmatched: OldUnmatchedStore;
  readonly unmatchedQueue: UnmatchedQueue;
  readonly clock: Clock;
}

const PER_TICK = 300;
const AT_ONCE = 16;

/**
 * Moves due unmatched statuses of version 0.1 and its first successors from the table to the callback queue, 300 a tick.
 * Returns how many. A crash in between leaves a status in both, which does no harm.
 */
export function makeRequeueUnmatched({ oldUnmatched, unmatchedQueue, clock }: RequeueUnmatchedDeps) {
  return async function requeueUnmatched(): Promise<number> {
    const due = await oldUnmatched.dueUnmatched(clock.now(), PER_TICK);
    const move = async (unmatched: (typeof due)[number]) => {
      await unmatchedQueue.lookUpIn(unmatched, 0);
      await oldUnmatched.dropUnmatched(unmatched);
    };
    await mapEnded(due, move, { concurrency: AT_ONCE });
    return due.length;
  };
}
