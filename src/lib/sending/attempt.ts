import type { Verdict } from '../lipachat/verdict.ts';
import type { ClaimTerms } from '../messages/lease.ts';
import type { FlowRequest, Message } from '../messages/message.ts';
import type { ThrottleReason } from '../messages/outcome.ts';
import { isThrottleReason } from '../whatsapp/error-codes.ts';
import type { ReadAhead } from './read-ahead.ts';

/** The invocation context of background work, with no caller waiting. */
export interface BackgroundRun {
  readonly correlationId: string;
  /** When the invocation has to end. */
  readonly deadlineAt: Date;
  readonly source: 'worker' | 'sweeper';
}

/** One attempt to send a message: its source, its terms and its deadline. */
export interface Attempt extends Omit<BackgroundRun, 'source'> {
  readonly source: 'caller' | BackgroundRun['source'];
  /** The caller's request; in background work the message has it. */
  readonly request: FlowRequest | undefined;
  readonly terms: ClaimTerms;
  readonly ahead: ReadAhead;
}

/** The result of a send: the message as stored in the end. Without an answer it is accepted, but not settled. */
export interface SendResult {
  readonly message: Message;
  /** This attempt stored the answer; otherwise the answer is replayed. */
  readonly fresh: boolean;
  /** Why LipaChat or WhatsApp held back the template message: a campaign pauses or slows down. */
  readonly throttleReason?: ThrottleReason | undefined;
}

/** The throttle reason of a verdict; undefined if it concerns this message alone. */
export function throttleReasonOf(verdict: Verdict): ThrottleReason | undefined {
  if (verdict.kind !== 'release') return undefined;
  const { code, errorClass } = verdict;
  if (code === 'gateway-credentials' || code === 'gateway-misconfigured') return code;
  return isThrottleReason(errorClass) ? errorClass : undefined;
}
