import type { ErrorClass } from '../../whatsapp/error-codes.ts';
import { counted, LONGEST_DELAY_MS, QUEUE_GRACE_MS } from '../backoff.ts';
import { type NewId, templateIdOf01 } from '../gateway-message-id.ts';
import type { ClaimTerms, Fence } from '../lease.ts';
import { type Message, type RejectionCode, remember } from '../message.ts';
import { BUSY_CHECK_MS, isTooLate, type Wait } from '../waiting.ts';
import { type Claiming, claim, type NewMessage, takeOver } from './claiming.ts';

/*
 * When `dueAt` brings the sweeper to a parked message: 75 s after parking, for a reply that crossed it; then
 * hourly; every minute while the window is open and another flow of the pair goes first.
 */
const FIRST_CHECK_MS = 75_000;
const LATER_CHECK_MS = 3_600_000;

const DEFAULT_PARK_SECONDS = 259_200;
const DAY_MS = 86_400_000;

export interface Owned {
  readonly fence: Fence;
  readonly now: Date;
}

export interface Parking {
  readonly now: Date;
  /** For its template message. */
  readonly templateId: NewId;
}

export interface Pausing {
  readonly now: Date;
  readonly delaySeconds: number;
  readonly errorClass: ErrorClass | undefined;
}

const SHUT = 'the session window is closed';

/** The claim of a request that has to wait for its customer: the window is shut. It has no owner. */
export function claimParked(claiming: Claiming): NewMessage {
  const { templateId } = claiming;
  const { now } = claiming.terms;
  return {
    ...parkedFor(claim(claiming), { now, templateId }),
    reason: SHUT,
    timeline: [{ at: now, status: 'parked', source: 'api' }],
  };
}

/** The owner parks the message: it waits for its customer. */
export function park(message: Message, { now, templateId }: Owned & Parking): Message {
  return {
    ...parkedFor(message, { now, templateId }),
    reason: SHUT,
    timeline: [...message.timeline, { at: now, status: 'parked', source: 'api' }],
  };
}

/** The message without an owner, waiting for its customer as long as the request allows. */
export function parkedFor<M extends NewMessage>(message: M, { now, templateId }: Parking): M {
  const parkedUntil = parkedUntilOf(message);
  return {
    ...message,
    lease: undefined,
    accepted: true,
    parkedUntil,
    expiresAt: retainedPast(parkedUntil, message),
    templateMessage: message.templateMessage ?? templateMessageFor(message, templateId),
    dueAt: earlier(parkedUntil, later(now, FIRST_CHECK_MS)),
  };
}

export function parkedUntilOf({ request, parkedUntil, createdAt }: NewMessage): Date {
  const seconds = request?.parkForSeconds ?? DEFAULT_PARK_SECONDS;
  return parkedUntil ?? later(createdAt, seconds * 1000);
}

/** Retention starts when the wait ends, so that a waiting message doesn't vanish. */
function retainedPast(parkedUntil: Date, { createdAt, expiresAt }: NewMessage): Date {
  const retention = expiresAt.getTime() - createdAt.getTime();
  return new Date(Math.max(expiresAt.getTime(), parkedUntil.getTime() + retention));
}

function templateMessageFor({ request, messageId }: NewMessage, id: NewId): Message['templateMessage'] {
  if (request?.whenClosed !== 'template') return undefined;
  return { messageId: id ?? templateIdOf01(messageId), state: 'pending' };
}

/** The message back in the queue, after an attempt that sent nothing. */
export function postpone(message: Message, pausing: Owned & Pausing & { readonly reason: string }): Message {
  const { now, reason } = pausing;
  return {
    ...heldBack(message, pausing),
    reason,
    timeline: remember(message, { at: now, status: 'queued', source: 'worker', detail: reason }),
  };
}

/** The message until its pause is over. The sweeper handles pauses longer than the queue's limit. */
export function heldBack(message: Message, { now, delaySeconds, errorClass }: Pausing): Message {
  const notBefore = later(now, delaySeconds * 1000);
  const isLong = delaySeconds * 1000 > LONGEST_DELAY_MS;
  return {
    ...message,
    ...counted(message, errorClass),
    lease: undefined,
    accepted: true,
    notBefore,
    dueAt: isLong ? notBefore : later(notBefore, QUEUE_GRACE_MS),
    // A waiting message must not vanish.
    expiresAt: new Date(Math.max(message.expiresAt.getTime(), notBefore.getTime() + DAY_MS)),
  };
}

export function isInTime(message: Message, wait: Wait): boolean {
  return !isTooLate(message, wait);
}

/** The claim of the worker that sends a parked message: its customer has written. */
export function release(message: Message, terms: ClaimTerms): Message {
  return {
    ...takeOver(message, terms),
    timeline: remember(message, { at: terms.now, status: 'sending', source: 'worker' }),
  };
}

export function isTimeOver(message: Message, wait: Wait): boolean {
  return isTooLate(message, wait);
}

/** The parked message of a customer who did not write in time. */
export function expire(message: Message, { now }: Wait): Message {
  return {
    ...message,
    request: undefined,
    dueAt: undefined,
    reason: 'the customer did not write in time',
    timeline: remember(message, { at: now, status: 'expired', source: 'sweeper' }),
  };
}

/** The parked message with the time of the sweeper's next check. */
export function recheck(
  message: Message,
  { now, isWindowOpen }: { readonly now: Date; readonly isWindowOpen: boolean },
): Message {
  if (!message.parkedUntil) return message;
  const asks = message.templateMessage?.state === 'pending';
  const next = later(now, isWindowOpen ? BUSY_CHECK_MS : asks ? FIRST_CHECK_MS : LATER_CHECK_MS);
  // A template message that could not be sent has an earliest time for its next try.
  const asksAt = asks && !isWindowOpen ? (message.templateMessage?.notBefore ?? next) : next;
  // Past its end it may have two more minutes (`isTooLate`), and must not be due all the while.
  const isOver = message.parkedUntil.getTime() <= now.getTime();
  const dueAt = isOver ? next : earlier(message.parkedUntil, asksAt > next ? asksAt : next);
  return message.dueAt?.getTime() === dueAt.getTime() ? message : { ...message, dueAt };
}

/** The queued message after the sweeper enqueued it again. */
export function reenqueue(message: Message, { now }: { readonly now: Date }): Message {
  return { ...message, dueAt: later(now, QUEUE_GRACE_MS) };
}

/** Why a waiting message fails. */
export interface Ending {
  readonly now: Date;
  readonly detail: string;
  readonly correlationId: string;
}

/** The customer opted out. Nothing of the message has left. */
export function cancel(message: Message, ending: Ending): Message {
  return failedFor(message, ending, { code: 'recipient-opted-out', source: 'callback' });
}

/** The failed message, with its final answer. */
export function failedFor(
  message: Message,
  { now, detail, correlationId }: Ending,
  { code, source }: { readonly code: RejectionCode; readonly source: 'callback' | 'gateway' },
): Message {
  return {
    ...message,
    request: undefined,
    dueAt: undefined,
    reason: detail,
    answer: { kind: 'rejected', code, detail, correlationId },
    timeline: remember(message, { at: now, status: 'failed', source, detail }),
  };
}

function later(at: Date, ms: number): Date {
  return new Date(at.getTime() + ms);
}

function earlier(a: Date, b: Date): Date {
  return a.getTime() < b.getTime() ? a : b;
}
