import { shortened } from '../platform/text.ts';
import type { AmbiguousReply, Message } from './message.ts';
import { ownIdOf } from './namespaced.ts';
import type { Status } from './status.ts';

/** The session window in a response. */
export interface SessionView {
  readonly open: boolean;
  readonly expiresAt: string | null;
}

/** A message as the caller sees it (`openapi.yaml`). The keys keep this order in the response. */
export interface Receipt {
  readonly messageId: string;
  readonly type: 'flow';
  readonly status: Status;
  readonly to: string;
  readonly from: string;
  readonly flowId: string;
  readonly waId: string | null;
  readonly session: SessionView | null;
  readonly attempts: number;
  readonly createdAt: string;
  readonly sentAt: string | null;
  /** LipaChat's response, unchanged; null if a callback proved the message, not a response. */
  readonly gateway: unknown;
  /** Why it is not `sent`, and what happens next. */
  readonly reason?: string;
  readonly nextStep?: string;
}

interface ReplyView {
  readonly id: string;
  readonly at: string;
  readonly response: unknown;
  readonly matchedBy?: string;
}

/** The current state of a message, with its timeline. */
export interface MessageView extends Receipt {
  /** The customer's reply to the flow, if there is one. */
  readonly reply?: ReplyView;
  /** Replies that fit several flows, including this one. */
  readonly ambiguousReplies?: readonly ReplyView[];
  readonly timeline: readonly { at: string; status: Status; source: string; detail?: string | undefined }[];
}

const GATEWAY_LIMIT = 16 * 1024;
/** Keeps the five texts below the limit even if every character takes six bytes of JSON. */
const WORD_LIMIT = 512;

export function receiptOf(
  message: Message,
  seen: {
    readonly session: SessionView | null;
    readonly gateway: unknown;
    /** The status to show, if a callback has already advanced the message further. */
    readonly as?: Status;
  },
): Receipt {
  const status = seen.as ?? message.status;
  return {
    messageId: ownIdOf(message),
    type: 'flow',
    status,
    to: message.to,
    from: message.from,
    flowId: message.flowId,
    waId: message.waId ?? null,
    session: seen.session,
    attempts: message.attempts,
    createdAt: message.createdAt.toISOString(),
    sentAt: message.sentAt?.toISOString() ?? null,
    gateway: capped(seen.gateway),
    ...whyNot(message, status),
  };
}

/** The reason and next step, for a message that was not sent; empty otherwise. */
function whyNot(message: Message, status: Status): { reason?: string; nextStep?: string } {
  const reason = message.reason ?? (status === 'queued' ? 'waiting for a worker' : undefined);
  return reason === undefined ? {} : { reason, nextStep: nextStepOf(message, status) };
}

function nextStepOf({ dueAt, parkedUntil, notBefore }: Message, status: Status): string {
  if (status === 'failed' || status === 'expired') return 'none: to try again, use a new messageId';
  if (status === 'parked')
    return `it is sent as soon as the customer writes, until ${parkedUntil?.toISOString()}`;
  if (status === 'queued')
    return notBefore ? `a worker sends it, no earlier than ${notBefore.toISOString()}` : 'a worker sends it';
  if (dueAt) return `it is sent again under the same messageId, no earlier than ${dueAt.toISOString()}`;
  return 'a status callback settles it; it is not sent again automatically';
}

/** The current message. The session and LipaChat's response come from its stored receipt. */
export function viewOf(message: Message): MessageView {
  const stored = message.answer?.kind === 'sent' ? (JSON.parse(message.answer.body) as Receipt) : undefined;
  return {
    ...receiptOf(message, { session: stored?.session ?? null, gateway: stored?.gateway ?? null }),
    ...(message.reply ? { reply: shown(message.reply) } : {}),
    ...(message.ambiguousReplies ? { ambiguousReplies: message.ambiguousReplies.map(shown) } : {}),
    timeline: message.timeline.map((entry) => ({ ...entry, at: entry.at.toISOString() })),
  };
}

function shown<R extends AmbiguousReply>({ at, ...reply }: R): ReplyView {
  return { ...reply, at: at.toISOString() };
}

/** Cuts an envelope over 16 KiB down to the fields that prove acceptance. */
function capped(envelope: unknown): unknown {
  if (envelope === null || Buffer.byteLength(JSON.stringify(envelope)) <= GATEWAY_LIMIT) return envelope;
  const { timestamp, status, message, data } = envelope as Record<string, unknown>;
  const { messageId, waId } = (data ?? {}) as Record<string, unknown>;
  return { ...words({ timestamp, status, message }), data: words({ messageId, waId }), truncated: true };
}

function words(fields: Record<string, unknown>): Record<string, string> {
  const texts = Object.entries(fields).filter(
    (field): field is [string, string] => typeof field[1] === 'string',
  );
  return Object.fromEntries(texts.map(([name, text]) => [name, shortened(text, WORD_LIMIT)]));
}
