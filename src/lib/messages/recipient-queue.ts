import pMap from 'p-map';
import type { Clock, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterSending, hasOptedOut, isOpen } from '../whatsapp/session-window.ts';
import { transition } from './lifecycle.ts';
import type { Message, MessageId } from './message.ts';
import type { DeliveryQueue, MessageStore } from './ports.ts';
import { LONGEST_DELAY_MS } from './retry.ts';
import { isInRecipientQueue, isUnderWay, PAIR_PACE_MS } from './waiting.ts';

/*
 * The lane of one pair: the flows that wait for one customer. The oldest goes first, and the next one only when
 * it is settled, 6 seconds later, so that neither repeated webhooks nor queues that deliver twice change the
 * order. Who settles a flow of the lane lets the next one go; the sweeper does if they died before.
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
  /** Lets the oldest waiting flow go, unless another one is under way or the window is shut. */
  async function releaseNext(pair: Pair): Promise<void> {
    const session = (await sessions.get(pair))?.value;
    const now = clock.now();
    if (!isOpen(session, now, sessionMarginSeconds) || hasOptedOut(session)) return;
    const notBefore = latest(now, session?.paceUntil);
    const ids = await messages.waiting(pair, LONGEST_QUEUE);
    const found = await pMap(ids, (id) => messages.get(id), { concurrency: AT_ONCE });
    const waiting = found.filter((m) => m !== undefined).filter(({ value }) => isInRecipientQueue(value));
    // Also behind the oldest: that one may have been parked again while a younger one was under way.
    if (waiting.some(({ value }) => isUnderWay(value, now))) return;
    for (const stored of waiting) {
      if (stored.value.status !== 'parked') continue;
      // By the time of the write, not of the reading: in between it may have become overdue.
      const after = await updateWithRetry(messages, stored, (m) =>
        transition(m, 'customerWrote', { now: clock.now(), notBefore }),
      );
      if (!after || !isInRecipientQueue(after.value) || after.value.status === 'parked') continue;
      if (after.value.status === 'queued') await enqueue(after.value.messageId, notBefore);
      return;
    }
  }

  /** The customer has written: the lane moves, and the sweeper watches it until it is empty. */
  async function wake(pair: Pair): Promise<void> {
    const waiting = await messages.waiting(pair, LONGEST_QUEUE);
    if (waiting.length === 0) return;
    const now = clock.now();
    await each(waiting, (m) => transition(m, 'rechecked', { now, isWindowOpen: true }));
    await releaseNext(pair);
  }

  /** A flow of the lane has had its turn: the next keeps its distance, then goes. */
  async function startPause(pair: Pair): Promise<void> {
    const paceUntil = new Date(clock.now().getTime() + PAIR_PACE_MS);
    // A session that is gone meanwhile was erased: it is not made again.
    await updateWithRetry(sessions, await sessions.get(pair), (session) => afterSending(session, paceUntil));
    await releaseNext(pair);
  }

  /** The customer has opted out: nothing that waits goes out any more. */
  async function cancelAll(pair: Pair, correlationId: string): Promise<void> {
    const detail = 'The recipient has opted out.';
    const now = clock.now();
    await each(await messages.waiting(pair, LONGEST_QUEUE), (m) =>
      transition(m, 'optedOut', { now, detail, correlationId }),
    );
  }

  async function each(ids: readonly MessageId[], change: (message: Message) => Message): Promise<void> {
    const one = async (id: MessageId) => updateWithRetry(messages, await messages.get(id), change);
    await pMap(ids, one, { concurrency: AT_ONCE });
  }

  /**
   * A queue that is down delays the message and loses nothing: the sweeper enqueues it again. It also brings what
   * waits longer than the queue can hold back.
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
