import { isTemplateId } from '../messages/gateway-message-id.ts';
import { isMessageId, type Message, waKeyOf } from '../messages/message.ts';
import type { Aliased, MessageAliasStore, MessageStore } from '../messages/ports.ts';
import type { TemplateName } from '../messages/template-message.ts';
import { allEnded } from '../platform/all-ended.ts';
import type { Stored } from '../platform/ports.ts';

/** A message of ours. `flow` is absent if it is a template message, which has its own form, or is gone. */
interface Quoted {
  readonly flow: Stored<Message> | undefined;
}

/** Finds the message that a quoted id names by itself: our messageId, WhatsApp's id in the index, or an alias. */
export type FindQuoted = (id: string) => Promise<Quoted | undefined>;

export function makeFindQuoted({
  messages,
  aliases,
}: {
  readonly messages: MessageStore;
  readonly aliases: MessageAliasStore;
}): FindQuoted {
  return async function findQuoted(id) {
    const own = isMessageId(id) ? await messages.get(id) : undefined;
    if (own) return { flow: own };
    const [byWaId, byWaKey, byId] = await allEnded([
      messages.findByWaId(id),
      aliases.find(waKeyOf(id)),
      aliases.find(id),
    ]);
    if (byWaId) return { flow: await messages.get(byWaId) };
    const alias = byWaKey ?? byId;
    if (!alias) return undefined;
    const flow = await messages.get(alias.messageId);
    const name = byWaKey ? { waKey: waKeyOf(id) } : { gatewayMessageId: id };
    return { flow: flow && isOfTemplate(alias, flow.value, name) ? undefined : flow };
  };
}

/** Is it an alias of the template message? Version 0.1 did not say, and kept WhatsApp's ids of template messages only. */
export function isOfTemplate({ of }: Aliased, message: Message, name: TemplateName): boolean {
  if (of !== undefined) return of === 'template';
  return 'waKey' in name || isTemplateId(message, name.gatewayMessageId);
}
