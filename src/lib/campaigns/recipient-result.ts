import type { Status } from '../messages/status.ts';
import type { AppError } from '../platform/errors.ts';
import { shortened, withoutNumbers } from '../platform/text.ts';
import { type ErrorClass, isThrottleReason } from '../whatsapp/error-codes.ts';
import type { RecipientOutcome, Settlement } from './ledger.ts';

/** The result of one recipient's job. */
export type JobResult =
  /** The recipient has its outcome. `throttleReason`: the other recipients of the campaign will meet the same. */
  | {
      readonly kind: 'settle';
      readonly settlement: Settlement;
      readonly throttleReason?: ErrorClass | undefined;
    }
  /** Nothing was sent: retry later. `slow`: the number sends too fast. */
  | { readonly kind: 'again'; readonly afterSeconds: number; readonly slow: boolean }
  /** Nothing was sent, and nothing alike would be: the campaign is paused, the recipient stays pending. */
  | { readonly kind: 'pause'; readonly reason: string };

/** A batch holds a hundred of them, and has to stay an item. */
const REASON_LENGTH = 300;
const PAUSE_BASE_S = 5;
const LONGEST_PAUSE_S = 900;
/** With the pauses above about half an hour of a gateway that is down; then a person has to look. */
const MOST_TRIES = 8;
const MOST_TRIES_WHERE_NOBODY_CAN_TELL = 2;

/** After an answer that was no problem: by where the message stands now. */
export function resultOfStatus(status: Status, throttleReason: ErrorClass | undefined): JobResult {
  return { kind: 'settle', settlement: { outcome: outcomeOf(status) }, throttleReason };
}

function outcomeOf(status: Status): RecipientOutcome {
  switch (status) {
    case 'parked':
    case 'expired':
      return 'parked';
    case 'queued':
    case 'sending':
      return 'queued';
    case 'unknown':
      return 'unknown';
    case 'failed':
      return 'failed';
    case 'sent':
    case 'delivered':
    case 'read':
      return 'sent';
  }
}

/**
 * After a problem. What is the message's own is final; what is the operator's, the number's or the content's
 * is the campaign's: it is slowed, or it stands still (whatsapp-rules, "Error codes"). `chance` is the jitter.
 */
export function resultOfProblem(
  problem: AppError,
  job: { readonly tries: number; readonly random: number },
): JobResult {
  switch (problem.code) {
    case 'session-closed':
      return settle('window-shut');
    case 'recipient-opted-out':
      return settle('opted-out');
    case 'gateway-rejected':
    case 'message-id-reused':
      return settle('failed', problem.detail);
    case 'invalid-request':
      return settle(
        'failed',
        (problem.errors ?? []).map(({ path, message }) => `${path} ${message}`).join('; '),
      );
    case 'send-in-progress':
      return { kind: 'again', afterSeconds: problem.retryAfter ?? PAUSE_BASE_S, slow: false };
    case 'gateway-credentials':
      // With a cause it is no word of LipaChat's: the parameter store did not answer, and soon it will.
      return problem.cause === undefined
        ? { kind: 'pause', reason: 'LipaChat refuses the apiKey (gateway-credentials)' }
        : retryOrPause(problem, job);
    case 'gateway-throttled':
    case 'gateway-unavailable':
    case 'store-unavailable':
      return retryOrPause(problem, job);
    default:
      throw problem;
  }
}

function retryOrPause(
  { code, detail, errorClass, retryAfter }: AppError,
  { tries, random }: { readonly tries: number; readonly random: number },
): JobResult {
  if (errorClass === 'stop-number')
    return { kind: 'pause', reason: 'WhatsApp has stopped the number (stop-number)' };
  if (errorClass === 'content-held') {
    return { kind: 'pause', reason: 'WhatsApp holds the template or the flow back (content-held)' };
  }
  const most = errorClass === 'cannot-tell' ? MOST_TRIES_WHERE_NOBODY_CAN_TELL : MOST_TRIES;
  if (tries >= most) {
    if (errorClass === 'cannot-tell' || errorClass === 'pair-too-fast') return settle('failed', detail);
    return { kind: 'pause', reason: `nothing could be sent for a while (${code})` };
  }
  const own = PAUSE_BASE_S * 2 ** tries * (1 + random);
  const afterSeconds = Math.min(LONGEST_PAUSE_S, Math.max(own, retryAfter ?? 0));
  return { kind: 'again', afterSeconds, slow: errorClass === 'wait' };
}

/** What a setback of a template message means for the campaign; undefined where it goes on. */
export function pauseFor(throttleReason: ErrorClass | undefined): string | undefined {
  if (!isThrottleReason(throttleReason) || throttleReason === 'wait') return undefined;
  return throttleReason === 'stop-number'
    ? 'WhatsApp has stopped the number (stop-number)'
    : 'WhatsApp holds the template back (content-held)';
}

function settle(outcome: RecipientOutcome, reason?: string): JobResult {
  if (reason === undefined) return { kind: 'settle', settlement: { outcome } };
  return {
    kind: 'settle',
    settlement: { outcome, reason: shortened(withoutNumbers(reason), REASON_LENGTH) },
  };
}
