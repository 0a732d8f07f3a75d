import pMap from 'p-map';
import { AppError } from '../domain/errors.ts';
import type { MessageId } from '../domain/message.ts';
import type { Clock, MessageStore, Telemetry } from '../ports.ts';

/*
 * Every minute: the messages whose time has come (a lease that a crash left, a repeat that is due) go the same
 * way as a caller's repeat would; then the status callbacks that found no message look again. The work of one
 * tick is bounded by number and by time; the rest is still due in the next.
 */

export interface SweepDeps {
  readonly messages: MessageStore;
  readonly resume: (id: MessageId, run: { correlationId: string; deadlineAt: Date }) => Promise<boolean>;
  readonly retryOrphans: (limit: number) => Promise<number>;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  /** What one send may take, for not starting what can't be finished. */
  readonly longestSendMs: number;
}

export interface SweepRun {
  readonly correlationId: string;
  readonly deadlineAt: Date;
}

export interface SweepReport {
  readonly due: number;
  readonly finished: number;
  readonly failed: number;
  readonly orphans: number;
}

const PER_TICK = 300;
const AT_ONCE = 16;

export function makeSweep({ messages, resume, retryOrphans, clock, telemetry, longestSendMs }: SweepDeps) {
  async function finish(messageId: MessageId, run: SweepRun): Promise<'finished' | 'failed' | 'left'> {
    if (clock.now().getTime() + longestSendMs > run.deadlineAt.getTime()) return 'left';
    try {
      return (await resume(messageId, run)) ? 'finished' : 'left';
    } catch (fault) {
      // A refusal is an answer, too: it is stored, or the lease brings the message back.
      if (fault instanceof AppError && fault.code !== 'store-unavailable') return 'finished';
      telemetry.error('sweep.message-failed', fault, { messageId });
      return 'failed';
    }
  }

  return async function sweep(run: SweepRun): Promise<SweepReport> {
    const due = await messages.due(clock.now(), PER_TICK);
    const ends = await pMap(due, (id) => finish(id, run), { concurrency: AT_ONCE });
    const orphans = await retryOrphans(PER_TICK);
    const count = (end: string) => ends.filter((e) => e === end).length;
    const report = { due: due.length, finished: count('finished'), failed: count('failed'), orphans };
    if (due.length + orphans > 0) telemetry.info('sweep.done', { ...report });
    return report;
  };
}
