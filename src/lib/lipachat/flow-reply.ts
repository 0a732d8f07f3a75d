import type { ReplyEvidence } from '../messages/reply.ts';
import {
  type Fields,
  isDeeperThan,
  keyIn,
  pick,
  type Reader,
  recordIn,
  textIn,
  unpacked,
  wordIn,
} from './reading/fields.ts';

/*
 * Parses a filled-in flow in every shape that LipaChat may use; its documentation has none. Covers WhatsApp's
 * `nfm_reply` with the answers as an object or as JSON text, encoded once or more often, in snake or camel case, inside
 * `interactive` or at the top level of a message with a matching type.
 */

export type FlowReplyBody = ReplyEvidence;

const REPLY_TYPES = new Set(['flow', 'nfm_reply', 'flow_reply', 'flow_response']);
/**
 * A message may store six replies, which at this size fill most of an item (400 KB). A flow's answers are a
 * few hundred bytes.
 */
const RESPONSE_LIMIT = 64 * 1024;
/** No flow's answers are nested so deeply, and what reads them later may recurse. */
const DEEPEST = 64;
const MOST_QUOTED = 8;
const LONGEST_NAME = 64;

/** The answers in an inbound message; undefined if it is not a flow reply. */
export function flowReplyIn(message: Fields, reader: Reader): FlowReplyBody | 'unreadable' | undefined {
  const quotedIds = reader.take(['context'], quotedIdsIn) ?? [];
  const interactive = recordIn(pick(message, 'interactive'));
  const [inner, top] = [pick(interactive, 'nfm_reply'), pick(message, 'nfm_reply')];
  const reply = recordIn(inner) ?? recordIn(top);
  if (reply) return bodyOf(reply, quotedIds);
  const type = replyTypeIn(message);
  if (type === undefined) return replyTypeIn(interactive) === undefined ? undefined : 'unreadable';
  const payloads = [pick(message, type), pick(message, 'flow'), pick(message, 'flowReply'), message].map(
    recordIn,
  );
  return bodyOf(payloads.find((payload) => payload && responseIn(payload) !== undefined) ?? {}, quotedIds);
}

/**
 * The ids under which a reply may quote its message. Only `id` is documented, by WhatsApp. Without an id, the message
 * quotes nothing: it may be forwarded, or about a product.
 */
function quotedIdsIn(value: unknown): string[] | undefined {
  const context = recordIn(value);
  if (!context) return typeof value === 'string' && value.startsWith('wamid.') ? [value] : undefined;
  const ids = ['id', 'messageId', 'waId'].map((name) => keyIn(pick(context, name)));
  return [...new Set(ids.filter((id) => id !== undefined))].slice(0, MOST_QUOTED);
}

function replyTypeIn(fields: Fields | undefined): string | undefined {
  const type = wordIn(pick(fields, 'type'));
  return type !== undefined && REPLY_TYPES.has(type) ? type : undefined;
}

function bodyOf(payload: Fields, quotedIds: readonly string[]): FlowReplyBody | 'unreadable' {
  const response = responseIn(payload);
  if (response === undefined || isDeeperThan(response, DEEPEST)) return 'unreadable';
  if (JSON.stringify(response).length > RESPONSE_LIMIT) return 'unreadable';
  const name = textIn(pick(payload, 'name'));
  return {
    response,
    quotedIds,
    ...(name === undefined ? {} : { formName: name.slice(0, LONGEST_NAME).toWellFormed() }),
  };
}

/** The answers: an object, or JSON text. Text that is no JSON is kept: a person can still read it. */
function responseIn(reply: Fields): unknown {
  const given = unpacked(
    ['response_json', 'response']
      .map((name) => own(reply, name))
      .find((value) => value !== undefined && value !== null),
  );
  return typeof given === 'string' || (typeof given === 'object' && given !== null) ? given : undefined;
}

/** An empty form is an answer too, and `pick` passes over what is empty. */
function own(fields: Fields, name: string): unknown {
  return (
    pick(fields, name) ??
    Object.entries(fields).find(
      ([key]) => key.toLowerCase().replaceAll('_', '') === name.replaceAll('_', ''),
    )?.[1]
  );
}
