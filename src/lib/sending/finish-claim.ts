import type { MessageStore, Watch, WatchQueue } from '../messages/ports.ts';
import { AppError } from '../platform/errors.ts';
import type { Clock } from '../platform/ports.ts';
import type { BackgroundRun } from './attempt.ts';
import type { SendFlow } from './send-flow.ts';

/*
 * Handles the watch of a lease, for the worker. A lease that is over and still in place belongs to an owner that
 * crashed: its message is resumed, like a caller's repeat. A message with another lease has another watch, and one
 * without a lease is settled, or waits in the index of due messages.
 */

export interface FinishClaimDeps {
  readonly messages: MessageStore;
  readonly queue: WatchQueue;
  readonly sendFlow: Pick<SendFlow, 'resume'>;
  readonly clock: Clock;
}

export type FinishClaim = ReturnType<typeof makeFinishClaim>;

export function makeFinishClaim({ messages, queue, sendFlow, clock }: FinishClaimDeps) {
  /** Throws if the queue has to repeat the record. */
  return async function finishClaim(
    { messageId, owner }: Pick<Watch, 'messageId' | 'owner'>,
    run: Omit<BackgroundRun, 'source'>,
  ): Promise<void> {
    const stored = await messages.get(messageId);
    const { lease, dueAt } = stored?.value ?? {};
    // Given up: the lease is kept for a caller's repeat, and nothing is due.
    if (!stored || lease?.owner !== owner || !dueAt) return;
    // SQS can't delay a record until the end of a long lease, and clocks differ.
    const { clientId } = stored.value;
    if (lease.until > clock.now()) return watchOn({ messageId, clientId, owner, until: lease.until });
    await sendFlow.resume(stored, { ...run, source: 'sweeper' }).catch(throwUnlessAnswered);
  };

  async function watchOn(watch: Watch): Promise<void> {
    const [accepted] = await queue.watch([watch]);
    if (!accepted) throw new AppError('store-unavailable', 'The queue refused the watch.', { retryAfter: 2 });
  }
}

/** A refusal is stored, or the claim was given back, or it comes after a take-over, which has its own watch. */
function throwUnlessAnswered(fault: unknown): void {
  const isRefusal = fault instanceof AppError && !REPEATED.includes(fault.code);
  if (!isRefusal) throw fault;
}

const REPEATED = ['store-unavailable', 'send-in-progress'];
