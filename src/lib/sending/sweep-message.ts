import type { ClaimTerms } from '../messages/lease.ts';
import { transition } from '../messages/lifecycle.ts';
import { type Message, type MessageId, pairOf } from '../messages/message.ts';
import type { MessageStore } from '../messages/ports.ts';
import type { RecipientQueue } from '../messages/recipient-queue.ts';
import { isTooLate } from '../messages/waiting.ts';
import type { Clock, Stored } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import { hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import type { BackgroundRun } from './attempt.ts';
import type { SendFlow } from './send-flow.ts';
import type { SendTemplate } from './send-template.ts';

/*
 * Handles one due message, for the sweeper:
 *
 * - parked past its time: expire it; otherwise check opt-out and window, send its template message, and
 *   recheck it later;
 * - queued, and no worker came: enqueue it again;
 * - anything else: resume it, like a caller's repeat.
 */

export interface SweepMessageDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly sendFlow: SendFlow;
  readonly sendTemplate: SendTemplate;
  readonly recipientQueue: RecipientQueue;
  readonly clock: Clock;
  readonly terms: Pick<ClaimTerms, 'ambiguity'>;
  readonly sessionMarginSeconds: number;
}

export function makeSweepMessage(deps: SweepMessageDeps) {
  const { messages, sessions, sendFlow, sendTemplate, recipientQueue, clock } = deps;

  /** True if there was something to do. */
  return async function sweepMessage(messageId: MessageId, run: BackgroundRun): Promise<boolean> {
    const stored = await messages.get(messageId);
    if (!stored?.value.dueAt || stored.value.dueAt > clock.now()) return false;
    if (stored.value.status === 'parked') await recheck(stored, run);
    else if (stored.value.status === 'queued') await enqueueAgain(stored);
    else await sendFlow.resume(stored, run);
    return true;
  };

  async function recheck(parked: Stored<Message>, run: BackgroundRun): Promise<void> {
    const pair = pairOf(parked.value);
    const now = clock.now();
    const session = (await sessions.get(pair))?.value;
    const stopped = hasOptedOut(session);
    const open = isOpen(session, now, deps.sessionMarginSeconds);
    const wait = { now, openedAt: open && !stopped ? session?.window?.openedAt : undefined };
    if (isTooLate(parked.value, wait)) {
      await updateWithRetry(messages, parked, (m) => transition(m, 'waitEnded', wait));
      return recipientQueue.releaseNext(pair, parked.value.messageId);
    }
    if (stopped) return recipientQueue.cancelAll(pair, run.correlationId);
    const { flow } = open ? { flow: parked } : await sendTemplate(parked, { ...run, terms: deps.terms });
    await updateWithRetry(messages, flow, (m) => transition(m, 'rechecked', { now, isWindowOpen: open }));
    await recipientQueue.releaseNext(pair, parked.value.messageId);
  }

  async function enqueueAgain(queued: Stored<Message>): Promise<void> {
    const now = clock.now();
    const again = await updateWithRetry(messages, queued, (m) => transition(m, 'reenqueued', { now }));
    if (again?.value.status === 'queued') await recipientQueue.enqueue(queued.value, now);
  }
}
