import { type Fence, holds } from './claim.ts';
import { derivedId } from './derived-id.ts';
import { pairPauseSeconds } from './error-book.ts';
import { type Message, type RejectionCode, remember } from './message.ts';

/*
 * Messages that wait, as a machine. Nothing of theirs has left:
 *
 *   claim ──▶ parked ──(the customer writes)──▶ queued ──(worker)──▶ sending ──▶ sent …
 *               │  ▲                              ▲                     │
 *               │  └────────(window shut)─────────┼─────────────────────┤
 *               │                                 └──(try again later)──┘
 *               └──(parkedUntil is over)──▶ expired
 *
 * Every arrow is one conditional write, so of two that race exactly one happens.
 */

/** The sweeper enqueues a message again if nothing has come of it so long after it was due. */
const QUEUE_GRACE_MS = 120_000;
/** A look soon after parking, for a reply that crossed it; then one an hour, for whatever was lost. */
const FIRST_LOOK_MS = 75_000;
const LATER_LOOK_MS = 3_600_000;
/** While the window is open and another flow of the pair goes first. */
const BUSY_LOOK_MS = 60_000;

/** WhatsApp takes one message every 6 s from a number to one user (whatsapp-rules, "Limits"). */
export const PAIR_PACE_MS = 6_000;

/** By how much the clocks of two invocations may differ. */
const EARLY_MS = 1_000;

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
  const seconds = message.request?.parkForSeconds ?? DEFAULT_PARK_SECONDS;
  const parkedUntil = message.parkedUntil ?? later(message.createdAt, seconds * 1000);
  return {
    ...message,
    status: 'parked',
    lease: undefined,
    promised: true,
    parkedUntil,
    expiresAt: retainedPast(parkedUntil, message),
    invitation: message.invitation ?? invitationFor(message),
    reason: 'the session window is shut',
    dueAt: earlier(parkedUntil, later(now, FIRST_LOOK_MS)),
    timeline: [...message.timeline, { at: now, status: 'parked', source: 'api' }],
  };
}

/**
 * The sent message of which WhatsApp says that its window was shut (131047): it waits for its customer after
 * all. LipaChat would deduplicate a repeat of the messageId, so the next send has one derived from it.
 */
export function parkedAgain(message: Message, now: Date): Message {
  const { request, waId, parkedUntil } = message;
  const until = parkedUntil ?? later(message.createdAt, (request?.parkForSeconds ?? 0) * 1000);
  if (message.status !== 'failed' || !request || until.getTime() <= now.getTime()) return message;
  const retired = [...(message.retiredWaIds ?? []), ...(waId === undefined ? [] : [waId])];
  return {
    ...message,
    status: 'parked',
    promised: true,
    epoch: message.epoch + 1,
    parkedUntil: until,
    expiresAt: retainedPast(until, message),
    lease: undefined,
    answer: undefined,
    sentAt: undefined,
    waId: undefined,
    retiredWaIds: retired,
    resends: (message.resends ?? 0) + 1,
    attempts: 0,
    firstTryAt: undefined,
    reason: 'WhatsApp says that the session window was shut',
    dueAt: earlier(until, later(now, FIRST_LOOK_MS)),
    invitation: message.invitation ?? invitationFor(message),
    timeline: [...message.timeline, { at: now, status: 'parked', source: 'callback' }],
  };
}

/** The messageId that LipaChat gets: the caller's own for the first send, one derived from it for a later one. */
export function wireIdOf({ messageId, resends = 0 }: Message): string {
  return resends === 0 ? messageId : derivedId(`resend:${resends}:${messageId}`);
}

/** Retention counts from the end of the wait: what waits must not vanish. */
function retainedPast(parkedUntil: Date, { createdAt, expiresAt }: Message): Date {
  const retention = expiresAt.getTime() - createdAt.getTime();
  return new Date(Math.max(expiresAt.getTime(), parkedUntil.getTime() + retention));
}

function invitationFor(message: Message): Message['invitation'] {
  const asks = message.request?.whenClosed === 'template';
  return asks ? { messageId: derivedId(`template:${message.messageId}`), state: 'pending' } : undefined;
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
export function lookedAt(message: Message, now: Date, isWindowOpen: boolean): Message {
  if (message.status !== 'parked' || !message.parkedUntil) return message;
  const asks = message.invitation?.state === 'pending';
  const next = later(now, isWindowOpen ? BUSY_LOOK_MS : asks ? pauseOf(message) : LATER_LOOK_MS);
  return { ...message, dueAt: earlier(message.parkedUntil, next) };
}

/** A template message that could not be sent is tried again later each time. */
function pauseOf({ invitation }: Message): number {
  return Math.min(LATER_LOOK_MS, FIRST_LOOK_MS * 2 ** Math.min(invitation?.tries ?? 0, 10));
}

/** The queued message that has been enqueued once more. */
export function enqueuedAgain(message: Message, now: Date): Message {
  return message.status === 'queued' ? { ...message, dueAt: later(now, QUEUE_GRACE_MS) } : message;
}

interface Ending {
  readonly now: Date;
  readonly detail: string;
  readonly correlationId: string;
}

/** The message that waits no more, since its customer has opted out. Nothing of it has left. */
export function cancelled(message: Message, ending: Ending): Message {
  const waits = message.status === 'parked' || message.status === 'queued';
  return waits ? failed(message, ending, { code: 'recipient-opted-out', source: 'callback' }) : message;
}

/** The parked message whose template message LipaChat refused: its caller has to change that. */
export function invitationRefused(message: Message, ending: Ending): Message {
  return message.status === 'parked'
    ? failed(message, ending, { code: 'gateway-rejected', source: 'gateway' })
    : message;
}

function failed(
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

/** More tries than this would only tell the same. With the pauses below it is about four hours. */
const MAX_TRIES = 20;
const PAUSE_BASE_S = 5;
/** SQS delays a message by 15 minutes at most. */
const MAX_DELAY_S = 900;

/** The pause before the next try, in seconds; undefined when the tries are used up. */
export function pauseBefore(
  tries: number,
  asked: { readonly retryAfter: number; readonly pair: boolean; readonly maxTries?: number | undefined },
): number | undefined {
  if (tries > (asked.maxTries ?? MAX_TRIES)) return undefined;
  const own = asked.pair ? pairPauseSeconds(tries) : PAUSE_BASE_S * 2 ** Math.min(tries, 8);
  return Math.min(MAX_DELAY_S, Math.max(own, asked.retryAfter));
}

/** The promised message back in the queue after a try that sent nothing. */
export function queuedAgain(
  message: Message,
  fence: Fence,
  {
    now,
    delaySeconds,
    reason,
  }: { readonly now: Date; readonly delaySeconds: number; readonly reason: string },
): Message {
  if (!holds(fence, message) || message.answer) return message;
  return {
    ...message,
    status: 'queued',
    lease: undefined,
    tries: (message.tries ?? 0) + 1,
    reason,
    notBefore: later(now, delaySeconds * 1000),
    dueAt: later(now, delaySeconds * 1000 + QUEUE_GRACE_MS),
    timeline: remember(message, { at: now, status: 'queued', source: 'worker', detail: reason }),
  };
}

/** A copy of its queue's record that comes before its time: the one with the delay is still to come. */
export function isTooEarly({ notBefore }: Message, now: Date): boolean {
  return notBefore !== undefined && notBefore.getTime() > now.getTime() + EARLY_MS;
}

/** Waiting for their turn with one customer: the oldest goes first. */
export function isInLane({ status, parkedUntil }: Message): boolean {
  return parkedUntil !== undefined && (status === 'parked' || status === 'queued' || status === 'sending');
}
