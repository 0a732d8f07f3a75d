import { deflateSync, inflateSync } from 'node:zlib';

/*
 * The request and the final answer of a message, as they are stored: one deflated attribute. DynamoDB bills a write by
 * the whole item, per started KB. Unpacked, the two fill most of 1.6 KB, because the answer repeats what the item
 * holds anyway. Packed against a dictionary of usual phrases and of the item's own values, the item stays below 1 KB,
 * and each write of it costs one unit in place of two. The texts come back byte for byte.
 */

/**
 * The usual phrases by version; the first byte of an attribute names its version. A version that is in use never
 * changes. The most frequent phrases come last.
 */
const PHRASES: Readonly<Record<number, string>> = {
  1:
    '","whenClosed":"template","template":{"name":"","languageCode":"en","components":{"body":{"placeholders":[""]}}}' +
    ',"whenClosed":"park","parkForSeconds":604800,"correlate":true}' +
    '{"messageId":"","to":"","from":"","text":"","flowId":"","flowCta":"","screen":"","data":{},"whenClosed":"reject"}' +
    '\n{"messageId":"","type":"flow","status":"sent","to":"","from":"","flowId":"","waId":"wamid.HBgM' +
    '","session":{"open":true,"expiresAt":"2026-"},"attempts":1,"createdAt":"2026-","sentAt":"2026-","gateway":{"timestamp":"' +
    '2026-","data":{"messageId":"","waId":"wamid.HBgM","status":"SENT","statusDesc":"Message sent successfully"},"status":' +
    '"success","message":"","errors":null}}',
};
const LATEST = 1;

/** Holds the dictionary, and lets zlib start with less memory to clear. */
const WINDOW = { windowBits: 12, memLevel: 4 } as const;

/** JSON text has no line feeds of its own. */
const BETWEEN = '\n';

/**
 * `own`: values of the item that the texts are likely to repeat. With other values, `unpack` throws: zlib's format has
 * a checksum of the dictionary.
 */
export function pack(texts: readonly (string | undefined)[], own: readonly string[]): Uint8Array {
  const text = texts.map((one) => one ?? '').join(BETWEEN);
  const packed = deflateSync(text, { ...WINDOW, dictionary: dictionaryOf(LATEST, own) });
  return Buffer.concat([Buffer.of(LATEST), packed]);
}

export function unpack(packed: Uint8Array, own: readonly string[]): (string | undefined)[] {
  const [version = 0] = packed;
  const text = inflateSync(packed.subarray(1), { ...WINDOW, dictionary: dictionaryOf(version, own) });
  return text
    .toString('utf8')
    .split(BETWEEN)
    .map((one) => one || undefined);
}

function dictionaryOf(version: number, own: readonly string[]): Buffer {
  const phrases = PHRASES[version];
  if (phrases === undefined) throw new Error(`a message was packed by a later release: version ${version}`);
  return Buffer.from(`${phrases}${own.join('","')}`);
}

/** In a change stream, binary attributes are base64. */
export function bytesOf(packed: unknown): Uint8Array {
  return typeof packed === 'string' ? Buffer.from(packed, 'base64') : (packed as Uint8Array);
}
