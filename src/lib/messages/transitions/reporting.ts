import { classOf, type ErrorClass } from '../../whatsapp/error-codes.ts';
import { type Message, remember } from '../message.ts';
import { pauseBefore, retryOf } from '../retry.ts';
import type { Status } from '../status.ts';
import { isOutdated, type StatusReport } from '../status-report.ts';
import { heldBack, parkedFor, parkedUntilOf } from './waiting.ts';

/*
 * A status callback about the flow itself. A failure for a reason that passes takes the send back, and the message
 * waits once more, in the same write that learns of the failure (ADR 012).
 */

export interface Reported {
  readonly report: StatusReport;
  readonly now: Date;
}

/** Is it about the send that stands now, and not about an earlier one? */
export function isCurrent(message: Message, { report }: Reported): boolean {
  return !isOutdated(message, report);
}

/** The same object where the report is no news. */
export function record(message: Message, { report }: Reported, to: Status): Message {
  const { at, detail } = report;
  const timeline = remember(message, { at, status: report.status, source: 'callback', detail });
  const waId = message.waId ?? report.waId;
  const advances = to !== message.status;
  if (timeline === message.timeline && !advances && waId === message.waId) return message;
  // Proven, and without an owner: the sweeper writes its answer.
  const needsAnswer = !message.answer && !message.lease;
  return {
    ...message,
    timeline,
    waId,
    // Until then it may fail for a reason that is worth another try.
    request: ['failed', 'delivered', 'read'].includes(to) ? undefined : message.request,
    dueAt: needsAnswer ? at : message.dueAt,
    sentAt: message.sentAt ?? (report.status === 'failed' ? undefined : at),
    reason: advances ? reasonOf(report) : message.reason,
  };
}

function reasonOf({ status, detail }: StatusReport): string | undefined {
  return status === 'failed' ? (detail ?? 'WhatsApp reported a failure') : undefined;
}

/** WhatsApp says that the window was shut (131047), and the flow may still wait for its customer. */
export function isParkable(message: Message, reported: Reported): boolean {
  if (!isCurrent(message, reported) || classIn(reported.report) !== 'window-shut') return false;
  if (!message.request || message.request.whenClosed === 'reject') return false;
  return parkedUntilOf(message) > reported.now;
}

/** Taken back, and parked after all. */
export function parkAgain(message: Message, reported: Reported): Message {
  const { now } = reported;
  const failed = failedNow(message, reported);
  return {
    ...parkedFor(takenBack(failed), now),
    reason: 'WhatsApp says that the session window was shut',
    timeline: remember(failed, { at: now, status: 'parked', source: 'callback' }),
  };
}

/** The class of the code asks for another try, and some are left. */
export function isRetryable(message: Message, reported: Reported): boolean {
  if (!isCurrent(message, reported) || !message.request) return false;
  return pauseAfter(message, reported.report) !== undefined;
}

/** Taken back, and sent once more after a pause. */
export function sendAgain(message: Message, reported: Reported): Message {
  const { report, now } = reported;
  const delaySeconds = pauseAfter(message, report) ?? 0;
  const failed = failedNow(message, reported);
  return {
    ...heldBack(takenBack(failed), { now, delaySeconds, errorClass: classIn(report) }),
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

/** With the failure in its history, and with what is to be sent again. */
function failedNow(message: Message, reported: Reported): Message {
  return { ...record(message, reported, 'failed'), request: message.request };
}

/** LipaChat would deduplicate a repeat of the messageId, so the next send has one derived from it (`gatewayMessageIdOf`). */
function takenBack(failed: Message): Message {
  const { waId, retiredWaIds = [] } = failed;
  return {
    ...failed,
    epoch: failed.epoch + 1,
    lease: undefined,
    answer: undefined,
    sentAt: undefined,
    waId: undefined,
    retiredWaIds: waId === undefined ? retiredWaIds : [...retiredWaIds, waId],
    resends: (failed.resends ?? 0) + 1,
    attempts: 0,
    firstTryAt: undefined,
  };
}
