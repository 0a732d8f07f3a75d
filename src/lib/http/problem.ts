import { AppError, type ErrorCode } from '../platform/errors.ts';

/** The only mapping from error codes to HTTP; `openapi.yaml` documents each problem. */
const PROBLEMS: Record<ErrorCode, { readonly status: number; readonly title: string }> = {
  'invalid-request': { status: 400, title: 'The request is not valid' },
  'not-found': { status: 404, title: 'Not found' },
  'send-in-progress': { status: 409, title: 'The message is being sent' },
  'session-closed': { status: 409, title: 'The 24-hour session window is shut' },
  'payload-too-large': { status: 413, title: 'The body is too large' },
  'message-id-reused': { status: 422, title: 'The messageId is taken' },
  'recipient-opted-out': { status: 422, title: 'The recipient has opted out' },
  'gateway-rejected': { status: 422, title: 'LipaChat refused the message' },
  'gateway-credentials': { status: 503, title: 'LipaChat does not accept our apiKey' },
  'gateway-misconfigured': { status: 503, title: 'LipaChat cannot be used as configured' },
  'gateway-throttled': { status: 503, title: 'LipaChat is throttling' },
  'gateway-unavailable': { status: 503, title: 'LipaChat is out of reach' },
  'campaign-id-reused': { status: 422, title: 'The campaignId is taken' },
  'campaign-state': { status: 409, title: 'The campaign is in another state' },
  'store-unavailable': { status: 503, title: 'The store is out of reach' },
  internal: { status: 500, title: 'Something went wrong on our side' },
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
      : new AppError('internal', 'The fault is logged under the correlationId.');
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
