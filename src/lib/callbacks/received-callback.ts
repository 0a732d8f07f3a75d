import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { AppError } from '../platform/errors.ts';
import type { UnmatchedStatus } from './unmatched-status.ts';

/*
 * A callback between its arrival and its worker. The webhook stores it in a queue as it came and responds; the
 * worker handles it. If the webhook could not read its own secrets, the worker judges it first.
 */

export interface ReceivedCallback {
  readonly receivedAt: Date;
  readonly correlationId: string;
  /** The body, unchanged: a signature is over its bytes. Valid UTF-8. */
  readonly bytes: Buffer;
  /** Present if the secret or the signature could not be checked on arrival. */
  readonly unchecked?: Presented | undefined;
  /** The id of the raw callback that an operator replays. It is removed if all of it is understood now. */
  readonly replayOf?: string | undefined;
}

/** The signatures that LipaChat presented, as the headers had them. */
export interface Signatures {
  /** `X-Hub-Signature-256` */
  readonly signature?: string | undefined;
  /** Present if there is a `webhook-signature`. */
  readonly standard?: StandardSignature | undefined;
}

/** The headers of Standard Webhooks: `webhook-id`, `webhook-timestamp` (seconds since 1970) and `webhook-signature`. */
export interface StandardSignature {
  readonly id: string;
  readonly timestamp: string;
  readonly signatures: string;
}

/** What LipaChat presented. The secret itself is never stored. */
export interface Presented extends Signatures {
  readonly secretHash: string;
}

/** SHA-256 in hexadecimal. A webhook secret has 32 random characters or more, so its hash reveals nothing. */
export function secretHashOf(secret: string): string {
  return createHash('sha256').update(secret).digest('hex');
}

/** SQS takes messages up to 1 MiB. */
const RECORD_LIMIT = 1_048_576;
/**
 * Characters that SQS refuses, or that not every implementation of it takes: emoji, say, which are two surrogates.
 * Control characters other than these are invalid in JSON, too.
 */
const NOT_FOR_SQS = /[^\t\n\r -\ud7ff\ue000-\ufffd]/;

/**
 * The text of a queue record: a line of JSON, then the body. A body that is too large for the queue, or has
 * such characters, is compressed; `callback-records.ts` reads both. Throws `payload-too-large` for a
 * body within 1 KB of 1 MiB that does not compress by a quarter.
 */
export function encodeRecord({ bytes, ...head }: ReceivedCallback): string {
  const text = bytes.toString('utf8');
  const plain = `${JSON.stringify(head)}\n${text}`;
  if (Buffer.byteLength(plain) <= RECORD_LIMIT && !NOT_FOR_SQS.test(text)) return plain;
  const packed = `${JSON.stringify({ ...head, encoding: 'gzip' })}\n${gzipSync(bytes).toString('base64')}`;
  if (packed.length <= RECORD_LIMIT) return packed;
  throw new AppError('payload-too-large', 'The callback does not fit into the queue, even compressed.');
}

/** The text of a queue record that looks up a status again. WhatsApp's description may have characters that SQS refuses. */
export function encodeLookup(lookUp: UnmatchedStatus): string {
  const escaped = (unit: string) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`;
  return JSON.stringify({ lookUp }).replace(/[^ -~]/g, escaped);
}
