import { mapEnded } from '../platform/all-ended.ts';
import type { Clock, Stored, Telemetry } from '../platform/ports.ts';
import { updateWithRetry } from '../platform/update-with-retry.ts';
import type { SessionStore } from '../sessions/ports.ts';
import type { Pair } from '../whatsapp/phone.ts';
import { afterSending, hasOptedOut, isOpen, type Session } from '../whatsapp/session-window.ts';
import { LONGEST_DELAY_MS } from './backoff.ts';
import { transition } from './lifecycle.ts';
import type { Message, MessageId } from './message.ts';
import { isInRecipientQueue } from './message.ts';
import type { DeliveryQueue, MessageStore } from './ports.ts';
import { isAbandoned, isCheckedSoon, isOlder, isTooLate, nextOf, type Wait } from './waiting.ts';

/*
 * The recipient queue of a pair: the flows that wait for one customer. The oldest goes first. The next one
 * follows 6 seconds after it is settled.
 *
 * A release writes nothing: it sends the delivery queue the oldest flow's id, and the worker takes the flow over if it
 * is still the next one (`mayGo`). So repeated webhooks, and records that come twice or late, don't change the order.
 * Settling a flow of the queue releases the next. After a crash the sweeper does, which checks the flows behind the
 * first one every minute. The first one is safe without: SQS keeps its record, or its dead-letter queue does, and the
 * sweeper checks each parked flow hourly.
 */

export interface RecipientQueueDeps {
  readonly messages: MessageStore;
  readonly sessions: SessionStore;
  readonly queue: DeliveryQueue;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
  readonly sessionMarginSeconds: number;
  /**
   * Version 0.1 may still run or come back. Its worker ignores the record of a release, and later sends get the ids that
   * it derives.
   */
  readonly beside01?: boolean | undefined;
}

type Queued = Pick<Message, 'messageId' | 'clientId'>;

export type RecipientQueue = ReturnType<typeof makeRecipientQueue>;

/** WhatsApp accepts one message every 6 s from a business number to one customer. */
const PAIR_PACE_MS = 6_000;
const LONGEST_QUEUE = 200;
const AT_ONCE = 8;

export function makeRecipientQueue(deps: RecipientQueueDeps) {
  const { messages, sessions, queue, clock, telemetry } = deps;
  const flowsOf = makeFlowsOf(messages);
  const mayGetFlows = (session: Session | undefined): session is Session =>
    isOpen(session, clock.now(), deps.sessionMarginSeconds) && !hasOptedOut(session);
  const waitIn = ({ window }: Session) => ({ now: clock.now(), openedAt: window?.openedAt });

  /**
   * Releases the oldest waiting flow, unless another one is under way, the window is shut or the customer opted out.
   * `swept`: the flow that the sweeper visits. Throws `store-unavailable`.
   */
  async function releaseNext(pair: Pair, swept?: MessageId): Promise<void> {
    const session = (await sessions.get(pair))?.value;
    if (!mayGetFlows(session)) return;
    const next = nextIn(await flowsOf(pair), waitIn(session));
    if (!next) return;
    // The sweeper visits that one within a minute, too.
    if (swept && swept !== next.messageId && isCheckedSoon(next, clock.now())) return;
    await put(next, session.paceUntil);
  }

  /** The customer has written: releases the next flow, and checks on the ones behind it. Throws `store-unavailable`. */
  async function wake(pair: Pair): Promise<void> {
    const session = (await sessions.get(pair))?.value;
    if (!mayGetFlows(session)) return;
    const flows = await flowsOf(pair);
    const next = nextIn(flows, waitIn(session));
    const isBehind = ({ value }: Stored<Message>) => value.messageId !== next?.messageId;
    const checked = deps.beside01 ? flows : flows.filter(isBehind);
    await mapEnded(checked, checkSoon, { concurrency: AT_ONCE });
    if (next) await put(next, session.paceUntil);
  }

  /**
   * May the worker take this parked flow over now? If not, the flow that goes first gets a record. Throws
   * `store-unavailable`. `flows`: read before the session, which then mostly has the pace of a flow that has left the
   * queue: the pace is written just after the settle.
   */
  async function mayGo(
    parked: Stored<Message>,
    seen: { readonly flows: readonly Stored<Message>[]; readonly session: Session | undefined },
  ): Promise<boolean> {
    const { session } = seen;
    const now = clock.now();
    if (!mayGetFlows(session) || isTooLate(parked.value, waitIn(session))) return false;
    const next = nextIn(seen.flows, waitIn(session));
    if (next?.messageId !== parked.value.messageId) {
      await checkSoon(parked);
      if (next) await put(next, session.paceUntil);
      return false;
    }
    if (!session.paceUntil || session.paceUntil <= now) return true;
    await put(next, session.paceUntil);
    return false;
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
    const cancel = async (id: MessageId) =>
      updateWithRetry(messages, await messages.get(id), (m) =>
        transition(m, 'optedOut', { now, detail, correlationId }),
      );
    await mapEnded(await messages.waiting(pair, LONGEST_QUEUE), cancel, { concurrency: AT_ONCE });
  }

  async function checkSoon(flow: Stored<Message>): Promise<void> {
    const now = clock.now();
    await updateWithRetry(messages, flow, (m) =>
      isCheckedSoon(m, now) ? m : transition(m, 'rechecked', { now, isWindowOpen: true }),
    );
  }

  /**
   * Never throws: if the queue is down, the sweeper enqueues the queued message later. The sweeper also handles
   * delays longer than the queue's limit.
   */
  async function enqueue(message: Queued, notBefore: Date): Promise<void> {
    if (notBefore.getTime() - clock.now().getTime() > LONGEST_DELAY_MS) return;
    const { messageId } = message;
    await put(message, notBefore).catch((fault) => telemetry.error('enqueue.failed', fault, { messageId }));
  }

  async function put(message: Queued, notBefore = clock.now()): Promise<void> {
    await queue.enqueue(message, (notBefore.getTime() - clock.now().getTime()) / 1000);
  }

  return { releaseNext, wake, mayGo, startPause, cancelAll, flowsOf, enqueue };
}

/** The flow that needs a record: one that a dead worker left behind, otherwise the next one. */
function nextIn(flows: readonly Stored<Message>[], wait: Wait): Message | undefined {
  const all = flows.map(({ value }) => value);
  return all.find((flow) => isAbandoned(flow, wait.now)) ?? nextOf(all, wait);
}

/** The flows of a pair's queue, oldest first. The index lags, and may not have `known` yet. */
function makeFlowsOf(messages: MessageStore) {
  return async function flowsOf(pair: Pair, known?: Stored<Message>): Promise<readonly Stored<Message>[]> {
    const ids = await messages.waiting(pair, LONGEST_QUEUE);
    const others = ids.filter((id) => id !== known?.value.messageId);
    const found = await mapEnded(others, (id) => messages.get(id), { concurrency: AT_ONCE });
    return [...found, known]
      .filter((flow) => flow !== undefined)
      .filter(({ value }) => isInRecipientQueue(value))
      .toSorted((a, b) => (isOlder(a.value, b.value) ? -1 : 1));
  };
}
