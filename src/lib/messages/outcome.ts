import type { ErrorClass } from '../whatsapp/error-codes.ts';

/** What one call to LipaChat came to: a closed union, never an exception (lipachat-contract §2, "The rule"). */
export type Outcome =
  | Accepted
  | Rejected
  /** The apiKey is wrong: the operator's fault, not the message's. */
  | { readonly kind: 'credentials' }
  | { readonly kind: 'sessionClosed' }
  /** `pair`: it is this one customer who gets too many messages. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number; readonly pair?: true }
  /** Not a byte of the request left this process. */
  | { readonly kind: 'notSent'; readonly reason: string }
  /** The request may have left and no readable answer came. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

export interface Accepted {
  readonly kind: 'accepted';
  /** WhatsApp's id of the message, if the gateway gave one. */
  readonly waId?: string;
  /** LipaChat's answer as it came. */
  readonly envelope: unknown;
}

export interface Rejected {
  readonly kind: 'rejected';
  /** LipaChat's own words, for the caller. */
  readonly message: string;
  /** What WhatsApp's error code means, where the answer has one that the book knows. */
  readonly errorClass?: ErrorClass | undefined;
  /** It refused because it knows this messageId already. */
  readonly duplicate: boolean;
  readonly envelope: unknown;
}
