import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { ErrorClass } from '../whatsapp/error-codes.ts';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import type { Status } from './status.ts';

declare const brand: unique symbol;

/** The caller's id of a message: 1–128 of `A–Z a–z 0–9 . _ : ~ -`. */
export type MessageId = string & { readonly [brand]: 'MessageId' };

const MESSAGE_ID = /^[A-Za-z0-9._:~-]{1,128}$/;

export function isMessageId(text: string): text is MessageId {
  return MESSAGE_ID.test(text);
}

/** A flow to send, normalised: defaults filled in, numbers as digits (contract §2). */
export interface FlowRequest {
  readonly messageId: MessageId;
  readonly to: PhoneNumber;
  readonly from: PhoneNumber;
  readonly text: string;
  readonly flowId: string;
  readonly flowCta: string;
  readonly screen: string;
  readonly data: { readonly [key: string]: unknown };
  readonly whenClosed: 'reject' | 'park' | 'template';
  /** What opens the conversation; with `template` only. */
  readonly template?: TemplateContent | undefined;
  /** How long it may wait for the customer; with `park` and `template` only. */
  readonly parkForSeconds?: number | undefined;
  /** The flow returns our correlation value: its author has declared the key (`domain/reply.ts`). */
  readonly correlate?: true | undefined;
}

/** An approved template message, which may go out while the window is shut. */
export interface TemplateContent {
  readonly name: string;
  readonly languageCode: string;
  readonly header?: TemplateHeader | undefined;
  readonly placeholders?: readonly string[] | undefined;
}

type TemplateHeader =
  | { readonly type: 'TEXT'; readonly parameter: string }
  | {
      readonly type: 'IMAGE' | 'VIDEO' | 'DOCUMENT';
      readonly mediaUrl: string;
      readonly filename?: string | undefined;
    };

/** The right to send a message, held for a time. Whoever finds it over may take it, with the next epoch. */
export interface Lease {
  readonly owner: string;
  readonly until: Date;
  /** `dispatched`: from here on the request may have left. */
  readonly phase: 'claimed' | 'dispatched';
}

/** A final answer, written once and replayed as it is. */
export type Answer =
  | { readonly kind: 'sent'; readonly body: string }
  | {
      readonly kind: 'rejected';
      readonly code: RejectionCode;
      readonly detail: string;
      readonly correlationId: string;
    };

/** Why a message that was promised has failed for good. */
export type RejectionCode =
  | 'gateway-rejected'
  | 'gateway-credentials'
  | 'gateway-throttled'
  | 'gateway-unavailable'
  | 'recipient-opted-out'
  | 'session-closed';

/** Tries that sent nothing, or nothing that arrived. */
export interface Tried {
  readonly tries?: number | undefined;
  /** Of the classes with a limit of their own. */
  readonly triesOf?: { readonly [name in ErrorClass]?: number } | undefined;
}

/** How the template message of a parked flow stands. */
export interface TemplateMessage extends Tried {
  /** Derived from the flow's messageId, so that a repeat sends none. */
  readonly messageId: string;
  /** `spared`: another flow's template message is out for this customer already. */
  readonly state: 'pending' | 'sent' | 'spared' | 'failed' | 'unknown';
  /** Template messages before this one, which WhatsApp failed; each had an id of its own. */
  readonly resends?: number | undefined;
  /** It is not to go out before. */
  readonly notBefore?: Date | undefined;
  readonly waId?: string | undefined;
  /** When it may first have left; the resend horizon of its own. */
  readonly triedAt?: Date | undefined;
}

/** What a customer filled into a flow. */
export interface Reply {
  /** The inbound message's id, so that a repeat is known as one. */
  readonly id: string;
  readonly at: Date;
  /** The flow's own fields. */
  readonly response: unknown;
  /** How it was tied to its flow. */
  readonly matchedBy: 'token' | 'context' | 'only-open-flow';
}

/** A reply that fits several flows: shown at each, counted for none. */
export type AmbiguousReply = Omit<Reply, 'matchedBy'>;

export interface TimelineEntry {
  readonly at: Date;
  readonly status: Status;
  /** Who said so. */
  readonly source: 'api' | 'worker' | 'gateway' | 'callback' | 'sweeper';
  readonly detail?: string | undefined;
}

/** One message, from its claim to the end of its retention. */
export interface Message extends Tried {
  readonly messageId: MessageId;
  readonly clientId: string;
  readonly fingerprint: string;
  readonly to: PhoneNumber;
  readonly from: PhoneNumber;
  readonly flowId: string;
  /** What is to be sent; let go as soon as nothing more will be sent. */
  readonly request?: FlowRequest | undefined;
  readonly status: Status;
  readonly lease?: Lease | undefined;
  /** Counts the owners that the message has had: the fence between them. */
  readonly epoch: number;
  /** Calls to LipaChat, as far as they were recorded. */
  readonly attempts: number;
  /** Its caller has had a 202: it is carried through without another request. */
  readonly promised?: true | undefined;
  /** No worker is to send it before. */
  readonly notBefore?: Date | undefined;
  /** Sends after the first one, each under a messageId of its own (`wireIdOf`). */
  readonly resends?: number | undefined;
  /** Until when it may wait for the customer to write; it has been parked at least once. */
  readonly parkedUntil?: Date | undefined;
  /** The template message that asks the customer to write. */
  readonly templateMessage?: TemplateMessage | undefined;
  readonly createdAt: Date;
  /** When its request may first have left; the resend horizon counts from here. */
  readonly firstTryAt?: Date | undefined;
  readonly sentAt?: Date | undefined;
  readonly waId?: string | undefined;
  /** WhatsApp's ids of earlier sends that have failed: what is still said of them counts no more. */
  readonly retiredWaIds?: readonly string[] | undefined;
  readonly answer?: Answer | undefined;
  readonly reply?: Reply | undefined;
  readonly ambiguousReplies?: readonly AmbiguousReply[] | undefined;
  /** Why it is `unknown` or `failed`, for people. */
  readonly reason?: string | undefined;
  /** When the sweeper has to look at it; absent when nothing is left to do. */
  readonly dueAt?: Date | undefined;
  /** End of retention. Past it the message counts as gone, deleted or not. */
  readonly expiresAt: Date;
  readonly timeline: readonly TimelineEntry[];
}

const TIMELINE_LIMIT = 40;

/** SHA-256 over the normalised request in canonical JSON (RFC 8785): the order of keys doesn't count. */
export function fingerprint(request: FlowRequest): string {
  const { messageId: _, ...payload } = request;
  return createHash('sha256')
    .update(canonicalize(payload) ?? '')
    .digest('base64url');
}

/** A key for WhatsApp's id of a message. The id itself holds the customer's number, in base64. */
export function waKeyOf(waId: string): string {
  return createHash('sha256').update(waId).digest('base64url');
}

/** The same client's same request? A claim that was given back may be followed by another's, under its messageId. */
export function isSameRequest(a: Message, b: Message): boolean {
  return a.fingerprint === b.fingerprint && a.clientId === b.clientId;
}

export function pairOf(message: { readonly to: PhoneNumber; readonly from: PhoneNumber }): Pair {
  return { business: message.from, customer: message.to };
}

/** The history with a new entry; the same word from the same source, of the same send, is not news. */
export function remember(message: Message, entry: TimelineEntry): readonly TimelineEntry[] {
  const ofThisSend = message.timeline.slice(message.timeline.findLastIndex(isTakenBack) + 1);
  const known = ofThisSend.some((e) => e.status === entry.status && e.source === entry.source);
  const full = message.timeline.length >= TIMELINE_LIMIT;
  return known || full ? message.timeline : [...message.timeline, entry];
}

/** A send had failed, and the message waits once more (`transitions/reporting.ts`). */
function isTakenBack({ status, source }: TimelineEntry): boolean {
  return source === 'callback' && (status === 'parked' || status === 'queued');
}
