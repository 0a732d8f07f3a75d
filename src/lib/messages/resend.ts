import { classOf } from '../whatsapp/error-codes.ts';
import { type Message, remember } from './message.ts';
import { heldBack, pauseBefore, retryOf } from './retry.ts';
import { afterReport, type StatusReport } from './status-report.ts';
import { parkedFor } from './waiting.ts';

/*
 * A send that LipaChat had accepted and WhatsApp then failed, for a reason that passes: it is taken back, and the
 * message waits once more, in the same write that learns of the failure (ADR 012).
 */

/** The message after a status callback, and after what the class of its code asks for. */
export function afterStatus(message: Message, report: StatusReport, now: Date): Message {
  const after = afterReport(message, report);
  const hasFailed = after.status === 'failed' && message.status !== 'failed';
  if (!hasFailed || !message.request) return after;
  const failed = { ...after, request: message.request };
  const errorClass = report.code === undefined ? undefined : classOf(report.code);
  if (errorClass === 'window-shut') return parkedAgain(failed, now) ?? after;
  const retry = retryOf(errorClass);
  const delaySeconds = retry && pauseBefore(message, retry);
  if (delaySeconds === undefined) return after;
  const again = heldBack(takenBack(failed), { now, delaySeconds, errorClass });
  const { reason } = failed;
  return {
    ...again,
    timeline: remember(failed, { at: now, status: 'queued', source: 'callback', detail: reason }),
  };
}

/** WhatsApp says that the window was shut (131047): a flow that can wait, waits for its customer after all. */
function parkedAgain(failed: Message, now: Date): Message | undefined {
  if (failed.request?.whenClosed === 'reject') return undefined;
  const waiting = parkedFor(takenBack(failed), now);
  if (waiting.parkedUntil.getTime() <= now.getTime()) return undefined;
  return {
    ...waiting,
    reason: 'WhatsApp says that the session window was shut',
    timeline: remember(failed, { at: now, status: 'parked', source: 'callback' }),
  };
}

/** LipaChat would deduplicate a repeat of the messageId, so the next send has one derived from it (`wireIdOf`). */
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
