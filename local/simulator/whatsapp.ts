/** WhatsApp's own envelope, as the gateway may pass it on. `content` has messages, statuses or contacts. */
export function whatsappEnvelope(business: string, content: object): object {
  const value = {
    messaging_product: 'whatsapp',
    metadata: { display_phone_number: business, phone_number_id: '106540352242922' },
    ...content,
  };
  const change = { field: 'messages', value };
  return { object: 'whatsapp_business_account', entry: [{ id: '102290129340398', changes: [change] }] };
}

/** WhatsApp's timestamps: seconds, as text. */
export const whatsappStamp = (epochMs: number): string => String(Math.floor(epochMs / 1000));
