import { classOf } from '../../whatsapp/error-codes.ts';
import { retryOf } from '../backoff.ts';
import { askedAgainUnder, type NewId } from '../gateway-message-id.ts';
import { mayReplace, type ResendPolicy } from '../hold-or-resend.ts';
import type { Message } from '../message.ts';
import type { StatusReport } from '../status-report.ts';
import { isAbout, type TemplateName, templateMessagePostponed } from '../template-message.ts';
import { type Ending, failedFor } from './waiting.ts';

/*
 * What becomes of a flow when LipaChat refuses its template message, or WhatsApp fails it. A refusal that may pass
 * only postpones the template message (`template-message.ts`).
 */

export interface TemplateFailure extends Ending {
  readonly report: StatusReport;
  readonly name: TemplateName;
  /** When the customer last wrote. A template message sent before that has served its purpose. */
  readonly writtenAt: Date | undefined;
  readonly ambiguity: Pick<ResendPolicy, 'mode'>;
  /** For another template message. */
  readonly templateId: NewId;
}

/** LipaChat refused its template message: the caller has to change it. */
export function failByTemplate(message: Message, ending: Ending): Message {
  return failedFor(message, ending, { code: 'gateway-rejected', source: 'gateway' });
}

/** Is the report about the template message that is out, and has the customer not written since? */
export function isTemplateOut(
  { templateMessage, createdAt }: Message,
  { name, writtenAt }: TemplateFailure,
): boolean {
  if (!templateMessage || !isAbout(templateMessage, name)) return false;
  return !writtenAt || writtenAt <= (templateMessage.triedAt ?? createdAt);
}

/** Like `isTemplateOut`, with an error class that may be retried. */
export function isTemplateRetryable(message: Message, failure: TemplateFailure): boolean {
  return isTemplateOut(message, failure) && retryOfReport(failure.report) !== undefined;
}

/**
 * WhatsApp failed its template message for a transient reason: another one follows under its own id, if it may and a
 * try is left. The flow still waits for its customer.
 */
export function retryTemplate(
  message: Message,
  { report, now, ambiguity, templateId }: TemplateFailure,
): Message {
  const { templateMessage } = message;
  const retry = retryOfReport(report);
  if (!templateMessage || !retry) return message;
  if (!mayReplace(ambiguity)) return { ...message, templateMessage: { ...templateMessage, state: 'failed' } };
  const next = templateMessagePostponed(templateMessage, retry, now);
  if (next.state !== 'pending') return { ...message, templateMessage: next };
  // The callback may arrive before the receipt.
  const { waId = report.waId } = templateMessage;
  const { notBefore = now } = next;
  const { parkedUntil = notBefore } = message;
  return {
    ...message,
    templateMessage: {
      ...next,
      ...askedAgainUnder(templateId, message.messageId, templateMessage),
      waId: undefined,
      retiredWaIds: [...(templateMessage.retiredWaIds ?? []), ...(waId === undefined ? [] : [waId])],
    },
    dueAt: parkedUntil < notBefore ? parkedUntil : notBefore,
  };
}

/** WhatsApp failed its template message for good. */
export function failByReport(message: Message, failure: TemplateFailure): Message {
  return failedFor(message, failure, { code: 'gateway-rejected', source: 'callback' });
}

function retryOfReport({ code }: StatusReport) {
  return retryOf(code === undefined ? undefined : classOf(code));
}
