import type { ApiResponse } from '../http/api.ts';
import type { Answer, MessageId } from '../messages/message.ts';
import { type Receipt, receiptOf } from '../messages/receipt.ts';
import { AppError } from '../platform/errors.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { AttemptResult } from './attempt.ts';

/* How the end of a send looks to whoever asked for it. */

export type SendResult =
  | {
      readonly kind: 'sent';
      readonly messageId: MessageId;
      readonly body: string;
      readonly replayed: boolean;
    }
  /** Accepted, but not settled: poll it, or wait for its events. */
  | {
      readonly kind: 'pending';
      readonly messageId: MessageId;
      readonly receipt: Receipt;
      /** It is parked, and its template message met a class that asks for a pause. */
      readonly throttleReason?: ErrorClass | undefined;
    };

/** Another payload, or another client's. */
export function reused(): AppError {
  const detail = 'This messageId belongs to another request. Use a new one for a new message.';
  return new AppError('message-id-reused', detail);
}

/** What is stored, as the answer that it is to its caller. */
export function resultOf({ message, fresh, throttleReason }: AttemptResult): SendResult {
  const { messageId, answer, status, lease } = message;
  if (answer) return replay(messageId, answer, !fresh);
  if (status === 'sending' && lease) throw busy(1);
  const receipt = receiptOf(message, { session: null, gateway: null });
  return { kind: 'pending', messageId, receipt, ...(throttleReason ? { throttleReason } : {}) };
}

/** A stored answer; where it is a problem, it is thrown. */
export function replay(messageId: MessageId, answer: Answer, replayed: boolean): SendResult {
  if (answer.kind === 'sent') return { kind: 'sent', messageId, body: answer.body, replayed };
  const circumstances = replayed ? { replayOf: answer.correlationId } : {};
  throw new AppError(answer.code, answer.detail, circumstances);
}

/** Somebody is at it, for so many seconds at most. */
export function busy(retryAfter: number): AppError {
  return new AppError('send-in-progress', 'This messageId is being sent. Ask again in a moment.', {
    retryAfter,
  });
}

/** How the end of a send looks over HTTP: 201 with the stored bytes, or 202 and where to poll. */
export function sendResponse(result: SendResult): ApiResponse {
  const location = `/v1/messages/${result.messageId}`;
  if (result.kind === 'pending') return { status: 202, body: result.receipt, headers: { location } };
  const replayed: Record<string, string> = result.replayed ? { 'idempotent-replayed': 'true' } : {};
  return { status: 201, body: result.body, headers: { location, ...replayed } };
}
