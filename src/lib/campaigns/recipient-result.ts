import type { ThrottleReason } from '../messages/outcome.ts';
import type { Status } from '../messages/status.ts';
import type { AppError } from '../platform/errors.ts';
import { shortened, withoutNumbers } from '../platform/text.ts';
import { isThrottleReason } from '../whatsapp/error-codes.ts';
import type { FailureCause } from './failures/streak.ts';
import type { RecipientOutcome, Settlement } from './ledger.ts';

/** The result of one recipient's job. */
export type JobResult =
  /** The recipient is settled. `throttleReason`: the campaign's other recipients would be throttled too. */
  | {
      readonly kind: 'settle';
      readonly settlement: Settlement;
      readonly throttleReason?: ThrottleReason | undefined;
      readonly failure?: Failure | undefined;
    }
  /** Nothing was sent: retry later. `slow`: the number sends too fast. */
  | {
      readonly kind: 'again';
      readonly afterSeconds: number;
      readonly slow: boolean;
      readonly failure?: Failure | undefined;
    }
  /** Nothing was sent, and no other recipient would succeed: pause the campaign; the recipient stays pending. */
  | { readonly kind: 'pause'; readonly reason: string };

/** A failure that pauses the campaign if there are many since its last success. */
export interface Failure {
  readonly cause: FailureCause;
  /** Why the campaign pauses then. */
  readonly reason: string;
}

const KEY_REFUSED = 'LipaChat rejected the apiKey (gateway-credentials)';
/** A batch of a hundred reasons has to fit into an item. */
const REASON_LENGTH = 300;
const PAUSE_BASE_S = 5;
const LONGEST_PAUSE_S = 900;
/** With the pauses above, about half an hour of an unavailable gateway; then a person has to check. */
const MOST_TRIES = 8;
const MOST_TRIES_IF_UNCLEAR = 2;

/** The result of a send without a problem, by the message's status. */
export function resultOfStatus(status: Status, throttleReason: ThrottleReason | undefined): JobResult {
  const settled = { kind: 'settle', settlement: { outcome: outcomeOf(status) }, throttleReason } as const;
  if (throttleReason !== 'gateway-misconfigured') return settled;
  const reason = "LipaChat can't be used as configured (gateway-misconfigured)";
  return { ...settled, failure: { cause: { kind: 'operator' }, reason } };
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
 * The result of a problem. A fault of the message is final. A fault of the operator, the number or the
 * content concerns the whole campaign, which slows down or pauses. `random` is the jitter.
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
      return refused(problem);
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
      // With a cause, the parameter store failed, not LipaChat's check of the key. That passes.
      return problem.cause === undefined
        ? { kind: 'pause', reason: KEY_REFUSED }
        : retryOrPause(problem, job);
    case 'gateway-misconfigured':
      return counted(retryOrPause(problem, job), operatorsFailure(problem));
    case 'gateway-throttled':
    case 'gateway-unavailable':
    case 'store-unavailable':
      return retryOrPause(problem, job);
    default:
      throw problem;
  }
}

/** Final for this recipient. After too many refusals with the same words, the campaign pauses for a person to check. */
function refused({ detail }: AppError): JobResult {
  const settled = settle('failed', detail);
  const words = settled.settlement.reason ?? '';
  return {
    ...settled,
    failure: {
      cause: { kind: 'refused', words },
      reason: `LipaChat refuses one recipient after another: ${words}`,
    },
  };
}

function counted(result: JobResult, failure: Failure): JobResult {
  return result.kind === 'pause' ? result : { ...result, failure };
}

function operatorsFailure({ code, detail }: AppError): Failure {
  return {
    cause: { kind: 'operator' },
    reason: shortened(`${withoutNumbers(detail)} (${code})`, REASON_LENGTH),
  };
}

function retryOrPause(
  { code, detail, errorClass, retryAfter }: AppError,
  { tries, random }: { readonly tries: number; readonly random: number },
): JobResult {
  if (errorClass === 'stop-number')
    return { kind: 'pause', reason: 'WhatsApp has stopped the number (stop-number)' };
  if (errorClass === 'content-held' || errorClass === 'content-blocked')
    return { kind: 'pause', reason: pauseFor(errorClass) ?? errorClass };
  const most = errorClass === 'cannot-tell' ? MOST_TRIES_IF_UNCLEAR : MOST_TRIES;
  if (tries >= most) {
    if (errorClass === 'cannot-tell' || errorClass === 'pair-too-fast') return settle('failed', detail);
    return { kind: 'pause', reason: `repeated attempts to send failed (${code})` };
  }
  const own = PAUSE_BASE_S * 2 ** tries * (1 + random);
  const afterSeconds = Math.min(LONGEST_PAUSE_S, Math.max(own, retryAfter ?? 0));
  return { kind: 'again', afterSeconds, slow: errorClass === 'wait' };
}

/** Why a throttled template message pauses the campaign; undefined if it continues. */
export function pauseFor(throttleReason: ThrottleReason | undefined): string | undefined {
  if (throttleReason === 'gateway-credentials') return KEY_REFUSED;
  if (throttleReason === 'gateway-misconfigured') return undefined;
  if (!isThrottleReason(throttleReason) || throttleReason === 'wait') return undefined;
  if (throttleReason === 'stop-number') return 'WhatsApp has stopped the number (stop-number)';
  return throttleReason === 'content-blocked'
    ? 'WhatsApp is blocking the template, the flow or the number until you correct it (content-blocked)'
    : 'WhatsApp is holding back the template or the flow (content-held)';
}

function settle(outcome: RecipientOutcome, reason?: string): Extract<JobResult, { kind: 'settle' }> {
  if (reason === undefined) return { kind: 'settle', settlement: { outcome } };
  return {
    kind: 'settle',
    settlement: { outcome, reason: shortened(withoutNumbers(reason), REASON_LENGTH) },
  };
}
