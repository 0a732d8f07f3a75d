import { randomUUID } from 'node:crypto';
import * as z from 'zod';
import { phone, repeats } from './control/request.ts';
import { type WhatsappPart, whatsappEnvelope, whatsappPart, whatsappStamp } from './whatsapp.ts';

/**
 * The common fields of everything that a customer sends. `to`: the sandbox by default. `timestamp`: the simulator's time
 * in seconds, milliseconds, ISO 8601, or a local time in Nairobi as text or as Java's list; a number is sent as it is.
 * `userId` names the customer by WhatsApp's user id too, `hideNumber` by nothing else. `group` is the group in which it
 * is written. `raw` is merged over the message. `notify: false` skips the webhook call.
 */
export const arriving = {
  to: phone.optional(),
  profileName: z.string().default('Wanjiku'),
  timestamp: z.union([z.enum(['s', 'ms', 'iso', 'local', 'list']), z.number()]).optional(),
  userId: z.string().min(1).optional(),
  hideNumber: z.boolean().default(false),
  group: z.string().min(1).optional(),
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
    shape: z.enum(['flat', 'array', 'messages', 'text', ...whatsappPart.options]).default('flat'),
  })
  .refine(({ userId, hideNumber }) => userId !== undefined || !hideNumber, {
    path: ['userId'],
    message: 'required with hideNumber',
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
  const part = whatsappPart.safeParse(written.message.shape);
  if (part.success) return { messageId, body: whatsappMessage(written, messageId, part.data) };
  const flat = flatMessage(written, messageId);
  const { shape } = written.message;
  if (shape === 'array') return { messageId, body: [flat] };
  if (shape === 'messages') return { messageId, body: { messages: [flat] } };
  return { messageId, body: shape === 'text' ? JSON.stringify(flat) : flat };
}

type Named = Pick<CustomerMessage, 'userId' | 'hideNumber' | 'group'>;

/** Who wrote a message, in LipaChat's shape and in WhatsApp's. LipaChat's is a guess where there is no number. */
export function senderOf(
  { userId, hideNumber, group }: Named,
  customer: string,
  isWhatsapp: boolean,
): object {
  const byId = isWhatsapp ? { from_user_id: userId } : { from: userId };
  return {
    ...(hideNumber ? byId : { from: customer, ...(userId === undefined ? {} : { from_user_id: userId }) }),
    ...(group === undefined ? {} : { group_id: group }),
  };
}

export function contactOf(
  { userId, hideNumber, profileName }: Named & { profileName: string },
  customer: string,
): object {
  return {
    profile: { name: profileName },
    ...(hideNumber ? {} : { wa_id: customer }),
    ...(userId === undefined ? {} : { user_id: userId }),
  };
}

function flatMessage({ message, customer, business, now }: Written, messageId: string): object {
  return {
    messageId,
    ...senderOf(message, customer, false),
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
  return { timestamp: typeof timestamp === 'number' ? timestamp : written(now)[timestamp] };
}

const nairobiMs = 3 * 3_600_000;

function written(now: Date) {
  const local = new Date(now.getTime() + nairobiMs).toISOString().slice(0, -1);
  return {
    s: Math.floor(now.getTime() / 1000),
    ms: now.getTime(),
    iso: now.toISOString(),
    local,
    list: local
      .split(/[-T:.]/)
      .map(Number)
      .with(6, (now.getTime() % 1000) * 1_000_000),
  };
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

function whatsappMessage(
  { message, customer, business, now }: Written,
  id: string,
  part: WhatsappPart,
): object {
  const type = message.type.toLowerCase();
  const own = {
    ...senderOf(message, customer, true),
    id,
    timestamp: whatsappStamp(writtenAt(message, now)),
    ...(typeof message.timestamp === 'string' ? stamp(message, now) : {}),
    type,
    ...(type === 'text' ? { text: { body: message.text } } : content(message)),
    ...message.raw,
  };
  return whatsappEnvelope(business, { contacts: [contactOf(message, customer)], messages: [own] }, part);
}
