import { gatewayMessageIdOf } from './gateway-message-id.ts';
import type { Message } from './message.ts';
import type { ReportedStatus } from './status.ts';

/** A status callback about one message. */
export interface StatusReport {
  readonly status: ReportedStatus;
  readonly at: Date;
  readonly waId?: string | undefined;
  /** The messageId in the callback: the one sent to LipaChat, or LipaChat's own. */
  readonly gatewayMessageId?: string | undefined;
  /** WhatsApp's error code of a failure (`whatsapp/error-codes.ts`). */
  readonly code?: number | undefined;
  /** WhatsApp's description of a failure. */
  readonly detail?: string | undefined;
}

/**
 * Is the report about an earlier send, and does it prove nothing? That an earlier send was delivered or read
 * counts for the message. A failure is always outdated while the message waits or after it expired.
 */
export function isOutdated(message: Message, report: StatusReport): boolean {
  const { status, waId, gatewayMessageId } = report;
  if (status === 'delivered' || status === 'read') return false;
  if (waId !== undefined && waId === message.waId) return false;
  const isOfEarlierSend =
    message.retiredWaIds?.includes(waId ?? '') ||
    (gatewayMessageId !== undefined && gatewayMessageId !== gatewayMessageIdOf(message));
  if (isOfEarlierSend) return true;
  return status === 'failed' && ['parked', 'queued', 'expired'].includes(message.status);
}
