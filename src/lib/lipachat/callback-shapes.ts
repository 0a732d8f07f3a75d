import * as z from 'zod';
import type { ReportedStatus } from '../messages/status.ts';
import { gatewayPhoneNumber, type PhoneNumber } from '../whatsapp/phone.ts';

/* The shapes of LipaChat's callbacks. Unknown fields are ignored, because a gateway may add some at any time. */

const REPORTED_STATUSES = new Map<string, ReportedStatus>([
  ['sent', 'sent'],
  ['delivered', 'delivered'],
  ['read', 'read'],
  ['failed', 'failed'],
]);

const id = z.string().min(1).max(512);
const stamp = z.union([z.number(), z.string()]).nullish();
const phone = z
  .union([z.string(), z.number()])
  .transform(String)
  .transform(gatewayPhoneNumber)
  .pipe(z.string<PhoneNumber>());

/** A customer's message, in LipaChat's shape and in WhatsApp's. */
export const inbound = z.object({
  messageId: id.nullish(),
  id: id.nullish(),
  from: phone,
  to: phone,
  type: z.string(),
  timestamp: stamp,
  text: z.unknown().optional(),
  context: z.object({ id: id.nullish() }).nullish(),
});

const reportedStatus = z.string().transform((value, context) => {
  const known = REPORTED_STATUSES.get(value.toLowerCase());
  if (known) return known;
  context.addIssue({ code: 'custom', message: 'no known status' });
  return z.NEVER;
});
const code = z.union([z.number(), z.string()]);

/** A message's status in LipaChat's own shape. */
export const messageStatus = z.object({
  event: z.string().refine((event) => event.toUpperCase() === 'MESSAGE_STATUS'),
  messageStatus: z
    .object({
      waId: id.nullish(),
      messageId: id.nullish(),
      status: reportedStatus,
      statusDesc: z.string().nullish(),
      timestamp: stamp,
      errorCode: code.nullish(),
    })
    .refine(({ waId, messageId }) => waId || messageId),
});

/** WhatsApp's verdict on a template, in LipaChat's own shape. */
export const templateStatus = z.object({
  event: z.string().refine((event) => event.toUpperCase() === 'TEMPLATE_STATUS'),
  templateStatus: z.object({
    status: z.string(),
    templateId: z.union([z.string(), z.number()]).nullish(),
    templateName: z.string().nullish(),
  }),
});

/** A message's status in WhatsApp's envelope. */
export const whatsappStatus = z.object({
  id,
  status: reportedStatus,
  timestamp: stamp,
  errors: z.array(z.looseObject({ code: code.nullish(), title: z.string().nullish() })).nullish(),
});
