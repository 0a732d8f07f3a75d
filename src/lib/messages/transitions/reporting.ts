import { classOf, type ErrorClass } from '../../whatsapp/error-codes.ts';
import { pauseBefore, retryOf } from '../backoff.ts';
import { type NewId, resentUnder, withEarlierWaId } from '../gateway-message-id.ts';
import { mayReplace, type ResendPolicy } from '../hold-or-resend.ts';
import { type Message, type Reply, remember } from '../message.ts';
import type { Status } from '../status.ts';
import { isOutdated, type StatusReport } from '../status-report.ts';
import { heldBack, parkedFor, parkedUntilOf } from './waiting.ts';

/*
 * Status callbacks about the flow itself, and the customer's reply. A transient failure takes the send back: the message waits again,
 * in the same write that records the failure (ADR 012). Proof of a delivery, of any of its sends, calls the
 * next one off.
 */

export interface Reported {
  readonly report: StatusReport;
  readonly now: Date;
  /** May another send follow a failed one? */
  readonly ambiguity: Pick<ResendPolicy, 'mode'>;
  readonly newIds: NewIds;
}

/** For what a failure may call for. */
interface NewIds {
  readonly resend: NewId;
  readonly template: NewId;
}

export interface Replied {
  readonly reply: Reply;
  /** WhatsApp's id of the send that the customer quoted, if it is one of this message. */
  readonly quotedWaId: string | undefined;
  readonly now: Date;
}

/** Does the report count: is it about the current send, or does it prove that an earlier one was delivered? */
export function isCurrent(message: Message, { report }: Reported): boolean {
  return !isOutdated(message, report);
}

/** Has no reply been stored? The first one is kept; a later one is a repeat or belongs to another message. */
export function isUnreplied({ reply }: Message): boolean {
  return reply === undefined;
}

/** The message with the customer's reply, which proves that it was delivered. */
export function recordReply(message: Message, { reply, quotedWaId, now }: Replied, to: Status): Message {
  const advances = to !== message.status;
  const entry = { at: reply.at, status: to, source: 'callback', detail: 'the customer replied' } as const;
  return {
    ...message,
    reply,
    request: undefined,
    waId: message.waId ?? quotedWaId,
    sentAt: message.sentAt ?? reply.at,
    dueAt: dueOnceProven(message, now),
    reason: advances ? undefined : message.reason,
    timeline: advances ? remember(message, entry) : message.timeline,
  };
}

/** Returns the same object if the report contains nothing new. */
export function record(message: Message, { report }: Reported, to: Status): Message {
  const { at, detail } = report;
  const timeline = remember(message, { at, status: report.status, source: 'callback', detail });
  const waId = message.waId ?? report.waId;
  const advances = to !== message.status;
  if (timeline === message.timeline && !advances && waId === message.waId) return message;
  return {
    ...message,
    timeline,
    waId,
    // Until then a transient failure may still require another send.
    request: ['failed', 'delivered', 'read'].includes(to) ? undefined : message.request,
    dueAt: dueOnceProven(message, at),
    sentAt: message.sentAt ?? (report.status === 'failed' ? undefined : at),
    reason: advances ? reasonOf(report) : message.reason,
  };
}

/** An owner settles the message itself. Without one, the sweeper has to write a missing answer. */
function dueOnceProven({ lease, answer, dueAt }: Message, at: Date): Date | undefined {
  if (lease) return dueAt;
  return answer ? undefined : at;
}

function reasonOf({ status, detail }: StatusReport): string | undefined {
  return status === 'failed' ? (detail ?? 'WhatsApp reported a failure') : undefined;
}

/** Did WhatsApp report that the window was shut (131047), and may the flow still wait for its customer? */
export function isParkable(message: Message, reported: Reported): boolean {
  if (!isCurrent(message, reported) || classIn(reported.report) !== 'window-shut') return false;
  if (!mayReplace(reported.ambiguity)) return false;
  if (!message.request || message.request.whenClosed === 'reject') return false;
  return parkedUntilOf(message) > reported.now;
}

/** Takes the send back and parks the flow. */
export function parkAgain(message: Message, reported: Reported): Message {
  const { now, newIds } = reported;
  const failed = failedNow(message, reported);
  return {
    ...parkedFor(takenBack(failed, newIds), { now, templateId: newIds.template }),
    reason: 'WhatsApp reported that the session window was closed',
    timeline: remember(failed, { at: now, status: 'parked', source: 'callback' }),
  };
}

/** Does the error class ask for another try, and is one left? */
export function isRetryable(message: Message, reported: Reported): boolean {
  if (!isCurrent(message, reported) || !message.request) return false;
  return mayReplace(reported.ambiguity) && pauseAfter(message, reported.report) !== undefined;
}

/** Takes the send back and queues the message, after a pause. */
export function sendAgain(message: Message, reported: Reported): Message {
  const { report, now, newIds } = reported;
  const delaySeconds = pauseAfter(message, report) ?? 0;
  const failed = failedNow(message, reported);
  return {
    ...heldBack(takenBack(failed, newIds), { now, delaySeconds, errorClass: classIn(report) }),
    timeline: remember(failed, { at: now, status: 'queued', source: 'callback', detail: failed.reason }),
  };
}

function pauseAfter(message: Message, report: StatusReport): number | undefined {
  const retry = retryOf(classIn(report));
  return retry && pauseBefore(message, retry);
}

function classIn({ code }: StatusReport): ErrorClass | undefined {
  return code === undefined ? undefined : classOf(code);
}

/** The message with the failure in its timeline, and with its request kept for the resend. */
function failedNow(message: Message, reported: Reported): Message {
  return { ...record(message, reported, 'failed'), request: message.request };
}

/** The next send gets a new id, because LipaChat would deduplicate a repeat. An answer that a caller has seen stays. */
function takenBack(failed: Message, { resend }: NewIds): Message {
  return {
    ...withEarlierWaId(failed, failed.waId),
    epoch: failed.epoch + 1,
    lease: undefined,
    sentAt: undefined,
    waId: undefined,
    ...resentUnder(resend, failed),
    attempts: 0,
    firstTryAt: undefined,
  };
}
