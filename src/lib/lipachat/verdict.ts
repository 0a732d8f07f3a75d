import { type Retry, retryOf } from '../messages/backoff.ts';
import type { RejectionCode } from '../messages/message.ts';
import type { Accepted, Misconfigured, Outcome, Rejected } from '../messages/outcome.ts';
import type { ErrorCode } from '../platform/errors.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';

/* What outcomes mean for a message, and what to do next. `outcome-of-response.ts` decides which are accepted. */

/** The state of the calls for one message. */
export interface Tries {
  /** Calls made so far, including the last. Calls refused for a wrong apiKey don't count. */
  readonly calls: number;
  readonly maxCalls: number;
  /** Milliseconds until the deadline of all calls. */
  readonly msLeft: number;
  /** Uniform in [0, 1), for the jitter. */
  readonly random: number;
  readonly ambiguityMode: 'resend' | 'hold';
}

export type Step =
  | { readonly kind: 'stop' }
  | { readonly kind: 'retry'; readonly delayMs: number }
  /** Repeat only if the store has a newer apiKey than the refused one. */
  | { readonly kind: 'refreshKey' };

const BACKOFF_BASE_MS = 200;
const BACKOFF_CAP_MS = 2_000;
/** With less time than this, a call is not worth starting. */
const SHORTEST_CALL_MS = 500;

/** What to do after a call: repeat if that is safe and calls and time are left. */
export function nextStep(outcome: Outcome, tries: Tries): Step {
  switch (outcome.kind) {
    case 'credentials':
      return tries.msLeft > SHORTEST_CALL_MS ? { kind: 'refreshKey' } : { kind: 'stop' };
    case 'throttled':
      return outcome.pair ? { kind: 'stop' } : retryAfter(outcome.retryAfterMs ?? backoff(tries), tries);
    case 'notSent':
      return retryAfter(backoff(tries), tries);
    case 'ambiguous':
      return tries.ambiguityMode === 'resend' ? retryAfter(backoff(tries), tries) : { kind: 'stop' };
    case 'rejected':
    case 'misconfigured':
    case 'accepted':
    case 'sessionClosed':
      return { kind: 'stop' };
  }
}

function backoff({ calls, random }: Tries): number {
  return random * Math.min(BACKOFF_CAP_MS, BACKOFF_BASE_MS * 2 ** (calls - 1));
}

function retryAfter(delayMs: number, { calls, maxCalls, msLeft }: Tries): Step {
  // A longer wait is left to the caller, who gets Retry-After.
  const fits = calls < maxCalls && delayMs <= BACKOFF_CAP_MS && delayMs + SHORTEST_CALL_MS < msLeft;
  return fits ? { kind: 'retry', delayMs } : { kind: 'stop' };
}

/** What the outcome of all calls means for the message. */
export type Verdict =
  | { readonly kind: 'sent'; readonly accepted: Accepted }
  | { readonly kind: 'rejected'; readonly code: RejectionCode; readonly detail: string }
  /** Nothing was sent, or LipaChat kept nothing of it: give back the claim, so that the caller may repeat. */
  | Release
  | Unknown;

/** The outcome can't be known. `again`: LipaFlow may repeat the messageId to find out. */
interface Unknown {
  readonly kind: 'unknown';
  readonly reason: string;
  readonly again: boolean;
  /** LipaChat refused the repeat because the window is shut: no free-form message may follow. */
  readonly windowShut?: true;
}

/** Not sent; a later try may succeed. */
export interface Release extends Omit<Retry, 'code'> {
  readonly kind: 'release';
  readonly code: ReleaseCode;
  /** The class of the error code in LipaChat's response. A 429 without a code counts as `wait`. */
  readonly errorClass?: ErrorClass | undefined;
  /** What came from LipaChat, for people. It may name a phone number. */
  readonly said?: string | undefined;
}

type ReleaseCode = Extract<
  ErrorCode,
  | 'gateway-credentials'
  | 'gateway-misconfigured'
  | 'gateway-rejected'
  | 'gateway-throttled'
  | 'gateway-unavailable'
  | 'session-closed'
  | 'recipient-opted-out'
>;

const DEFAULT_RETRY_AFTER_S = 5;
const CREDENTIALS_RETRY_AFTER_S = 30;
const MISCONFIGURED_RETRY_AFTER_S = 60;

/**
 * Interprets the last outcome in light of the calls before it. Once a request may have left, only a receipt or a
 * "duplicate" settles it. Any other response to a repeat concerns the repeat alone (ADR 006).
 */
export function verdictOn(
  outcome: Outcome,
  before: { readonly mayHaveLeft: boolean; readonly ambiguityMode: 'resend' | 'hold' },
): Verdict {
  if (outcome.kind === 'accepted') return { kind: 'sent', accepted: outcome };
  if (outcome.kind === 'ambiguous') return { kind: 'unknown', reason: outcome.reason, again: true };
  const cannotTell = outcome.kind === 'rejected' && outcome.errorClass === 'cannot-tell';
  if (cannotTell && before.ambiguityMode === 'hold') return CANNOT_TELL;
  return before.mayHaveLeft ? verdictOnRepeat(outcome) : verdictOnFirst(outcome);
}

/** WhatsApp may have sent a message in spite of such a code (`whatsapp/error-codes.ts`). */
const CANNOT_TELL: Verdict = {
  kind: 'unknown',
  reason: "WhatsApp's error code does not tell whether it sent the message",
  again: false,
};

type NotAccepted = Exclude<Outcome, { kind: 'accepted' } | { kind: 'ambiguous' }>;

function verdictOnFirst(outcome: NotAccepted): Verdict {
  switch (outcome.kind) {
    case 'rejected':
      return verdictOnCode(outcome);
    case 'credentials':
      return { kind: 'release', code: 'gateway-credentials', retryAfter: CREDENTIALS_RETRY_AFTER_S };
    case 'misconfigured':
      return misconfigured(outcome);
    case 'sessionClosed':
      return { kind: 'release', code: 'session-closed', retryAfter: 0 };
    case 'throttled':
      return throttled(outcome);
    case 'notSent':
      return { kind: 'release', code: 'gateway-unavailable', retryAfter: DEFAULT_RETRY_AFTER_S };
  }
}

function misconfigured({ httpStatus, said }: Misconfigured): Verdict {
  return {
    kind: 'release',
    code: 'gateway-misconfigured',
    retryAfter: MISCONFIGURED_RETRY_AFTER_S,
    said:
      said === undefined ? `HTTP ${httpStatus}, not in LipaChat's envelope` : `HTTP ${httpStatus}, "${said}"`,
  };
}

/** Uses LipaChat's Retry-After if there is one. */
function throttled({ pair, retryAfterMs = 0 }: Extract<Outcome, { kind: 'throttled' }>): Verdict {
  const retry = retryOf(pair ? 'pair-too-fast' : 'wait');
  const seconds = Math.ceil(retryAfterMs / 1000) || DEFAULT_RETRY_AFTER_S;
  return { kind: 'release', code: 'gateway-throttled', ...retry, retryAfter: seconds };
}

/** A refusal, by the class of its code. Without a known code, the message itself is at fault. */
function verdictOnCode({ errorClass, message }: Rejected): Verdict {
  const retry = retryOf(errorClass);
  if (retry) return { kind: 'release', ...retry };
  if (errorClass === 'opted-out')
    return { kind: 'release', code: 'recipient-opted-out', retryAfter: 0, errorClass };
  return { kind: 'rejected', code: 'gateway-rejected', detail: message };
}

function verdictOnRepeat(outcome: NotAccepted): Verdict {
  switch (outcome.kind) {
    case 'rejected':
      if (outcome.duplicate)
        return { kind: 'sent', accepted: { kind: 'accepted', envelope: outcome.envelope } };
      return {
        kind: 'unknown',
        reason: 'LipaChat rejected a repeat; the first request may have been accepted',
        again: false,
      };
    case 'sessionClosed':
      return {
        kind: 'unknown',
        reason: 'the session window closed before a repeat could confirm the outcome',
        again: false,
        windowShut: true,
      };
    case 'credentials':
      return {
        kind: 'unknown',
        reason: 'LipaChat rejected the apiKey of the repeat',
        again: true,
      };
    case 'misconfigured':
      return { kind: 'unknown', reason: 'LipaChat did not judge the repeat', again: true };
    case 'throttled':
      return { kind: 'unknown', reason: 'LipaChat throttled the repeat', again: true };
    case 'notSent':
      return { kind: 'unknown', reason: 'LipaChat could not be reached for the repeat', again: true };
  }
}
