import { derivedId } from '../platform/deterministic-id.ts';
import { type Message, type MessageId, waKeyOf } from './message.ts';
import type { SentIds, TemplateMessage } from './sends.ts';

/*
 * The ids sent to LipaChat. LipaChat deduplicates on them, so each new send needs a new one. No client can compute the id of
 * a resend or a template message: it is random, and stored in the write that decides the send, so that a repeat after a
 * crash uses the same id. Version 0.1 stored no ids of resends and earlier template messages. Those are derived.
 */

/** The flow's id: the message's own for the first send, another one for each resend. */
export function gatewayMessageIdOf(message: Pick<Message, 'messageId' | 'resends' | 'resendIds'>): string {
  return sentIdOf(message, message.resends ?? 0);
}

/** The ids of all sends of the flow, the current one last. */
export function sentIdsOf(message: Pick<Message, 'messageId' | 'resends' | 'resendIds'>): string[] {
  return Array.from({ length: (message.resends ?? 0) + 1 }, (_, n) => sentIdOf(message, n));
}

/** A new random id. Undefined while version 0.1 may come back: then the id is derived, as 0.1 derives it. */
export type NewId = string | undefined;

/** What changes for a resend under this id. */
export function resentUnder(
  id: NewId,
  { resends = 0, resendIds }: Pick<Message, 'resends' | 'resendIds'>,
): Pick<Message, 'resends' | 'resendIds'> {
  const ids = id === undefined ? resendIds : { ...resendIds, [resends + 1]: id };
  return { resends: resends + 1, resendIds: ids };
}

/** What changes for another template message under this id. */
export function askedAgainUnder(
  id: NewId,
  flowId: MessageId,
  { messageId, resends = 0, earlierIds }: TemplateMessage,
): Pick<TemplateMessage, 'messageId' | 'resends' | 'earlierIds'> {
  return {
    messageId: id ?? templateIdOf01(flowId, resends + 1),
    resends: resends + 1,
    earlierIds: { ...earlierIds, [resends]: messageId },
  };
}

/** The id of a template message, as version 0.1 derives it. */
export function templateIdOf01(messageId: MessageId, resends = 0): string {
  return derivedId(resends === 0 ? `template:${messageId}` : `template-again:${resends}:${messageId}`);
}

/** Is it an id of the flow's template message, the current one or an earlier one? */
export function isTemplateId(message: Message, id: string): boolean {
  return templateIdsOf(message).includes(id);
}

/** The aliases of a message: ids, other than its messageId and `waId`, under which a callback may name it. */
export function otherIdsOf(message: Message): string[] {
  const { templateMessage, retiredWaIds = [] } = message;
  const { waId, retiredWaIds: ofTemplates = [] } = templateMessage ?? {};
  const waIds = [...retiredWaIds, ...ofTemplates, ...(waId === undefined ? [] : [waId])];
  return [...sentIdsOf(message).slice(1), ...templateIdsOf(message), ...waIds.map(waKeyOf)];
}

/** The message with WhatsApp's id of an earlier send, which still identifies callbacks and replies. */
export function withEarlierWaId(message: Message, waId: string | undefined): Message {
  const { retiredWaIds = [] } = message;
  if (waId === undefined || retiredWaIds.includes(waId)) return message;
  return { ...message, retiredWaIds: [...retiredWaIds, waId] };
}

function sentIdOf({ messageId, resendIds }: Pick<Message, 'messageId' | 'resendIds'>, n: number): string {
  if (n === 0) return messageId;
  return storedOf(resendIds, n) ?? derivedId(`resend:${n}:${messageId}`);
}

function templateIdsOf({ messageId, templateMessage }: Message): string[] {
  if (!templateMessage) return [];
  const { resends = 0, earlierIds } = templateMessage;
  const earlier = Array.from(
    { length: resends },
    (_, n) => storedOf(earlierIds, n) ?? templateIdOf01(messageId, n),
  );
  return [...earlier, templateMessage.messageId];
}

const storedOf = (ids: SentIds | undefined, n: number): string | undefined => ids?.[String(n)];
