import type { AmbiguousReply, Message, Reply } from './message.ts';
import { isProven } from './status.ts';

/** The key in `data` that carries our correlation value to the flow and back, with `correlate: true`. */
export const CORRELATION_KEY = 'lipaflow_ref';

const AMBIGUOUS_LIMIT = 5;

/** The correlation value in a reply, if the flow returned it. */
export function tokenIn(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  const token = (response as Record<string, unknown>)[CORRELATION_KEY];
  return typeof token === 'string' ? token : undefined;
}

/** The message with its reply. The first reply is kept; a later one is a repeat or belongs to another message. */
export function replied(message: Message, reply: Reply): Message {
  if (message.reply) return message;
  // The reply proves delivery, so a late failure must not send the message again.
  return { ...message, reply, request: isProven(message.status) ? undefined : message.request };
}

/** The message with a reply that may belong to another flow. */
export function maybeReplied(message: Message, reply: AmbiguousReply): Message {
  const known = message.ambiguousReplies ?? [];
  if (known.length >= AMBIGUOUS_LIMIT || known.some(({ id }) => id === reply.id)) return message;
  return { ...message, ambiguousReplies: [...known, reply] };
}
