import { mapEnded } from '../platform/all-ended.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterSending, hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import { LONGEST_DELAY_MS } from './backoff.ts';
import { transition } from './lifecycle.ts';
import type { Message, MessageId } from './message.ts';
import { isInRecipientQueue } from './message.ts';
import type { DeliveryQueue, MessageStore } from './ports.ts';
import { isUnderWay } from './waiting.ts';

/*
 * The recipient queue of a pair: the flows that wait for one customer. The oldest goes first. The next one
 * follows 6 seconds after it is settled, so that repeated webhooks and duplicate records of a queue don't
 * change the order. Settling a flow of the queue releases the next; after a crash the sweeper does.
 */

export interface RecipientQueueDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly queue: DeliveryQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sessionMarginSeconds: number;
}

export type RecipientQueue = ReturnType<typeof makeRecipientQueue>;

/** WhatsApp accepts one message every 6 s from a business number to one customer. */
const PAIR_PACE_MS = 6_000;
const LONGEST_QUEUE = 200;
const AT_ONCE = 8;

export function makeRecipientQueue({
  messages,
  sessions,
  queue,
  clock,
  telemetry,
  sessionMarginSeconds,
}: RecipientQueueDeps) {
  /**
   * Releases the oldest waiting flow, unless another one is under way, the window is shut or the customer
   * opted out.
   */
  async function releaseNext(pair: Pair): Promise<void> {
    const session = (await sessions.get(pair))?.value;
    const now = clock.now();
    if (!isOpen(session, now, sessionMarginSeconds) || hasOptedOut(session)) return;
    const notBefore = latest(now, session?.paceUntil);
    const ids = await messages.waiting(pair, LONGEST_QUEUE);
    const found = await mapEnded(ids, (id) => messages.get(id), { concurrency: AT_ONCE });
    const waiting = found.filter((m) => m !== undefined).filter(({ value }) => isInRecipientQueue(value));
    // Check all of them: the oldest may have been parked again while a younger one is under way.
    if (waiting.some(({ value }) => isUnderWay(value, now))) return;
    for (const stored of waiting) {
      if (stored.value.status !== 'parked') continue;
      // Take the time of the write: the message may have become overdue since it was read.
      const after = await updateWithRetry(messages, stored, (m) =>
        transition(m, 'customerWrote', { now: clock.now(), notBefore }),
      );
      if (!after || !isInRecipientQueue(after.value) || after.value.status === 'parked') continue;
      if (after.value.status === 'queued') await enqueue(after.value.messageId, notBefore);
      return;
    }
  }

  /** The customer has written: release the next flow, and let the sweeper check the queue until it is empty. */
  async function wake(pair: Pair): Promise<void> {
    const waiting = await messages.waiting(pair, LONGEST_QUEUE);
    if (waiting.length === 0) return;
    const now = clock.now();
    await each(waiting, (m) => transition(m, 'rechecked', { now, isWindowOpen: true }));
    await releaseNext(pair);
  }

  /** A flow of the queue is settled: set the pace for the next one, then release it. */
  async function startPause(pair: Pair): Promise<void> {
    const paceUntil = new Date(clock.now().getTime() + PAIR_PACE_MS);
    // A session that has disappeared was erased, so it is not created again.
    await updateWithRetry(sessions, await sessions.get(pair), (session) => afterSending(session, paceUntil));
    await releaseNext(pair);
  }

  /** The customer opted out: cancel every flow that waits. */
  async function cancelAll(pair: Pair, correlationId: string): Promise<void> {
    const detail = 'The recipient has opted out.';
    const now = clock.now();
    await each(await messages.waiting(pair, LONGEST_QUEUE), (m) =>
      transition(m, 'optedOut', { now, detail, correlationId }),
    );
  }

  async function each(ids: readonly MessageId[], change: (message: Message) => Message): Promise<void> {
    const one = async (id: MessageId) => updateWithRetry(messages, await messages.get(id), change);
    await mapEnded(ids, one, { concurrency: AT_ONCE });
  }

  /**
   * Never throws: if the queue is down, the sweeper enqueues the message later. The sweeper also handles
   * delays longer than the queue's limit.
   */
  async function enqueue(id: MessageId, notBefore: Date): Promise<void> {
    const delayMs = notBefore.getTime() - clock.now().getTime();
    if (delayMs > LONGEST_DELAY_MS) return;
    await queue
      .enqueue(id, delayMs / 1000)
      .catch((fault) => telemetry.error('enqueue.failed', fault, { messageId: id }));
  }

  return { releaseNext, wake, startPause, cancelAll, enqueue };
}

function latest(a: Date, b: Date | undefined): Date {
  return b && b.getTime() > a.getTime() ? b : a;
}
