/*
 * The entries of a callback's body: an object, a list of them, `{ messages: [...] }`, or WhatsApp's own envelope.
 * Each entry is read on its own (`parse-callbacks.ts`).
 */

export type Entry =
  /** LipaChat's own shape. */
  | { readonly kind: 'flat'; readonly body: unknown }
  /** A message in WhatsApp's envelope, to this business number. */
  | { readonly kind: 'whatsappMessage'; readonly body: object }
  | { readonly kind: 'whatsappStatus'; readonly body: unknown }
  | { readonly kind: 'unrecognised'; readonly body: unknown };

/** Every entry counts: nothing is dropped. */
export function entriesIn(body: unknown): Entry[] {
  const all = Array.isArray(body) ? body : [body];
  return all.flatMap((one) => {
    const { messages, entry } = asRecord(one);
    if (Array.isArray(entry) && entry.length > 0) return entry.flatMap(inWhatsappEntry);
    if (!Array.isArray(messages)) return [flat(one)];
    // An empty list may accompany a flat callback.
    return messages.length === 0 && Object.keys(asRecord(one)).length > 1 ? [flat(one)] : messages.map(flat);
  });
}

function flat(body: unknown): Entry {
  return { kind: 'flat', body };
}

function inWhatsappEntry(entry: unknown): Entry[] {
  const { changes } = asRecord(entry);
  if (!Array.isArray(changes)) return [{ kind: 'unrecognised', body: entry }];
  return changes.flatMap((change) => inWhatsappValue(asRecord(change)['value'], change));
}

function inWhatsappValue(value: unknown, change: unknown): Entry[] {
  const { metadata, messages, statuses } = asRecord(value);
  const { display_phone_number: to } = asRecord(metadata);
  const isNamed = metadata == null || typeof to === 'string' || typeof to === 'number';
  if (!isNamed || !isListOrNone(messages) || !isListOrNone(statuses) || !(messages || statuses))
    return [{ kind: 'unrecognised', body: change }];
  return [
    ...(messages ?? []).map(
      (message): Entry => ({
        kind: 'whatsappMessage',
        body: { ...asRecord(message), to },
      }),
    ),
    ...(statuses ?? []).map((status): Entry => ({ kind: 'whatsappStatus', body: status })),
  ];
}

function isListOrNone(value: unknown): value is unknown[] | null | undefined {
  return value === undefined || value === null || Array.isArray(value);
}

function asRecord(value: unknown): Record<string, unknown> {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : {};
}
