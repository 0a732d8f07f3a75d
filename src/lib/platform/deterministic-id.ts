import { createHash, createHmac } from 'node:crypto';

/** A UUID derived from a text: the same text always gives the same id. */
export function derivedId(from: string): string {
  return uuidOf(createHash('sha256').update(from).digest('hex'));
}

/** A UUID that can be computed only with the key: base64url, as `Random.key` makes it. */
export function keyedId(key: string, from: string): string {
  return uuidOf(hmac(key, from).toString('hex'));
}

/** Sixty bits that can be computed only with the key, as ten characters of base64url. */
export function keyedTag(key: string, from: string): string {
  return hmac(key, from).toString('base64url').slice(0, 10);
}

function hmac(key: string, text: string): Buffer {
  return createHmac('sha256', Buffer.from(key, 'base64url')).update(text).digest();
}

function uuidOf(hex: string): string {
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
