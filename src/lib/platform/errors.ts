import type { ErrorClass } from '../whatsapp/error-codes.ts';

/** Every problem that a caller may get (`openapi.yaml`), except API Gateway's own 401 and 403. */
export type ErrorCode =
  | 'invalid-request'
  | 'forbidden'
  | 'not-found'
  | 'not-acceptable'
  | 'send-in-progress'
  | 'session-closed'
  | 'payload-too-large'
  | 'message-id-reused'
  | 'recipient-opted-out'
  | 'gateway-rejected'
  | 'gateway-credentials'
  | 'gateway-misconfigured'
  | 'gateway-throttled'
  | 'gateway-unavailable'
  | 'store-unavailable'
  | 'campaign-id-reused'
  | 'campaign-state'
  | 'internal';

/** A fault of one field: its dotted `path` (`data.service`), and a `message` without the value. */
export interface FieldError {
  readonly path: string;
  readonly message: string;
}

interface Circumstances {
  /** Seconds after which the same request may succeed. */
  readonly retryAfter?: number;
  readonly errors?: readonly FieldError[];
  /** Set on a stored, final refusal: the correlation id of the request that got it first. */
  readonly replayOf?: string;
  /** Of a stored refusal: the title that its first caller saw. */
  readonly title?: string | undefined;
  /** The class of WhatsApp's error code, if a code caused the refusal. */
  readonly errorClass?: ErrorClass | undefined;
  readonly cause?: unknown;
}

/** Did a store or a queue not respond? The same call may succeed later. */
export function isUnavailable(fault: unknown): boolean {
  return fault instanceof AppError && fault.code === 'store-unavailable';
}

/** A refusal or a fault. The caller sees `detail`, so it must not contain a secret or a phone number. */
export class AppError extends Error {
  readonly code: ErrorCode;
  readonly detail: string;
  readonly retryAfter: number | undefined;
  readonly errors: readonly FieldError[] | undefined;
  readonly replayOf: string | undefined;
  readonly title: string | undefined;
  readonly errorClass: ErrorClass | undefined;

  constructor(code: ErrorCode, detail: string, circumstances: Circumstances = {}) {
    super(code, { cause: circumstances.cause });
    this.name = 'AppError';
    this.code = code;
    this.detail = detail;
    this.retryAfter = circumstances.retryAfter;
    this.errors = circumstances.errors;
    this.replayOf = circumstances.replayOf;
    this.title = circumstances.title;
    this.errorClass = circumstances.errorClass;
  }
}

/** The faults that a refusal lists, and the characters of a path: names of fields come from the caller, at any length. */
export const LISTED_FAULTS = 100;
export const SHOWN_PATH = 200;

/** An `invalid-request` with every faulty field, or the first hundred and how many more there are. */
export function invalidRequest(faults: readonly FieldError[]): AppError {
  const what = faults.length === 1 ? 'One field is' : `${faults.length} fields are`;
  const errors = faults
    .slice(0, LISTED_FAULTS)
    .map(({ path, message }) => ({ path: shownPath(path), message }));
  const more = faults.length - errors.length;
  if (more > 0) errors.push({ path: '', message: `${more} more faults are not listed` });
  return new AppError('invalid-request', `${what} invalid. See errors.`, { errors });
}

function shownPath(path: string): string {
  return path.length <= SHOWN_PATH ? path : `${path.slice(0, SHOWN_PATH - 1).toWellFormed()}…`;
}

/** The store can never take this value, however often it is tried: too large, or a number out of range. */
export class NotStorable extends AppError {
  constructor(cause: unknown) {
    super('store-unavailable', 'The data store cannot store this value.', { retryAfter: 2, cause });
    this.name = 'NotStorable';
  }
}

/** Does the parameter store have no such parameter? True for its own fault, and for the one that a secret makes of it. */
export function isMissingParameter(fault: unknown): boolean {
  const cause = fault instanceof AppError ? fault.cause : fault;
  return cause instanceof Error && cause.name === 'ParameterNotFound';
}
