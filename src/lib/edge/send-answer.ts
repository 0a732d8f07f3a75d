import type { SendResult } from '../usecases/send-result.ts';
import type { ApiAnswer } from './api.ts';

/** How the end of a send looks over HTTP: 201 with the stored bytes, or 202 and where to poll. */
export function sendAnswer(result: SendResult): ApiAnswer {
  const location = `/v1/messages/${result.messageId}`;
  if (result.kind === 'pending') return { status: 202, body: result.receipt, headers: { location } };
  const replayed: Record<string, string> = result.replayed ? { 'idempotent-replayed': 'true' } : {};
  return { status: 201, body: result.body, headers: { location, ...replayed } };
}
