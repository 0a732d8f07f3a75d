import type { Outcome } from '../messages/outcome.ts';

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
