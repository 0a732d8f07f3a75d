import type { ClaimTerms } from '../claim.ts';
import type { Ending, TemplateFailure } from './failing.ts';
import type { Reported } from './reporting.ts';
import type * as settling from './settling.ts';
import type * as waiting from './waiting.ts';

/** What may happen to a message, and what its arrows need to know. */
export interface MessageEvents {
  /** A lease is over, or a worker takes the message out of the queue: it has a new owner. */
  takenOver: ClaimTerms;
  /** Its owner finds the session window shut, and the request can wait. */
  windowClosed: waiting.Owned;
  /** Its owner's attempt sent nothing, and another one follows after a pause. */
  postponed: waiting.Owned & waiting.Pausing & { readonly reason: string };
  /** LipaChat has accepted it. */
  gatewayAccepted: settling.Receipt;
  /** LipaChat or a rule refuses it for good. */
  refused: waiting.Owned & settling.Rejecting;
  /** Its owner's attempt has an unknown outcome. */
  outcomeUnknown: waiting.Owned & settling.Settling & settling.Unknown;
  /** Its lease is over with an unknown outcome, and a repeat is not allowed. */
  repeatForbidden: settling.Unknown & { readonly terms: ClaimTerms };
  /** It is known not to have left, and its resend horizon is over. */
  givenUp: waiting.Owned & settling.Unknown;
  /** A callback has proved the outcome, and the answer is missing. */
  answerMissing: settling.Finalizing;
  /** The customer has written, and this message is next in the recipient queue. */
  customerWrote: { readonly now: Date; readonly notBefore: Date };
  /** The sweeper meets it after its time to wait. */
  waitEnded: { readonly now: Date };
  /** The sweeper or an inbound message sets the time of its next check. */
  rechecked: { readonly now: Date; readonly isWindowOpen: boolean };
  /** The sweeper has enqueued it again. */
  reenqueued: { readonly now: Date };
  optedOut: Ending;
  /** LipaChat refuses its template message. */
  templateRefused: Ending;
  /** WhatsApp has failed its template message. */
  templateFailed: TemplateFailure;
  /** WhatsApp's status callbacks. */
  reportedSent: Reported;
  reportedFailed: Reported;
  reportedDelivered: Reported;
  reportedRead: Reported;
}

export type MessageEvent = keyof MessageEvents;
