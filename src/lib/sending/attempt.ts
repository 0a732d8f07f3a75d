import type { ClaimTerms } from '../messages/claim.ts';
import type { FlowRequest, Message } from '../messages/message.ts';
import type { Stored } from '../platform/ports.ts';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { Session } from '../whatsapp/session-window.ts';

/** The invocation context of background work, with no caller waiting. */
export interface BackgroundRun {
  readonly correlationId: string;
  /** When the invocation has to be over. */
  readonly deadlineAt: Date;
  readonly source: 'worker' | 'sweeper';
}

/** One attempt to send a message: on whose behalf, on which terms, until when. */
export interface Attempt extends Omit<BackgroundRun, 'source'> {
  readonly source: 'caller' | BackgroundRun['source'];
  /** The caller's request; in background work the message has it. */
  readonly request: FlowRequest | undefined;
  readonly terms: ClaimTerms;
  readonly ahead: ReadAhead;
}

/** What is read while the claim is being written. A fault shows when the value is asked for. */
export interface ReadAhead {
  session(): Promise<Stored<Session> | undefined>;
  apiKey(): Promise<string>;
}

/** What a send came to: the message as it is stored in the end. Without an answer it is accepted, but not settled. */
export interface SendResult {
  readonly message: Message;
  /** This attempt stored the answer; otherwise the answer is replayed. */
  readonly fresh: boolean;
  /** Why LipaChat or WhatsApp held back the template message: a campaign pauses or slows down. */
  readonly throttleReason?: ErrorClass | undefined;
}
