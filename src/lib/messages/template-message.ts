import { createHash } from 'node:crypto';
import { type Message, type TemplateMessage, waKeyOf } from './message.ts';
import { counted, pauseBefore, type Retry } from './retry.ts';

/** A template message's id under which WhatsApp or LipaChat speaks of it. */
export type TemplateName = { readonly gatewayMessageId: string } | { readonly waKey: string };

/** Names customer and flow without telling them: one template message of theirs may be out. */
export function templateLockKeyOf({ from, to, flowId }: Message): string {
  return createHash('sha256')
    .update(JSON.stringify([from, to, flowId]))
    .digest('base64url');
}

/** May its template message go out now? */
export function isTemplateMessageDue({ status, templateMessage }: Message, now: Date): boolean {
  if (status !== 'parked' || templateMessage?.state !== 'pending') return false;
  return templateMessage.notBefore === undefined || templateMessage.notBefore.getTime() <= now.getTime();
}

/** Does it still wait for the customer, by this very template message? */
export function isStillWanted({ status, templateMessage }: Message, id: string): boolean {
  return status === 'parked' && templateMessage?.messageId === id;
}

/** The sweeper looks by the hour at most, and no earlier than it did the last time. */
const pauseSeconds = (tries: number) => Math.min(3_600, 75 * 2 ** Math.min(tries, 10));

/** After a try that sent nothing: pending until the pause is over, or given up. */
export function templateMessagePostponed(
  templateMessage: TemplateMessage,
  pause: Omit<Retry, 'code'>,
  now: Date,
): TemplateMessage {
  const { errorClass } = pause;
  const delaySeconds = pauseBefore(templateMessage, pause);
  const tried = { ...templateMessage, ...counted(templateMessage, errorClass), triedAt: undefined };
  if (delaySeconds === undefined) return { ...tried, state: 'failed' };
  const seconds = Math.max(delaySeconds, pauseSeconds(tried.tries ?? 0));
  return { ...tried, state: 'pending', notBefore: new Date(now.getTime() + seconds * 1000) };
}

/** Is it the template message that is out, and not an earlier one? */
export function isAbout({ state, messageId, waId }: TemplateMessage, name: TemplateName): boolean {
  if (state === 'failed' || state === 'spared') return false;
  return 'gatewayMessageId' in name
    ? name.gatewayMessageId === messageId
    : waId !== undefined && waKeyOf(waId) === name.waKey;
}
