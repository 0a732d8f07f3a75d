import { AppError } from '../platform/errors.ts';

/*
 * The time that a send needs before its invocation ends. A send that cannot be finished is not claimed: a claim that
 * is left behind blocks its messageId until the lease ends.
 */

/** The claim, with one slow try of the store (a second), and `SHORTEST_DISPATCH_MS`. */
const SHORTEST_SEND_MS = 3_000;
/** A short call to LipaChat and the settle. With less time left after the claim, the claim is given back. */
const SHORTEST_DISPATCH_MS = 1_500;

interface Invocation {
  /** When the invocation has to end. */
  readonly deadlineAt: Date;
}

/** Throws `store-unavailable` if the rest of the invocation is too short for a send. Call it before the claim. */
export function assertTimeForSend({ deadlineAt }: Invocation, now: Date): void {
  if (isShorter(deadlineAt, now, SHORTEST_SEND_MS)) throw outOfTime();
}

/** Is the rest of the invocation long enough for a call to LipaChat and the settle? */
export function hasTimeForDispatch({ deadlineAt }: Invocation, now: Date): boolean {
  return !isShorter(deadlineAt, now, SHORTEST_DISPATCH_MS);
}

function isShorter(deadlineAt: Date, now: Date, ms: number): boolean {
  return deadlineAt.getTime() - now.getTime() < ms;
}

export function outOfTime(): AppError {
  const detail = 'Too little time was left for this request. Nothing was sent. Repeat the request.';
  return new AppError('store-unavailable', detail, { retryAfter: 1 });
}
