import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import type { Pair, PhoneNumber } from '../whatsapp/phone.ts';
import type { TemplateContent } from '../whatsapp/template.ts';
import type { SentIds, TemplateMessage, Tried } from './sends.ts';
import type { Status } from './status.ts';

declare const brand: unique symbol;

/** The caller's id of a message: 1–128 of `A–Z a–z 0–9 . _ : ~ -`. */
export type MessageId = string & { readonly [brand]: 'MessageId' };

const MESSAGE_ID = /^[A-Za-z0-9._:~-]{1,128}$/;

export function isMessageId(text: string): text is MessageId {
  return MESSAGE_ID.test(text);
}

export function asMessageId(text: string): MessageId | undefined {
  return isMessageId(text) ? text : undefined;
}

/** A normalised request for a flow: defaults filled in, phone numbers as digits. */
export interface FlowRequest {
  readonly messageId: MessageId;
  readonly to: Pair['customer'];
  readonly from: PhoneNumber;
  readonly text: string;
  readonly flowId: string;
  readonly flowCta: string;
  readonly screen: string;
  readonly data: { readonly [key: string]: unknown };
  readonly whenClosed: 'reject' | 'park' | 'template';
  /** The message that opens the conversation; with `whenClosed: "template"` only. */
  readonly template?: TemplateContent | undefined;
  /** How long the flow may wait for the customer; with `park` and `template` only. */
  readonly parkForSeconds?: number | undefined;
  /** The flow returns our correlation value (`reply.ts`), because its author has declared the key. */
  readonly correlate?: true | undefined;
}

/** A temporary right to send a message. Once it is over, another owner may take over under the next epoch. */
export interface Lease {
  readonly owner: string;
  readonly until: Date;
  /** `dispatched`: from now on the request may have left. */
  readonly phase: 'claimed' | 'dispatched';
}

/** A final answer, written once and replayed unchanged. */
export type Answer =
  | { readonly kind: 'sent'; readonly body: string }
  | {
      readonly kind: 'rejected';
      readonly code: RejectionCode;
      /** The problem's title when the answer was stored, so that a later release replays the same bytes. */
      readonly title?: string;
      readonly detail: string;
      readonly correlationId: string;
    };

export type RejectionCode =
  | 'gateway-rejected'
  | 'gateway-credentials'
  | 'gateway-misconfigured'
  | 'gateway-throttled'
  | 'gateway-unavailable'
  | 'recipient-opted-out'
  | 'session-closed';

export interface Reply {
  /** The inbound message's id, which identifies a repeat. */
  readonly id: string;
  readonly at: Date;
  /** The fields that the flow's author defined. */
  readonly response: unknown;
  readonly matchedBy: 'token' | 'context' | 'only-open-flow';
}

/** A reply that fits several flows: shown on each of them, and counted as a reply of none. */
export type AmbiguousReply = Omit<Reply, 'matchedBy'>;

export interface TimelineEntry {
  readonly at: Date;
  readonly status: Status;
  readonly source: 'api' | 'worker' | 'gateway' | 'callback' | 'sweeper';
  readonly detail?: string | undefined;
}

/** One message, from its claim to the end of its retention. */
export interface Message extends Tried {
  /** The client's own id; for a client with a namespace, the key derived from it (`namespaced.ts`). */
  readonly messageId: MessageId;
  /** The client's own id, if `messageId` is a key. */
  readonly clientMessageId?: MessageId | undefined;
  readonly clientId: string;
  readonly fingerprint: string;
  readonly to: Pair['customer'];
  /** The person's number, if `to` is a user id that is known to belong to one. */
  readonly customer?: PhoneNumber | undefined;
  readonly from: PhoneNumber;
  readonly flowId: string;
  /** What to send. Removed as soon as nothing more will be sent. */
  readonly request?: FlowRequest | undefined;
  readonly status: Status;
  readonly lease?: Lease | undefined;
  /** How many owners the message has had; part of the fence. */
  readonly epoch: number;
  /** Recorded calls to LipaChat. */
  readonly attempts: number;
  /** Accepted with a 202: LipaFlow finishes it without another request. */
  readonly accepted?: true | undefined;
  readonly notBefore?: Date | undefined;
  /** How many times it was sent again, each under its own id (`gatewayMessageIdOf`). */
  readonly resends?: number | undefined;
  /** The ids of those sends, the first one under 1. */
  readonly resendIds?: SentIds | undefined;
  /** The end of its wait for the customer. Set once the message has been parked. */
  readonly parkedUntil?: Date | undefined;
  readonly templateMessage?: TemplateMessage | undefined;
  readonly createdAt: Date;
  /** When its request may first have left; the resend horizon starts here. */
  readonly firstTryAt?: Date | undefined;
  readonly sentAt?: Date | undefined;
  readonly waId?: string | undefined;
  /** WhatsApp's ids of earlier sends that it failed. Proof that one of them was delivered still counts. */
  readonly retiredWaIds?: readonly string[] | undefined;
  readonly answer?: Answer | undefined;
  readonly reply?: Reply | undefined;
  readonly ambiguousReplies?: readonly AmbiguousReply[] | undefined;
  /** Human-readable reason for the current status, when it isn't obvious. */
  readonly reason?: string | undefined;
  /** When the sweeper visits it; absent if nothing is left to do. */
  readonly dueAt?: Date | undefined;
  /** End of retention. From then on the message counts as gone, even before it is deleted. */
  readonly expiresAt: Date;
  readonly timeline: readonly TimelineEntry[];
}

/** Is it one of the flows that wait for this customer? The oldest goes first. */
export function isInRecipientQueue({ status, parkedUntil }: Message): boolean {
  return parkedUntil !== undefined && (status === 'parked' || status === 'queued' || status === 'sending');
}

/** Was it sent, and is it still unanswered? */
export function isAwaitingReply({ status, reply, sentAt }: Message): boolean {
  return reply === undefined && sentAt !== undefined && status !== 'failed';
}

const TIMELINE_LIMIT = 40;
const sha256 = (text: string) => createHash('sha256').update(text).digest('base64url');

/** SHA-256 of the normalised request as canonical JSON (RFC 8785), so the order of keys doesn't matter. */
export function fingerprint(request: FlowRequest): string {
  const { messageId: _, ...payload } = request;
  return sha256(canonicalize(payload) ?? '');
}

/** A hash of WhatsApp's message id, for look-ups. The id itself contains the customer's number, in base64. */
export function waKeyOf(waId: string): string {
  return sha256(waId);
}

/** The same request from the same client? After a claim is given back, another client may claim its messageId. */
export function isSameRequest(a: Message, b: Message): boolean {
  return a.fingerprint === b.fingerprint && a.clientId === b.clientId;
}

export function pairOf({ from, to, customer }: Pick<Message, 'from' | 'to' | 'customer'>): Pair {
  return { business: from, customer: customer ?? to };
}

/** The timeline with a new entry. The same status from the same source, for the same send, is not added again. */
export function remember(message: Message, entry: TimelineEntry): readonly TimelineEntry[] {
  const ofThisSend = message.timeline.slice(message.timeline.findLastIndex(isTakenBack) + 1);
  const known = ofThisSend.some((e) => e.status === entry.status && e.source === entry.source);
  const isFull = message.timeline.length >= TIMELINE_LIMIT;
  return known || isFull ? message.timeline : [...message.timeline, entry];
}

/** A callback failed a send, and the message waits again (`transitions/reporting.ts`). */
function isTakenBack({ status, source }: TimelineEntry): boolean {
  return source === 'callback' && (status === 'parked' || status === 'queued');
}
