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
 * Is the report about an earlier send of the message? A failure always is, while the message waits or after
 * it expired.
 */
export function isOutdated(message: Message, { status, waId, gatewayMessageId }: StatusReport): boolean {
  if (waId !== undefined && waId === message.waId) return false;
  if (waId !== undefined && message.retiredWaIds?.includes(waId)) return true;
  if (gatewayMessageId !== undefined && gatewayMessageId !== gatewayMessageIdOf(message)) return true;
  return status === 'failed' && ['parked', 'queued', 'expired'].includes(message.status);
}
