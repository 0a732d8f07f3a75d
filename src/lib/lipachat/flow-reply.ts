import type { ReplyEvidence } from '../messages/reply.ts';

/*
 * Parses a filled-in flow in every shape that LipaChat may use; its documentation has none. Covers WhatsApp's
 * `nfm_reply` with the answers as JSON text or as an object, in snake or camel case, inside `interactive` or
 * at the top level of a message with a matching type.
 */

export type FlowReplyBody = ReplyEvidence;

const REPLY_TYPES = new Set(['flow', 'nfm_reply', 'flow_reply', 'flow_response']);
/**
 * A message may store six replies, which at this size fill most of an item (400 KB). A flow's answers are a
 * few hundred bytes.
 */
const RESPONSE_LIMIT = 64 * 1024;

/** The answers in an inbound message; undefined if it is not a flow reply. */
export function flowReplyIn(message: unknown): FlowReplyBody | 'unreadable' | undefined {
  const { type, interactive, context, ...top } = asRecord(message);
  const quotedIds = quotedIdsIn(context);
  const inner = asRecord(interactive);
  const places = [inner['nfm_reply'], inner['nfmReply'], top['nfm_reply'], top['nfmReply']];
  const reply = places.find((place) => typeof place === 'object' && place !== null);
  if (reply) return bodyOf(asRecord(reply), quotedIds);
  if (isReplyType(inner['type']) && !isReplyType(type)) return 'unreadable';
  if (!isReplyType(type)) return undefined;
  const payloads = [top[type.toLowerCase()], top['flow'], top['flowReply'], top].map(asRecord);
  return bodyOf(payloads.find((payload) => responseIn(payload) !== undefined) ?? {}, quotedIds);
}

/** The ids under which a reply may quote its message. Only `id` is documented, by WhatsApp. */
function quotedIdsIn(context: unknown): string[] {
  const { id, messageId, message_id, waId } = asRecord(context);
  return [id, messageId, message_id, waId].filter((one) => typeof one === 'string' && one !== '') as string[];
}

function isReplyType(type: unknown): type is string {
  return typeof type === 'string' && REPLY_TYPES.has(type.toLowerCase());
}

function bodyOf(
  payload: Record<string, unknown>,
  quotedIds: readonly string[],
): FlowReplyBody | 'unreadable' {
  const response = responseIn(payload);
  if (response === undefined || JSON.stringify(response).length > RESPONSE_LIMIT) return 'unreadable';
  const { name } = payload;
  return { response, quotedIds, ...(typeof name === 'string' ? { formName: name } : {}) };
}

/** The answers: an object, or JSON text. */
function responseIn(reply: Record<string, unknown>): unknown {
  const given = reply['response_json'] ?? reply['responseJson'] ?? reply['response'];
  if (typeof given !== 'string') return typeof given === 'object' && given !== null ? given : undefined;
  try {
    return JSON.parse(given);
  } catch {
    // Kept as text: a person can still read it.
    return given;
  }
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
