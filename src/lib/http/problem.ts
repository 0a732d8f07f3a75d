import { AppError, type ErrorCode } from '../platform/errors.ts';

/** The only mapping from error codes to HTTP; `openapi.yaml` documents each problem. */
const PROBLEMS: Record<ErrorCode, { readonly status: number; readonly title: string }> = {
  'invalid-request': { status: 400, title: 'Invalid request' },
  'not-found': { status: 404, title: 'Not found' },
  'send-in-progress': { status: 409, title: 'Send in progress' },
  'session-closed': { status: 409, title: 'Session window closed' },
  'payload-too-large': { status: 413, title: 'Request body too large' },
  'message-id-reused': { status: 422, title: 'messageId already in use' },
  'recipient-opted-out': { status: 422, title: 'Recipient opted out' },
  'gateway-rejected': { status: 422, title: 'Message rejected by LipaChat' },
  'gateway-credentials': { status: 503, title: 'LipaChat credentials rejected' },
  'gateway-misconfigured': { status: 503, title: 'LipaChat cannot be used as configured' },
  'gateway-throttled': { status: 503, title: 'Sending throttled' },
  'gateway-unavailable': { status: 503, title: 'LipaChat unavailable' },
  'campaign-id-reused': { status: 422, title: 'campaignId already in use' },
  'campaign-state': { status: 409, title: 'Not allowed in this campaign state' },
  'store-unavailable': { status: 503, title: 'Data store unavailable' },
  internal: { status: 500, title: 'Internal error' },
};

/** A problem document (RFC 9457). */
export interface Problem {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly code: ErrorCode;
  readonly detail: string;
  readonly correlationId: string;
  readonly errors?: readonly { path: string; message: string }[];
}

/** Any fault as the caller sees it. A fault that isn't an AppError becomes `internal` and discloses nothing. */
export function problemOf(
  fault: unknown,
  correlationId: string,
): { problem: Problem; headers: Record<string, string> } {
  const error =
    fault instanceof AppError
      ? fault
      : new AppError('internal', 'An unexpected error occurred. The log has it under the correlationId.');
  const { status, title } = PROBLEMS[error.code];
  return {
    problem: {
      type: `urn:lipaflow:problem:${error.code}`,
      title,
      status,
      code: error.code,
      detail: error.detail,
      correlationId: error.replayOf ?? correlationId,
      ...(error.errors ? { errors: error.errors } : {}),
    },
    headers: {
      ...(error.retryAfter === undefined || status < 409
        ? {}
        : { 'retry-after': String(Math.max(1, error.retryAfter)) }),
      ...(error.replayOf === undefined ? {} : { 'idempotent-replayed': 'true' }),
    },
  };
}
