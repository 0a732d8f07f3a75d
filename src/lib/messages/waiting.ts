import { type Fence, holds } from './claim.ts';
import { templateIdOf } from './gateway-message-id.ts';
import { type Message, type RejectionCode, remember } from './message.ts';
import { LONGEST_DELAY_MS, QUEUE_GRACE_MS } from './retry.ts';

/*
 * Messages that wait, as a machine. Nothing of theirs has left; or WhatsApp has failed it, and they wait once
 * more (`send-again.ts`), for the worker, or for their customer where the window was shut:
 *
 *   claim ──▶ parked ──(the customer writes)──▶ queued ──(worker)──▶ sending ──▶ sent …
 *               │  ▲                              ▲                     │         │
 *               │  └────────(window shut)─────────┼─────────────────────┤         │
 *               │                                 ├──(try again later)──┘         │
 *               │                                 └──(WhatsApp has failed it)─────┘
 *               └──(parkedUntil is over)──▶ expired
 *
 * Every arrow is one conditional write, so of two that race exactly one happens.
 */

/** A look soon after parking, for a reply that crossed it; then one an hour, for whatever was lost. */
const FIRST_LOOK_MS = 75_000;
const LATER_LOOK_MS = 3_600_000;
/** While the window is open and another flow of the pair goes first. */
const BUSY_LOOK_MS = 60_000;

/** WhatsApp takes one message every 6 s from a number to one user (whatsapp-rules, "Limits"). */
export const PAIR_PACE_MS = 6_000;

const DEFAULT_PARK_SECONDS = 259_200;

const later = (at: Date, ms: number) => new Date(at.getTime() + ms);
const earlier = (a: Date, b: Date) => (a.getTime() < b.getTime() ? a : b);

/** A message that a worker is to send, claimed by the caller who gets its 202. */
export function queuedAtOnce(claim: Message, now: Date): Message {
  return {
    ...claim,
    status: 'queued',
    lease: undefined,
    promised: true,
    dueAt: later(now, QUEUE_GRACE_MS),
    timeline: [{ at: now, status: 'queued', source: 'api' }],
  };
}

/** The message that waits for its customer, if it is its owner who parks it. */
export function parked(message: Message, fence: Fence, now: Date): Message {
  if (!holds(fence, message) || message.answer) return message;
  return {
    ...parkedFor(message, now),
    reason: 'the session window is shut',
    timeline: [...message.timeline, { at: now, status: 'parked', source: 'api' }],
  };
}

/** Nobody's, and waiting for its customer for as long as its caller has said. */
export function parkedFor(message: Message, now: Date): Message & { readonly parkedUntil: Date } {
  const seconds = message.request?.parkForSeconds ?? DEFAULT_PARK_SECONDS;
  const parkedUntil = message.parkedUntil ?? later(message.createdAt, seconds * 1000);
  return {
    ...message,
    status: 'parked',
    lease: undefined,
    promised: true,
    parkedUntil,
    expiresAt: retainedPast(parkedUntil, message),
    templateMessage: message.templateMessage ?? templateMessageFor(message),
    dueAt: earlier(parkedUntil, later(now, FIRST_LOOK_MS)),
  };
}

/** Retention counts from the end of the wait: what waits must not vanish. */
function retainedPast(parkedUntil: Date, { createdAt, expiresAt }: Message): Date {
  const retention = expiresAt.getTime() - createdAt.getTime();
  return new Date(Math.max(expiresAt.getTime(), parkedUntil.getTime() + retention));
}

function templateMessageFor(message: Message): Message['templateMessage'] {
  const asks = message.request?.whenClosed === 'template';
  return asks ? { messageId: templateIdOf(message.messageId), state: 'pending' } : undefined;
}

/** The parked message on its way to the worker; unchanged unless it still waits. */
export function released(message: Message, times: { readonly now: Date; readonly notBefore: Date }): Message {
  if (message.status !== 'parked' || isOverdue(message, times.now)) return message;
  return {
    ...message,
    status: 'queued',
    reason: undefined,
    notBefore: times.notBefore,
    dueAt: later(times.notBefore, QUEUE_GRACE_MS),
    timeline: remember(message, { at: times.now, status: 'queued', source: 'worker' }),
  };
}

/** Is its time to wait over? */
export function isOverdue(message: Message, now: Date): boolean {
  return message.parkedUntil !== undefined && message.parkedUntil.getTime() <= now.getTime();
}

/** The parked message whose customer has not written in time. */
export function expired(message: Message, now: Date): Message {
  if (message.status !== 'parked' || !isOverdue(message, now)) return message;
  return {
    ...message,
    status: 'expired',
    request: undefined,
    dueAt: undefined,
    reason: 'the customer did not write in time',
    timeline: remember(message, { at: now, status: 'expired', source: 'sweeper' }),
  };
}

/** The parked message, to be looked at again: soon if its window is open, else within the hour. */
export function rechecked(message: Message, now: Date, isWindowOpen: boolean): Message {
  if (message.status !== 'parked' || !message.parkedUntil) return message;
  const asks = message.templateMessage?.state === 'pending';
  const next = later(now, isWindowOpen ? BUSY_LOOK_MS : asks ? FIRST_LOOK_MS : LATER_LOOK_MS);
  // A template message that could not be sent has a time before which it is not tried again.
  const asksAt = asks && !isWindowOpen ? (message.templateMessage?.notBefore ?? next) : next;
  return { ...message, dueAt: earlier(message.parkedUntil, asksAt > next ? asksAt : next) };
}

/** The queued message that has been enqueued once more. */
export function enqueuedAgain(message: Message, now: Date): Message {
  return message.status === 'queued' ? { ...message, dueAt: later(now, QUEUE_GRACE_MS) } : message;
}

export interface Ending {
  readonly now: Date;
  readonly detail: string;
  readonly correlationId: string;
}

/** The message that waits no more, since its customer has opted out. Nothing of it has left. */
export function cancelled(message: Message, ending: Ending): Message {
  const waits = message.status === 'parked' || message.status === 'queued';
  return waits ? failedFor(message, ending, { code: 'recipient-opted-out', source: 'callback' }) : message;
}

/** The message that has failed without having left. */
export function failedFor(
  message: Message,
  { now, detail, correlationId }: Ending,
  { code, source }: { readonly code: RejectionCode; readonly source: 'callback' | 'gateway' },
): Message {
  return {
    ...message,
    status: 'failed',
    request: undefined,
    dueAt: undefined,
    reason: detail,
    answer: { kind: 'rejected', code, detail, correlationId },
    timeline: remember(message, { at: now, status: 'failed', source, detail }),
  };
}

/** Waiting for their turn with one customer: the oldest goes first. */
export function isInRecipientQueue({ status, parkedUntil }: Message): boolean {
  return parkedUntil !== undefined && (status === 'parked' || status === 'queued' || status === 'sending');
}

/** Its turn, and nobody else's: it is being sent, or will be within the longest delay of the queue. */
export function isUnderWay({ status, notBefore }: Message, now: Date): boolean {
  if (status !== 'queued') return status === 'sending';
  return (notBefore?.getTime() ?? 0) <= now.getTime() + LONGEST_DELAY_MS;
}
