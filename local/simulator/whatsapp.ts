import * as z from 'zod';

/** The parts of WhatsApp's envelope in which the gateway may pass it on, from the whole to the innermost object. */
export const whatsappPart = z.enum(['whatsapp', 'entry', 'change', 'value']);
export type WhatsappPart = z.infer<typeof whatsappPart>;

/** WhatsApp's own envelope, or a part of it. `content` has messages, statuses or contacts. */
export function whatsappEnvelope(business: string, content: object, part: WhatsappPart = 'whatsapp'): object {
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: business, phone_number_id: '106540352242922' },
    ...content,
  };
  const change = { field: 'messages', value };
  const entry = { id: '102290129340398', changes: [change] };
  return { value, change, entry, whatsapp: { object: 'whatsapp_business_account', entry: [entry] } }[part];
}

/** WhatsApp's timestamps: seconds, as text. */
export const whatsappStamp = (epochMs: number): string => String(Math.floor(epochMs / 1000));
