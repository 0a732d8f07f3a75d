import { gatewayMessageIdOf } from './gateway-message-id.ts';
import { type Message, remember } from './message.ts';
import { advanceStatus, type ReportedStatus } from './status.ts';

/** What a status callback says of one message. */
export interface StatusReport {
  readonly status: ReportedStatus;
  readonly at: Date;
  readonly waId?: string | undefined;
  /** The messageId that the callback named: the one that LipaChat got, or one of its own. */
  readonly gatewayMessageId?: string | undefined;
  /** WhatsApp's code of a failure (`domain/error-book.ts`). */
  readonly code?: number | undefined;
  /** WhatsApp's words on a failure. */
  readonly detail?: string | undefined;
}

/** The message after a status callback; the very same object where it was no news. */
export function afterReport(message: Message, report: StatusReport): Message {
  const { at, detail } = report;
  if (isOutdated(message, report)) return message;
  const status = advanceStatus(message.status, report.status);
  const timeline = remember(message, { at, status: report.status, source: 'callback', detail });
  const waId = message.waId ?? report.waId;
  if (timeline === message.timeline && status === message.status && waId === message.waId) return message;
  const climbed = status !== message.status;
  // Proven, and nobody is at it: the sweeper gives it its answer.
  const needsAnswer = !message.answer && !message.lease;
  return {
    ...message,
    status,
    timeline,
    waId,
    // Until then it may come back as a failure that is worth another try.
    request: ['failed', 'delivered', 'read'].includes(status) ? undefined : message.request,
    dueAt: needsAnswer ? at : message.dueAt,
    sentAt: message.sentAt ?? (report.status === 'failed' ? undefined : at),
    reason: climbed
      ? status === 'failed'
        ? (detail ?? 'WhatsApp reported a failure')
        : undefined
      : message.reason,
  };
}

/** A word on an earlier send of the same message; or on one that, being a failure, can't be of this one. */
export function isOutdated(message: Message, { status, waId, gatewayMessageId }: StatusReport): boolean {
  if (waId !== undefined && waId === message.waId) return false;
  if (waId !== undefined && message.retiredWaIds?.includes(waId)) return true;
  if (gatewayMessageId !== undefined && gatewayMessageId !== gatewayMessageIdOf(message)) return true;
  return status === 'failed' && ['parked', 'queued', 'expired'].includes(message.status);
}
