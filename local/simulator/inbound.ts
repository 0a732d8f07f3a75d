import { randomUUID } from 'node:crypto';
import * as z from 'zod';

/**
 * A customer writes in. `timestamp`: "s" or "ms" stamps the message with the simulator's time, a number is sent as it
 * is. `raw` is merged over the message. `repeat` calls our webhook so often with the same bytes, one after the other
 * or (`concurrent`) all at once; `notify: false` loses the webhook altogether.
 */
export const customerMessage = z
  .strictObject({
    to: z
      .string()
      .regex(/^\+?\d{7,15}$/)
      .optional(),
    text: z.string().optional(),
    type: z.string().min(1).default('TEXT'),
    messageId: z.string().min(1).optional(),
    profileName: z.string().default('Wanjiku'),
    timestamp: z.union([z.enum(['s', 'ms']), z.number()]).optional(),
    shape: z.enum(['flat', 'array', 'messages', 'whatsapp']).default('flat'),
    raw: z.record(z.string(), z.unknown()).default({}),
    repeat: z.int().min(1).max(1000).default(1),
    concurrent: z.boolean().default(false),
    notify: z.boolean().default(true),
  })
  .refine((message) => message.type.toUpperCase() !== 'TEXT' || message.text !== undefined, {
    path: ['text'],
    message: 'a TEXT message needs it',
  });

type CustomerMessage = z.infer<typeof customerMessage>;
type Written = { message: CustomerMessage; customer: string; business: string; now: Date };

/** The message's own time in epoch milliseconds: its stamp (seconds or milliseconds) or now. */
export function writtenAt({ timestamp }: CustomerMessage, now: Date): number {
  if (typeof timestamp !== 'number') return now.getTime();
  return timestamp < 100_000_000_000 ? timestamp * 1000 : timestamp;
}

/** The webhook's body for it, and the messageId in it. */
export function inboundBody(written: Written): { messageId: string; body: unknown } {
  const messageId = written.message.messageId ?? randomUUID();
  if (written.message.shape === 'whatsapp') return { messageId, body: whatsappEnvelope(written, messageId) };
  const flat = flatMessage(written, messageId);
  const bodies = { flat, array: [flat], messages: { messages: [flat] } };
  return { messageId, body: bodies[written.message.shape] };
}

function flatMessage({ message, customer, business, now }: Written, messageId: string): object {
  return {
    messageId,
    from: customer,
    to: business,
    profileName: message.profileName,
    type: message.type,
    ...content(message),
    ...stamp(message, now),
    ...message.raw,
  };
}

function stamp({ timestamp }: CustomerMessage, now: Date): object {
  if (timestamp === undefined) return {};
  if (typeof timestamp === 'number') return { timestamp };
  return { timestamp: timestamp === 's' ? Math.floor(now.getTime() / 1000) : now.getTime() };
}

/** The gateway's documented sample for the type; any other content comes through `raw`. */
function content({ type, text }: CustomerMessage): object {
  switch (type.toUpperCase()) {
    case 'TEXT':
      return { text };
    case 'IMAGE':
      return { image: { caption: text ?? null, url: 'https://media.example/image.jpg' } };
    case 'INTERACTIVE':
      return { interactive: { type: 'button_reply', button_reply: { id: '1', title: text ?? 'YES' } } };
    default:
      return text === undefined ? {} : { text };
  }
}

function whatsappEnvelope({ message, customer, business, now }: Written, id: string): object {
  const type = message.type.toLowerCase();
  const own = {
    from: customer,
    id,
    timestamp: String(Math.floor(writtenAt(message, now) / 1000)),
    type,
    ...(type === 'text' ? { text: { body: message.text } } : content(message)),
    ...message.raw,
  };
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: business, phone_number_id: '106540352242922' },
    contacts: [{ profile: { name: message.profileName }, wa_id: customer }],
    messages: [own],
  };
  const change = { field: 'messages', value };
  return { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [change] }] };
}
