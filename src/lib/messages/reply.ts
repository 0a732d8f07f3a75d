import type { AmbiguousReply, Message, Reply } from './message.ts';
import { isProven } from './status.ts';

/** The key of `data` that carries our correlation value there and back, if the caller asked for it. */
export const CORRELATION_KEY = 'lipaflow_ref';

const AMBIGUOUS_LIMIT = 5;

/** Was it sent, and is it still to be answered? */
export function isAwaitingReply({ status, reply, sentAt }: Message): boolean {
  return reply === undefined && sentAt !== undefined && status !== 'failed';
}

/** The correlation value in a reply, if the flow has returned it. */
export function tokenIn(response: unknown): string | undefined {
  if (typeof response !== 'object' || response === null) return undefined;
  const token = (response as Record<string, unknown>)[CORRELATION_KEY];
  return typeof token === 'string' ? token : undefined;
}

/** The message with its reply. The first reply stands; a later one is another message's, or a repeat. */
export function replied(message: Message, reply: Reply): Message {
  if (message.reply) return message;
  // It has arrived: no failure that is told late sends it again.
  return { ...message, reply, request: isProven(message.status) ? undefined : message.request };
}

/** The message with a reply that may be its own, or another flow's. */
export function maybeReplied(message: Message, reply: AmbiguousReply): Message {
  const known = message.ambiguousReplies ?? [];
  if (known.length >= AMBIGUOUS_LIMIT || known.some(({ id }) => id === reply.id)) return message;
  return { ...message, ambiguousReplies: [...known, reply] };
}
