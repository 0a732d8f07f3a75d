import { createHash } from 'node:crypto';
import canonicalize from 'canonicalize';
import { climb, type Rung, type Status } from './ladder.ts';
import type { Pair, PhoneNumber } from './phone.ts';

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
  readonly whenClosed: 'reject';
}

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
  | { readonly kind: 'rejected'; readonly detail: string; readonly correlationId: string };

export interface TimelineEntry {
  readonly at: Date;
  readonly status: Status;
  /** Who said so. */
  readonly source: 'api' | 'gateway' | 'callback' | 'sweeper';
  readonly detail?: string | undefined;
}

/** One message, from its claim to the end of its retention. */
export interface Message {
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
  readonly createdAt: Date;
  readonly sentAt?: Date | undefined;
  readonly waId?: string | undefined;
  readonly answer?: Answer | undefined;
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

export function pairOf(message: { readonly to: PhoneNumber; readonly from: PhoneNumber }): Pair {
  return { business: message.from, customer: message.to };
}

/** The history with a new entry; the same word from the same source is not news. */
export function remember(message: Message, entry: TimelineEntry): readonly TimelineEntry[] {
  const known = message.timeline.some((e) => e.status === entry.status && e.source === entry.source);
  const full = message.timeline.length >= TIMELINE_LIMIT;
  return known || full ? message.timeline : [...message.timeline, entry];
}

/** What a status callback says of one message. */
export interface StatusReport {
  readonly status: Rung;
  readonly at: Date;
  readonly waId?: string | undefined;
  /** WhatsApp's words on a failure, with its code. */
  readonly detail?: string | undefined;
}

/** The message after a status callback; the very same object where it was no news. */
export function afterReport(message: Message, report: StatusReport): Message {
  const { at, detail } = report;
  const status = climb(message.status, report.status);
  const timeline = remember(message, { at, status: report.status, source: 'callback', detail });
  const waId = message.waId ?? report.waId;
  if (timeline === message.timeline && status === message.status && waId === message.waId) return message;
  const climbed = status !== message.status;
  // Proven, and nobody is at it: the sweeper gives it its answer.
  const needsAnswer = !message.answer && !message.lease;
  return {
    ...message,
    status,
    timeline,
    waId,
    dueAt: needsAnswer ? at : message.dueAt,
    sentAt: message.sentAt ?? (report.status === 'failed' ? undefined : at),
    reason: climbed
      ? status === 'failed'
        ? (detail ?? 'WhatsApp reported a failure')
        : undefined
      : message.reason,
  };
}
