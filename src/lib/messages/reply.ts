import { sentIdsOf } from './gateway-message-id.ts';
import type { AmbiguousReply, Message } from './message.ts';
import { isProven } from './status.ts';

/** The key in `data` that carries our correlation value to the flow and back, with `correlate: true`. */
export const CORRELATION_KEY = 'lipaflow_ref';

const AMBIGUOUS_LIMIT = 5;

/** What a reply says about the send that it answers. */
export interface ReplyEvidence {
  readonly response: unknown;
  /** Ids of the quoted message: WhatsApp's or LipaChat's. Empty if the reply quotes none. */
  readonly quotedIds: readonly string[];
  /** WhatsApp's name of the native form that was filled in: `flow`, `address_message` and others. */
  readonly formName?: string | undefined;
}

const FLOW_NAMES = new Set(['', 'flow', 'galaxy_message']);

/** Is it a flow's form? WhatsApp's other native forms (an address, a payment) answer other messages. */
export function isFlowForm(formName = ''): boolean {
  return FLOW_NAMES.has(formName.trim().toLowerCase());
}

/** The correlation value in a reply, if the flow returned it. */
export function tokenIn(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  const token = (response as Record<string, unknown>)[CORRELATION_KEY];
  return typeof token === 'string' ? token : undefined;
}

/** The message with a reply that may belong to another flow. */
export function maybeReplied(message: Message, reply: AmbiguousReply): Message {
  const known = message.ambiguousReplies ?? [];
  if (known.length >= AMBIGUOUS_LIMIT || known.some(({ id }) => id === reply.id)) return message;
  return { ...message, ambiguousReplies: [...known, reply] };
}

/**
 * May the reply answer this flow, although it does not name it? Not if anything contradicts it: another native
 * form, or a quoted id that none of its sends has. A send with an unknown id may be the quoted one.
 */
export function mayAnswer(message: Message, { quotedIds, formName }: ReplyEvidence): boolean {
  if (!isFlowForm(formName)) return false;
  return quotedIds.every((id) => isQuoted(message, id) || !areIdsKnown(message, id));
}

/** May one of its sends have arrived, although nothing has proved or denied the latest one yet? */
export function mayHaveArrived({ status, reply, resends = 0, lease }: Message): boolean {
  if (reply || isProven(status)) return false;
  if (resends > 0) return true;
  return (status === 'sending' || status === 'unknown') && lease?.phase !== 'claimed';
}

/** Was its first send out at that time, as far as it is known? */
export function wasOut({ resends = 0, firstTryAt, createdAt }: Message, at: Date): boolean {
  // A resend has a first try of its own.
  const outAt = resends > 0 ? createdAt : (firstTryAt ?? createdAt);
  return outAt <= at;
}

/** Is it an id of one of the message's sends: WhatsApp's, ours or LipaChat's? */
export function isQuoted(message: Message, id: string): boolean {
  return [...waIdsOf(message), ...gatewayIdsOf(message)].includes(id);
}

/** Is every send's id of this kind known? The answer has LipaChat's own id of one send only. */
function areIdsKnown(message: Message, id: string): boolean {
  if (isWaId(id)) return waIdsOf(message).length > (message.resends ?? 0);
  const own = ownIdOf(message);
  return own !== undefined && (!message.resends || sentIdsOf(message).includes(own));
}

/** WhatsApp's ids of all sends, as far as they are known. */
function waIdsOf({ waId, retiredWaIds = [] }: Message): string[] {
  return waId === undefined ? [...retiredWaIds] : [...retiredWaIds, waId];
}

/** The ids sent to LipaChat, and the one in its response. */
function gatewayIdsOf(message: Message): string[] {
  const own = ownIdOf(message);
  return own === undefined ? sentIdsOf(message) : [...sentIdsOf(message), own];
}

/** LipaChat's messageId in its stored response: an echo of ours, or an id of its own. */
function ownIdOf({ answer }: Message): string | undefined {
  if (answer?.kind !== 'sent') return undefined;
  const { gateway } = JSON.parse(answer.body) as { gateway?: { data?: { messageId?: unknown } } | null };
  const own = gateway?.data?.messageId;
  return typeof own === 'string' && own !== '' ? own : undefined;
}

function isWaId(id: string): boolean {
  return id.startsWith('wamid.');
}
