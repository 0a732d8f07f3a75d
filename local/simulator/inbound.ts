import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { phone, repeats } from './control/request.ts';
import { whatsappEnvelope, whatsappStamp } from './whatsapp.ts';

/**
 * The common fields of everything that a customer sends. `to`: the sandbox by default. `timestamp`: "s" or "ms" sends the
 * simulator's time, a number is sent as it is. `raw` is merged over the message. `notify: false` skips the webhook
 * call.
 */
export const arriving = {
  to: phone.optional(),
  profileName: z.string().default('Wanjiku'),
  timestamp: z.union([z.enum(['s', 'ms']), z.number()]).optional(),
  raw: z.record(z.string(), z.unknown()).default({}),
  notify: z.boolean().default(true),
  ...repeats,
};

/** A customer's message. */
export const customerMessage = z
  .strictObject({
    ...arriving,
    text: z.string().optional(),
    type: z.string().min(1).default('TEXT'),
    messageId: z.string().min(1).optional(),
    shape: z.enum(['flat', 'array', 'messages', 'whatsapp']).default('flat'),
  })
  .refine((message) => message.type.toUpperCase() !== 'TEXT' || message.text !== undefined, {
    path: ['text'],
    message: 'required for a TEXT message',
  });

type CustomerMessage = z.infer<typeof customerMessage>;
type Stamped = Pick<CustomerMessage, 'timestamp'>;
type Written = { message: CustomerMessage; customer: string; business: string; now: Date };

/** The message's own time in epoch ms: its timestamp (in seconds or milliseconds), or now. */
export function writtenAt({ timestamp }: Stamped, now: Date): number {
  if (typeof timestamp !== 'number') return now.getTime();
  return timestamp < 100_000_000_000 ? timestamp * 1000 : timestamp;
}

/** The webhook body, and the messageId in it. */
export function inboundBody(written: Written): { messageId: string; body: unknown } {
  const messageId = written.message.messageId ?? randomUUID();
  if (written.message.shape === 'whatsapp') return { messageId, body: whatsappMessage(written, messageId) };
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

/** The message's timestamp field, if requested. */
export function stamp({ timestamp }: Stamped, now: Date): object {
  if (timestamp === undefined) return {};
  if (typeof timestamp === 'number') return { timestamp };
  return { timestamp: timestamp === 's' ? Math.floor(now.getTime() / 1000) : now.getTime() };
}

/** The gateway's documented sample for the type. Use `raw` for other content. */
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

function whatsappMessage({ message, customer, business, now }: Written, id: string): object {
  const type = message.type.toLowerCase();
  const own = {
    from: customer,
    id,
    timestamp: whatsappStamp(writtenAt(message, now)),
    type,
    ...(type === 'text' ? { text: { body: message.text } } : content(message)),
    ...message.raw,
  };
  const contacts = [{ profile: { name: message.profileName }, wa_id: customer }];
  return whatsappEnvelope(business, { contacts, messages: [own] });
}
