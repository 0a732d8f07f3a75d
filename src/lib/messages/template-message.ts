import { createHash } from 'node:crypto';
import { classOf } from '../whatsapp/error-codes.ts';
import { templateIdOf } from './gateway-message-id.ts';
import { type Message, type TemplateMessage, waKeyOf } from './message.ts';
import { counted, pauseBefore, type Retry, retryOf } from './retry.ts';
import type { StatusReport } from './status-report.ts';
import { type Ending, failedFor } from './waiting.ts';

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

/** The parked message whose template message LipaChat refused: its caller has to change that. */
export function templateMessageRefused(message: Message, ending: Ending): Message {
  return message.status === 'parked'
    ? failedFor(message, ending, { code: 'gateway-rejected', source: 'gateway' })
    : message;
}

/**
 * The parked message after WhatsApp failed its template message: for a reason that passes, another goes out under
 * an id of its own; else the flow has failed. `writtenAt`: the customer has written since, and it has done its
 * work.
 */
export function templateMessageFailed(
  message: Message,
  report: StatusReport,
  known: Ending & { readonly name: TemplateName; readonly writtenAt: Date | undefined },
): Message {
  const { templateMessage, status } = message;
  const { name, writtenAt, now } = known;
  if (status !== 'parked' || !templateMessage || !isCurrent(templateMessage, name)) return message;
  if (writtenAt && writtenAt > (templateMessage.triedAt ?? message.createdAt)) return message;
  const retry = retryOf(report.code === undefined ? undefined : classOf(report.code));
  if (!retry) return failedFor(message, known, { code: 'gateway-rejected', source: 'callback' });
  const next = templateMessagePostponed(templateMessage, retry, now);
  // A callback may be faster than the receipt.
  const { waId = report.waId } = templateMessage;
  const retired = [...(message.retiredWaIds ?? []), ...(waId === undefined ? [] : [waId])];
  const resends = (templateMessage.resends ?? 0) + 1;
  if (next.state !== 'pending') return { ...message, templateMessage: next };
  const { notBefore = now } = next;
  const { parkedUntil = notBefore } = message;
  return {
    ...message,
    templateMessage: {
      ...next,
      resends,
      messageId: templateIdOf(message.messageId, resends),
      waId: undefined,
    },
    retiredWaIds: retired,
    dueAt: parkedUntil < notBefore ? parkedUntil : notBefore,
  };
}

/** Of the template message that is out, and not of an earlier one. */
function isCurrent({ state, messageId, waId }: TemplateMessage, name: TemplateName): boolean {
  if (state === 'failed' || state === 'spared') return false;
  return 'gatewayMessageId' in name
    ? name.gatewayMessageId === messageId
    : waId !== undefined && waKeyOf(waId) === name.waKey;
}
