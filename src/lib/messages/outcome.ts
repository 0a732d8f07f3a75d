import type { ErrorClass } from '../whatsapp/error-codes.ts';

/** The outcome of one call to LipaChat: a closed union, never an exception (ADR 006). */
export type Outcome =
  | Accepted
  | Rejected
  /** The apiKey is wrong: the operator's fault, not the message's. */
  | { readonly kind: 'credentials' }
  | { readonly kind: 'sessionClosed' }
  /** `pair`: only this customer gets too many messages. */
  | { readonly kind: 'throttled'; readonly retryAfterMs?: number; readonly pair?: true }
  /** The operator's fault other than the apiKey: a wrong base URL, a firewall, no balance. Nothing was sent. */
  | Misconfigured
  /** No byte of the request left this process. */
  | { readonly kind: 'notSent'; readonly reason: string }
  /** The request may have left, and no readable response arrived. */
  | { readonly kind: 'ambiguous'; readonly reason: string };

export interface Accepted {
  readonly kind: 'accepted';
  /** WhatsApp's id of the message, if LipaChat returned one. */
  readonly waId?: string;
  /** LipaChat's response, unchanged. */
  readonly envelope: unknown;
}

export interface Misconfigured {
  readonly kind: 'misconfigured';
  readonly httpStatus: number;
  /** What LipaChat said, for people; absent if the response is not LipaChat's. */
  readonly said?: string | undefined;
}

/** LipaChat or WhatsApp judged this message. */
export interface Rejected {
  readonly kind: 'rejected';
  /** For the caller: LipaChat's own words, its HTTP status, the code, and what to do. */
  readonly message: string;
  /** The class of WhatsApp's error code, if the response has a known one. */
  readonly errorClass?: ErrorClass | undefined;
  /** LipaChat refused because it already knows this messageId. */
  readonly duplicate: boolean;
  readonly envelope: unknown;
}

/** Why other messages would be held back, too: the class of the code, or the operator's trouble. */
export type ThrottleReason = ErrorClass | 'gateway-credentials' | 'gateway-misconfigured';
