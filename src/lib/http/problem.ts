import { AppError, type ErrorCode } from '../platform/errors.ts';
import { titleOf } from '../platform/problem-titles.ts';

/** The only mapping from error codes to HTTP; `openapi.yaml` documents each problem. */
const STATUSES: Record<ErrorCode, number> = {
  'invalid-request': 400,
  forbidden: 403,
  'not-found': 404,
  'not-acceptable': 406,
  'send-in-progress': 409,
  'session-closed': 409,
  'payload-too-large': 413,
  'message-id-reused': 422,
  'recipient-opted-out': 422,
  'gateway-rejected': 422,
  'gateway-credentials': 503,
  'gateway-misconfigured': 503,
  'gateway-throttled': 503,
  'gateway-unavailable': 503,
  'campaign-id-reused': 422,
  'campaign-state': 409,
  'store-unavailable': 503,
  internal: 500,
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
  const status = STATUSES[error.code];
  return {
    problem: {
      type: `urn:lipaflow:problem:${error.code}`,
      title: error.title ?? titleOf(error.code),
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
