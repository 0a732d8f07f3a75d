/**
 * Secrets and numbers that occur nowhere else. Wherever one of them turns up, it leaked: the contract shows
 * numbers to the caller and keeps them in the table, and nothing shows a secret.
 */
import { randomBytes } from 'node:crypto';

const tail = (bytes: number): string => randomBytes(bytes).toString('hex');
const digits = (count: number): string =>
  Array.from(randomBytes(count), (byte) => String(byte % 10)).join('');

export type Canaries = {
  apiKey: string;
  webhookSecret: string;
  erasureKey: string;
  /** What must be in no output, no answer and no item. */
  secrets: string[];
  /** What must be in no output. */
  numbers: string[];
  /** A new secret, remembered: a token, a rotated key. */
  secret: (kind: string) => string;
  /** A new Kenyan number, remembered. */
  number: () => string;
};

export const createCanaries = (): Canaries => {
  const secrets: string[] = [];
  const numbers: string[] = [];
  const secret = (kind: string): string => {
    const made = `canary-${kind}-${tail(16)}`;
    secrets.push(made);
    return made;
  };
  const number = (): string => {
    const made = `2547${digits(8)}`;
    numbers.push(made);
    return made;
  };
  return {
    apiKey: secret('api-key'),
    webhookSecret: secret('webhook-secret'),
    erasureKey: secret('erasure-key'),
    secrets,
    numbers,
    secret,
    number,
  };
};

/** As it may be written: plain, percent-encoded, and inside base64 (a waId holds its number like that). */
const spellings = (canary: string): string[] => [
  canary,
  ...[0, 1, 2].map((offset) => base64Inside(canary, offset)),
];

/** What base64 makes of a text that begins at `offset` modulo 3, without the characters at its edges. */
const base64Inside = (text: string, offset: number): string => {
  const encoded = Buffer.concat([Buffer.alloc(offset), Buffer.from(text)]).toString('base64');
  const first = offset === 0 ? 0 : offset + 1;
  const whole = Math.floor(((offset + Buffer.byteLength(text)) * 8) / 6);
  return encoded.slice(first, whole);
};

/** Which of the canaries are in a text. */
export const foundIn = (text: string, canaries: readonly string[]): string[] =>
  canaries.filter((canary) => spellings(canary).some((spelling) => text.includes(spelling)));
