import type { MessageId } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import { mapEnded } from '../platform/all-ended.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { BackgroundRun } from './attempt.ts';

/*
 * The sweeper, every minute. Sweeps the due messages, each as `sweep-message.ts` says, then retries the
 * status callbacks that matched no message. A tick is bounded by number and by time; what is left stays due
 * for the next one.
 */

export interface SweepDeps {
  readonly messages: MessageStore;
  readonly sweepMessage: (id: MessageId, run: BackgroundRun) => Promise<boolean>;
  readonly retryUnmatched: (limit: number) => Promise<number>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** The longest time of one send: a send that can't be finished is not started. */
  readonly longestSendMs: number;
}

export interface SweepRun {
  readonly correlationId: string;
  readonly deadlineAt: Date;
}

export interface SweepReport {
  readonly finished: number;
  readonly failed: number;
  readonly unmatchedStatuses: number;
}

const PER_ROUND = 300;
const ROUNDS = 20;
const AT_ONCE = 16;

export function makeSweep({
  messages,
  sweepMessage,
  retryUnmatched,
  clock,
  telemetry,
  longestSendMs,
}: SweepDeps) {
  async function finishOne(messageId: MessageId, run: SweepRun): Promise<'finished' | 'failed' | 'left'> {
    if (clock.now().getTime() + longestSendMs > run.deadlineAt.getTime()) return 'left';
    try {
      return (await sweepMessage(messageId, { ...run, source: 'sweeper' })) ? 'finished' : 'left';
    } catch (fault) {
      // A refusal is an answer too: it is stored, or the message is due again when its lease ends.
      if (fault instanceof AppError && fault.code !== 'store-unavailable') return 'finished';
      telemetry.error('sweep.message-failed', fault, { messageId });
      return 'failed';
    }
  }

  return async function sweep(run: SweepRun): Promise<SweepReport> {
    const ends = { finished: 0, failed: 0, left: 0 };
    for (let round = 0; round < ROUNDS; round += 1) {
      const due = await messages.due(clock.now(), PER_ROUND);
      const before = ends.finished;
      const finish = async (id: MessageId) => {
        ends[await finishOne(id, run)] += 1;
      };
      await mapEnded(due, finish, { concurrency: AT_ONCE });
      // Less than a full round was due, or nothing was finished: leave the rest to the next tick.
      if (due.length < PER_ROUND || ends.finished === before) break;
    }
    const unmatchedStatuses = await retryUnmatched(PER_ROUND);
    const report = { finished: ends.finished, failed: ends.failed, unmatchedStatuses };
    if (ends.finished + ends.failed + unmatchedStatuses > 0) telemetry.info('sweep.done', { ...report });
    return report;
  };
}
