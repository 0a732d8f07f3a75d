import { codeInWords, titleOf } from './codes.ts';
import type { Delivery } from './conversation.ts';
import type { StatusShape, StatusWord } from './settings.ts';
import { type WhatsappPart, whatsappEnvelope, whatsappPart, whatsappStamp } from './whatsapp.ts';

const defaultFailure = 131026;

/**
 * The status of a delivery. With `withoutMessageId`, only the waId identifies the message, as always in WhatsApp's
 * envelope. `extra` is merged into the status. `errorCode` applies only to FAILED.
 */
export type StatusReport = {
  status: StatusWord;
  shape: StatusShape;
  statusDesc?: string | undefined;
  errorCode?: number | undefined;
  withoutMessageId?: boolean | undefined;
  extra?: Record<string, unknown> | undefined;
};

/** The webhook body for a status of a message. */
export function statusBody(delivery: Delivery, said: StatusReport, now: Date): object {
  const part = whatsappPart.safeParse(said.shape);
  return part.success
    ? whatsappStatus(delivery, said, { now, part: part.data })
    : gatewayStatus(delivery, said);
}

function gatewayStatus(delivery: Delivery, said: StatusReport): object {
  const { waId, messageId, conversationId } = delivery;
  const code = failureOf(said);
  const messageStatus = {
    waId,
    ...(said.withoutMessageId ? {} : { messageId }),
    conversationId,
    status: said.status,
    statusDesc: said.statusDesc ?? describe(said),
    ...(code === undefined || said.shape !== 'flat' ? {} : { errorCode: code }),
    ...(code === undefined || said.shape !== 'objects' ? {} : { statusDesc: whatsappError(code, said) }),
    ...said.extra,
  };
  return { event: 'MESSAGE_STATUS', messageStatus };
}

function whatsappStatus(
  delivery: Delivery,
  said: StatusReport,
  { now, part }: { now: Date; part: WhatsappPart },
): object {
  const code = failureOf(said);
  const status = {
    id: delivery.waId,
    status: said.status.toLowerCase(),
    timestamp: whatsappStamp(now.getTime()),
    recipient_id: delivery.to,
    ...(code === undefined ? {} : { errors: [whatsappError(code, said)] }),
    ...said.extra,
  };
  return whatsappEnvelope(delivery.from, { statuses: [status] }, part);
}

function whatsappError(code: number, { statusDesc }: StatusReport): object {
  const title = titleOf(code);
  return { code, title, message: title, error_data: { details: statusDesc ?? title } };
}

function failureOf({ status, errorCode }: StatusReport): number | undefined {
  return status === 'FAILED' ? (errorCode ?? defaultFailure) : undefined;
}

function describe(said: StatusReport): string {
  const code = failureOf(said);
  if (code === undefined) return `Message ${said.status.toLowerCase()}`;
  return said.shape === 'words' ? codeInWords(code) : `Message failed to send (#${code})`;
}
