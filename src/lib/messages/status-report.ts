import { gatewayMessageIdOf } from './gateway-message-id.ts';
import type { Message } from './message.ts';
import type { ReportedStatus } from './status.ts';

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

/** A word on an earlier send of the same message; or on one that, being a failure, can't be of this one. */
export function isOutdated(message: Message, { status, waId, gatewayMessageId }: StatusReport): boolean {
  if (waId !== undefined && waId === message.waId) return false;
  if (waId !== undefined && message.retiredWaIds?.includes(waId)) return true;
  if (gatewayMessageId !== undefined && gatewayMessageId !== gatewayMessageIdOf(message)) return true;
  return status === 'failed' && ['parked', 'queued', 'expired'].includes(message.status);
}
