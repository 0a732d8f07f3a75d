import { createHash } from 'node:crypto';
import type { Pair } from '../whatsapp/phone.ts';
import { counted, pauseBefore, type Retry } from './backoff.ts';
import { type Message, waKeyOf } from './message.ts';
import type { TemplateMessage } from './sends.ts';

/*
 * The template message of a parked flow: its lock and its pauses. `sending/send-template.ts` sends it, and
 * `transitions/template-refused.ts` says what becomes of the flow when LipaChat refuses it for good or WhatsApp fails it.
 */

/** The id of a template message in a callback: ours, or the hash of WhatsApp's. */
export type TemplateName = { readonly gatewayMessageId: string } | { readonly waKey: string };

/**
 * The lock key of a customer and a flow, hashed so that it reveals neither. Only one of their template
 * messages may be out.
 */
export function templateLockKeyOf({ from, to, flowId }: Message): string {
  return createHash('sha256')
    .update(JSON.stringify([from, to, flowId]))
    .digest('base64url');
}

/** LipaChat gets the recipient as the caller named them. */
export function addressOf({ from, to }: Message): Pair {
  return { business: from, customer: to };
}

/** May its template message be sent now? */
export function isTemplateMessageDue({ status, templateMessage }: Message, now: Date): boolean {
  if (status !== 'parked' || templateMessage?.state !== 'pending') return false;
  return templateMessage.notBefore === undefined || templateMessage.notBefore.getTime() <= now.getTime();
}

/** Does the flow still wait, and is this its current template message, of which none was delivered? */
export function isStillWanted({ status, templateMessage }: Message, id: string): boolean {
  return status === 'parked' && templateMessage?.messageId === id && templateMessage.state === 'pending';
}

/** Seconds before the next try: doubling, up to an hour, the sweeper's longest interval. */
const pauseSeconds = (tries: number) => Math.min(3_600, 75 * 2 ** Math.min(tries, 10));

/**
 * The template message after a try that sent nothing: pending until the pause is over, or failed if no try is
 * left.
 */
export function templateMessagePostponed(
  templateMessage: TemplateMessage,
  pause: Omit<Retry, 'code'>,
  now: Date,
): TemplateMessage {
  if (templateMessage.state === 'delivered') return templateMessage;
  const { errorClass } = pause;
  const delaySeconds = pauseBefore(templateMessage, pause);
  const tried = { ...templateMessage, ...counted(templateMessage, errorClass), triedAt: undefined };
  if (delaySeconds === undefined) return { ...tried, state: 'failed' };
  const seconds = Math.max(delaySeconds, pauseSeconds(tried.tries ?? 0));
  return { ...tried, state: 'pending', notBefore: new Date(now.getTime() + seconds * 1000) };
}

/** The template message after its own send. A callback may have proved it delivered meanwhile; that stays. */
export function templateMessageWith(
  templateMessage: TemplateMessage,
  change: Partial<TemplateMessage>,
): TemplateMessage {
  const changed = { ...templateMessage, ...change };
  return templateMessage.state === 'delivered' ? { ...changed, state: 'delivered' } : changed;
}

/** WhatsApp delivered a template message of this flow, the current one or an earlier one: none follows. */
export function withDeliveredTemplate(message: Message): Message {
  const { status, templateMessage } = message;
  if (status !== 'parked' || !templateMessage) return message;
  if (templateMessage.state === 'delivered' || templateMessage.state === 'suppressed') return message;
  return { ...message, templateMessage: { ...templateMessage, state: 'delivered', notBefore: undefined } };
}

/** Has LipaChat accepted it, or WhatsApp delivered it? */
export function isTemplateThrough({ templateMessage }: Message): boolean {
  return templateMessage?.state === 'sent' || templateMessage?.state === 'delivered';
}

/** Is this the template message that is out, not an earlier one? */
export function isAbout({ state, messageId, waId }: TemplateMessage, name: TemplateName): boolean {
  if (state === 'failed' || state === 'suppressed' || state === 'delivered') return false;
  return 'gatewayMessageId' in name
    ? name.gatewayMessageId === messageId
    : waId !== undefined && waKeyOf(waId) === name.waKey;
}
