import { derivedId } from '../platform/deterministic-id.ts';
import { type Message, type MessageId, waKeyOf } from './message.ts';

/*
 * The ids sent to LipaChat. LipaChat deduplicates on them, so each new send needs a new one. Each is derived
 * from stored data, so that a repeat after a crash uses the same id.
 */

/** The flow's id: the caller's messageId for the first send, a derived id for each resend. */
export function gatewayMessageIdOf({
  messageId,
  resends = 0,
}: Pick<Message, 'messageId' | 'resends'>): string {
  return resends === 0 ? messageId : derivedId(`resend:${resends}:${messageId}`);
}

/** The template message's id, always a derived one. */
export function templateIdOf(messageId: MessageId, resends = 0): string {
  return derivedId(resends === 0 ? `template:${messageId}` : `template-again:${resends}:${messageId}`);
}

/** Is it an id of the flow's template message, the current one or an earlier one? */
export function isTemplateId({ messageId, templateMessage }: Message, id: string): boolean {
  return templateMessage !== undefined && templateIdsOf(messageId, templateMessage.resends).includes(id);
}

/** The aliases of a message: ids, other than its messageId and `waId`, under which a callback may name it. */
export function otherIdsOf({
  messageId,
  resends = 0,
  templateMessage,
  retiredWaIds = [],
}: Message): string[] {
  const resent = Array.from({ length: resends }, (_, n) => gatewayMessageIdOf({ messageId, resends: n + 1 }));
  const templates = templateMessage ? templateIdsOf(messageId, templateMessage.resends) : [];
  const { waId, retiredWaIds: ofTemplates = [] } = templateMessage ?? {};
  const waIds = [...retiredWaIds, ...ofTemplates, ...(waId === undefined ? [] : [waId])];
  return [...resent, ...templates, ...waIds.map(waKeyOf)];
}

/** The message with WhatsApp's id of an earlier send, which still identifies callbacks and replies. */
export function withEarlierWaId(message: Message, waId: string | undefined): Message {
  const { retiredWaIds = [] } = message;
  if (waId === undefined || retiredWaIds.includes(waId)) return message;
  return { ...message, retiredWaIds: [...retiredWaIds, waId] };
}

function templateIdsOf(messageId: MessageId, resends = 0): string[] {
  return Array.from({ length: resends + 1 }, (_, n) => templateIdOf(messageId, n));
}
