import type { MessageId } from '../messages/message.ts';
import type { MessageStore, TablePart } from '../messages/ports.ts';
import { allEnded, mapEnded } from '../platform/all-ended.ts';
import { AppError, isUnavailable } from '../platform/errors.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { BackgroundRun } from './attempt.ts';
import { cutPart, SCANS } from './table-part.ts';

/*
 * The sweeper, every minute:
 *
 * 1. Sweep the due messages, each as `sweep-message.ts` says.
 * 2. Move unmatched statuses of an earlier version to the callback queue.
 * 3. Scan one part of the table for leases that are over, and finish their messages: in a day, every message that a
 *    crash left, whatever became of its watch (ADR 028).
 *
 * A tick is bounded by number and by time. What is left of 1 and 2 stays due for the next one. If much is due, 1 leaves
 * half of the time to the rest.
 */

export interface SweepDeps {
  readonly messages: Pick<MessageStore, 'due' | 'abandoned'>;
  readonly sweepMessage: (id: MessageId, run: BackgroundRun) => Promise<boolean>;
  /** Returns how many statuses it moved. */
  readonly requeueUnmatched: () => Promise<number>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The longest time of one send: a send that can't be finished is not started. */
  readonly longestSendMs: number;
}

export interface SweepRun {
  readonly correlationId: string;
  readonly deadlineAt: Date;
  /** The part of the table to scan. */
  readonly part: TablePart;
}

export interface SweepReport {
  readonly finished: number;
  readonly failed: number;
  readonly unmatchedStatuses: number;
  /** The scan did not reach the end of its part. */
  readonly cut?: true;
}

const PER_ROUND = 300;
const ROUNDS = 20;
/** In the first half of the tick's time, so that a client with many due messages delays the others' less. */
const MOST_ROUNDS = 200;
const AT_ONCE = 16;

export function makeSweep({
  messages,
  sweepMessage,
  requeueUnmatched,
  clock,
  telemetry,
  longestSendMs,
}: SweepDeps) {
  const isLate = (run: SweepRun) => clock.now().getTime() + longestSendMs > run.deadlineAt.getTime();

  async function finishOne(messageId: MessageId, run: SweepRun): Promise<'finished' | 'failed' | 'left'> {
    if (isLate(run)) return 'left';
    try {
      return (await sweepMessage(messageId, { ...run, source: 'sweeper' })) ? 'finished' : 'left';
    } catch (fault) {
      // A refusal is an answer too: it is stored, or the message has another lease, with a watch.
      if (fault instanceof AppError && !isUnavailable(fault)) return 'finished';
      telemetry.error('sweep.message-failed', fault, { messageId });
      return 'failed';
    }
  }

  async function finishAll(
    ids: readonly MessageId[],
    run: SweepRun,
    { ends, concurrency }: { readonly ends: Ends; readonly concurrency: number },
  ): Promise<void> {
    const finish = async (id: MessageId) => {
      ends[await finishOne(id, run)] += 1;
    };
    await mapEnded(ids, finish, { concurrency });
  }

  /** True if it reached the end of the part. */
  async function scan(run: SweepRun, ends: Ends): Promise<boolean> {
    try {
      const ended = await allEnded(cutPart(run.part).map((part) => scanPart({ ...run, part }, ends)));
      return ended.every(Boolean);
    } catch (fault) {
      telemetry.error('sweep.scan-failed', fault, { ...run.part });
      return false;
    }
  }

  async function scanPart(run: SweepRun, ends: Ends): Promise<boolean> {
    const now = clock.now();
    let after: string | undefined;
    do {
      if (isLate(run)) return false;
      const { ids, next } = await messages.abandoned(run.part, { now, after });
      await finishAll(ids, run, { ends, concurrency: AT_ONCE / SCANS });
      after = next;
    } while (after !== undefined);
    return !isLate(run);
  }

  async function sweepDue(run: SweepRun, ends: Ends): Promise<void> {
    const started = clock.now().getTime();
    const halfOver = (started + run.deadlineAt.getTime() - longestSendMs) / 2;
    for (let round = 0; round < MOST_ROUNDS; round += 1) {
      if (round >= ROUNDS && clock.now().getTime() >= halfOver) break;
      const due = await messages.due(clock.now(), PER_ROUND);
      const before = ends.finished;
      await finishAll(due, run, { ends, concurrency: AT_ONCE });
      // Less than a full round was due, or nothing was finished: leave the rest to the next tick.
      if (due.length < PER_ROUND || ends.finished === before) break;
    }
  }

  /** Its fault keeps the scan from nothing. */
  async function requeueOld(): Promise<number> {
    try {
      return await requeueUnmatched();
    } catch (fault) {
      telemetry.error('sweep.requeue-failed', fault);
      return 0;
    }
  }

  return async function sweep(run: SweepRun): Promise<SweepReport> {
    const ends: Ends = { finished: 0, failed: 0, left: 0 };
    await sweepDue(run, ends);
    const unmatchedStatuses = await requeueOld();
    const isScanned = await scan(run, ends);
    const { finished, failed } = ends;
    const report = { finished, failed, unmatchedStatuses, ...(isScanned ? {} : ({ cut: true } as const)) };
    if (!isScanned) telemetry.warn('sweep.scan-cut', { ...run.part });
    if (finished + failed + unmatchedStatuses > 0) telemetry.info('sweep.done', { ...report });
    return report;
  };
}

type Ends = Record<'finished' | 'failed' | 'left', number>;
