import { derivedId } from '../platform/deterministic-id.ts';
import { type Message, type MessageId, waKeyOf } from './message.ts';

/*
 * The ids that LipaChat gets. It deduplicates on them, so whatever is to be sent once more needs another; and
 * each is a function of what is stored, so that a repeat after a crash has the same one.
 */

/** The flow's: the caller's own for the first send, one derived from it for a later one. */
export function gatewayMessageIdOf({
  messageId,
  resends = 0,
}: Pick<Message, 'messageId' | 'resends'>): string {
  return resends === 0 ? messageId : derivedId(`resend:${resends}:${messageId}`);
}

/** The template message's, which is never the caller's. */
export function templateIdOf(messageId: MessageId, resends = 0): string {
  return derivedId(resends === 0 ? `template:${messageId}` : `template-again:${resends}:${messageId}`);
}

/** Is it the id of the flow's template message, or was it once? */
export function isTemplateId({ messageId, templateMessage }: Message, id: string): boolean {
  return templateMessage !== undefined && templateIdsOf(messageId, templateMessage.resends).includes(id);
}

/** Under what this message may be found beside its own messageId and its `waId`. */
export function otherIdsOf({
  messageId,
  resends = 0,
  templateMessage,
  retiredWaIds = [],
}: Message): string[] {
  const resent = Array.from({ length: resends }, (_, n) => gatewayMessageIdOf({ messageId, resends: n + 1 }));
  if (!templateMessage) return resent;
  const waIds = [...retiredWaIds, ...(templateMessage.waId === undefined ? [] : [templateMessage.waId])];
  return [...resent, ...templateIdsOf(messageId, templateMessage.resends), ...waIds.map(waKeyOf)];
}

function templateIdsOf(messageId: MessageId, resends = 0): string[] {
  return Array.from({ length: resends + 1 }, (_, n) => templateIdOf(messageId, n));
}
