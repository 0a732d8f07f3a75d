import type { ClaimTerms } from '../lease.ts';
import type { Wait } from '../waiting.ts';
import type { Replied, Reported } from './reporting.ts';
import type * as settling from './settling.ts';
import type { TemplateFailure } from './template-refused.ts';
import type * as waiting from './waiting.ts';

/** The events of a message, with the facts that their transitions need. */
export interface MessageEvents {
  /** The lease is over, or a worker takes the message from its queue: it has a new owner. */
  takenOver: ClaimTerms & Wait;
  /** The owner finds the session window shut, and the request may wait. */
  windowClosed: waiting.Owned & waiting.Parking;
  /** The owner's attempt sent nothing; another one follows after a pause. */
  postponed: waiting.Owned & waiting.Pausing & { readonly reason: string };
  /** LipaChat accepted it. */
  gatewayAccepted: settling.Receipt;
  /** LipaChat or a rule refused it for good. */
  refused: waiting.Owned & settling.Rejecting;
  /** The owner's attempt has an unknown outcome. */
  outcomeUnknown: waiting.Owned & settling.Settling & settling.Unknown;
  /** The lease is over with an unknown outcome, and a repeat is not allowed. */
  repeatForbidden: settling.Unknown & { readonly terms: ClaimTerms };
  /** Nothing of it left, and its resend horizon is over. */
  givenUp: waiting.Owned & settling.Unknown;
  /** A callback proved the outcome, and the answer is missing. */
  answerMissing: settling.Finalizing;
  /** The sweeper finds that its time to wait is over. */
  waitEnded: Wait;
  /** The sweeper or an inbound message schedules its next check. */
  rechecked: { readonly now: Date; readonly isWindowOpen: boolean };
  /** The sweeper enqueued it again. */
  reenqueued: { readonly now: Date };
  optedOut: waiting.Ending;
  /** LipaChat refused its template message. */
  templateRefused: waiting.Ending;
  /** WhatsApp failed its template message. */
  templateFailed: TemplateFailure;
  /** WhatsApp's status callbacks. */
  reportedSent: Reported;
  reportedFailed: Reported;
  reportedDelivered: Reported;
  reportedRead: Reported;
  /** The customer filled in the flow. */
  replied: Replied;
}

export type MessageEvent = keyof MessageEvents;
