import { isTooEarly } from '../messages/backoff.ts';
import type { ClaimTerms } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { type Message, type MessageId, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { isAbandoned } from '../messages/waiting.ts';
import type { Clock, Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { Attempt, BackgroundRun } from './attempt.ts';
import type { Deliver } from './deliver.ts';
import type { ReadAhead, ReadingAhead } from './read-ahead.ts';
import type { ResolveExisting } from './resolve-existing.ts';

/*
 * Handles one record of the delivery queue, for the worker. A record names a message and may come twice or late:
 *
 * - queued: take it over, unless it is too early, and deliver it;
 * - parked: the same, if the customer has written and it is the next one of its recipient queue;
 * - sending, with a lease that is over: resume it, because its owner died;
 * - anything else: nothing is left to do.
 */

export interface WorkDeps {
  readonly messages: MessageStore;
  readonly deliver: Deliver;
  readonly resolveProven: ResolveExisting['resolveProven'];
  readonly recipientQueue: RecipientQueue;
  readonly readingAhead: ReadingAhead;
  readonly resume: (stored: Stored<Message>, run: BackgroundRun) => Promise<void>;
  readonly termsNow: () => ClaimTerms;
  readonly clock: Clock;
}

export function makeWork(deps: WorkDeps) {
  const { messages, deliver, resolveProven, recipientQueue, readingAhead, termsNow, clock } = deps;

  /** Throws if the queue has to repeat its record. */
  return async function work(messageId: MessageId, run: BackgroundRun): Promise<void> {
    const stored = await messages.get(messageId);
    if (stored?.value.status === 'parked') return workParked(stored, run);
    if (stored && isAbandoned(stored.value, clock.now())) return deps.resume(stored, run);
    if (stored?.value.status !== 'queued' || isTooEarly(stored.value, clock.now())) return;
    await readingAhead(pairOf(stored.value), (ahead) => workQueued(stored, run, ahead));
  };

  async function workQueued(stored: Stored<Message>, run: BackgroundRun, ahead: ReadAhead): Promise<void> {
    const { parkedUntil } = stored.value;
    const paceUntil = (await ahead.session())?.value.paceUntil;
    if (parkedUntil && paceUntil && paceUntil > clock.now()) {
      await recipientQueue.enqueue(stored.value, paceUntil);
      return;
    }
    const terms = termsNow();
    const taken = await messages.replace(stored, transition(stored.value, 'takenOver', terms));
    if (taken.done) await finish(taken.stored, { ...run, terms, ahead });
  }

  async function workParked(stored: Stored<Message>, run: BackgroundRun): Promise<void> {
    const pair = pairOf(stored.value);
    const flows = await recipientQueue.flowsOf(pair, stored);
    await readingAhead(pair, async (ahead) => {
      const session = (await ahead.session())?.value;
      if (!(await recipientQueue.mayGo(stored, { flows, session }))) return;
      const terms = { ...termsNow(), openedAt: session?.window?.openedAt };
      // A note about its template message may have changed it since. Another owner may not.
      const taken = await updateWithRetry(messages, stored, (m) =>
        m.status === 'parked' && m.epoch === stored.value.epoch ? transition(m, 'takenOver', terms) : m,
      );
      if (taken?.value.lease?.owner === terms.owner) await finish(taken, { ...run, terms, ahead });
    });
  }

  async function finish(taken: Stored<Message>, attempt: Omit<Attempt, 'request'>): Promise<void> {
    const own = { ...attempt, request: undefined };
    await resolveProven(await deliver(taken, own, { mayHaveLeft: false }), own);
  }
}
