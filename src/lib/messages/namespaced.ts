import type { Caller } from '../platform/caller.ts';
import { keyedId } from '../platform/deterministic-id.ts';
import type { FlowRequest, Message, MessageId } from './message.ts';

/*
 * The messageIds of clients with a namespace. Inside LipaFlow and at LipaChat their messages have a key that no other
 * client can compute: a UUID derived from the namespace's key and the client's own id. The item keeps the own id, and the
 * API and the events show it. A client never changes its namespace, so its own ids stay unique.
 */

/** The key of a client's messageId. Without a namespace it is the messageId itself. */
export function keyIn(namespaceKey: string | undefined, messageId: MessageId): MessageId {
  return namespaceKey === undefined ? messageId : (keyedId(namespaceKey, messageId) as MessageId);
}

/** A client's request under its key, and what the message keeps of the client's own id. */
export function namespaced(
  request: FlowRequest,
  namespaceKey: string | undefined,
): { readonly request: FlowRequest; readonly own: Pick<Message, 'clientMessageId'> } {
  const { messageId } = request;
  if (namespaceKey === undefined) return { request, own: {} };
  return {
    request: { ...request, messageId: keyIn(namespaceKey, messageId) },
    own: { clientMessageId: messageId },
  };
}

/** The messageId as its client knows it. */
export function ownIdOf({
  messageId,
  clientMessageId,
}: Pick<Message, 'messageId' | 'clientMessageId'>): MessageId {
  return clientMessageId ?? messageId;
}

/** Is the message the reader's own, or of its namespace? Without a namespace, a reader is outside of all, and none is closed to it. */
export function isWithinNamespace(
  { clientId, messageId, clientMessageId }: Pick<Message, 'clientId' | 'messageId' | 'clientMessageId'>,
  reader: Pick<Caller, 'clientId' | 'namespaceKey'>,
): boolean {
  if (reader.namespaceKey === undefined || clientId === reader.clientId) return true;
  return clientMessageId !== undefined && keyIn(reader.namespaceKey, clientMessageId) === messageId;
}
