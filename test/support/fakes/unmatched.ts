/** Unmatched statuses: in the callback queue, between lookups, and in the table, where an earlier version left them. */
import type { OldUnmatchedStore, UnmatchedQueue } from '../../../src/lib/callbacks/ports.ts';
import type { UnmatchedStatus } from '../../../src/lib/callbacks/unmatched-status.ts';
import type { Clock } from '../../../src/lib/platform/ports.ts';
import { type Link, straight } from './link.ts';

interface Delayed {
  readonly unmatched: UnmatchedStatus;
  readonly visibleAt: Date;
}

/** SQS refuses a longer delay. */
const MAX_DELAY_S = 900;

export interface FakeUnmatchedQueue extends UnmatchedQueue {
  over(link: Link): UnmatchedQueue;
  /** Takes out what is visible now. */
  take(): readonly UnmatchedStatus[];
  /** Everything in the queue, visible or not. */
  readonly waiting: readonly Delayed[];
}

export function fakeUnmatchedQueue(clock: Clock): FakeUnmatchedQueue {
  const waiting: Delayed[] = [];
  const over = (link: Link): UnmatchedQueue => ({
    lookUpIn: (unmatched, seconds) =>
      link('lookUpIn', () => {
        if (!(seconds >= 0 && seconds <= MAX_DELAY_S)) throw new Error(`a delay of ${seconds} s`);
        const visibleAt = new Date(clock.now().getTime() + seconds * 1000);
        waiting.push({ unmatched: structuredClone(unmatched), visibleAt });
      }),
  });
  return {
    ...over(straight),
    over,
    take() {
      const visible = waiting.filter(({ visibleAt }) => visibleAt <= clock.now());
      for (const one of visible) waiting.splice(waiting.indexOf(one), 1);
      return visible.map(({ unmatched }) => unmatched);
    },
    waiting,
  };
}

export function fakeOldUnmatched() {
  const kept: { readonly unmatched: UnmatchedStatus; readonly dueAt: Date }[] = [];
  const over = (link: Link): OldUnmatchedStore => ({
    dueUnmatched: (now, limit) =>
      link('dueUnmatched', () =>
        kept
          .filter(({ dueAt }) => dueAt <= now)
          .slice(0, limit)
          .map(({ unmatched }) => unmatched),
      ),
    dropUnmatched: ({ waKey, report }) =>
      link('dropUnmatched', () => {
        const at = kept.findIndex(
          ({ unmatched: one }) => one.waKey === waKey && one.report.status === report.status,
        );
        if (at >= 0) kept.splice(at, 1);
      }),
  });
  return {
    ...over(straight),
    over,
    /** As an earlier version stored it. */
    seed: (unmatched: UnmatchedStatus, dueAt: Date) => void kept.push({ unmatched, dueAt }),
    left: () => kept.length,
  };
}
