import { createHash } from 'node:crypto';

/** A UUID derived from a text: the same text always gives the same id. */
export function derivedId(from: string): string {
  const hex = createHash('sha256').update(from).digest('hex');
  const parts = [
    hex.slice(0, 8),
    hex.slice(8, 12),
    `8${hex.slice(13, 16)}`,
    `a${hex.slice(17, 20)}`,
    hex.slice(20, 32),
  ];
  return parts.join('-');
}
