import { createCipheriv, createDecipheriv, createHmac } from 'node:crypto';
import type { Erased } from './erasure.ts';

/*
 * The person of an erasure under way, encrypted by the key of erasures (AES-256-GCM), so that the number is in no item, no
 * image of the change stream and no recovery.
 */

const IV_BYTES = 12;
const TAG_BYTES = 16;

/** Each id is sealed for once. */
const ivOf = (erasureId: string, key: string) =>
  createHmac('sha256', key).update(`iv ${erasureId}`).digest().subarray(0, IV_BYTES);
const cipherKey = (key: string) => createHmac('sha256', key).update('seal').digest();

/** `erasureId`: what it is sealed for. It opens for nothing else. */
export function sealed(person: Erased, erasureId: string, key: string): string {
  const iv = ivOf(erasureId, key);
  const cipher = createCipheriv('aes-256-gcm', cipherKey(key), iv).setAAD(Buffer.from(erasureId));
  const body = Buffer.concat([cipher.update(JSON.stringify(person), 'utf8'), cipher.final()]);
  return Buffer.concat([iv, cipher.getAuthTag(), body]).toString('base64url');
}

/** Throws if it was not sealed for this erasure by this key. */
export function unsealed(text: string, erasureId: string, key: string): Erased {
  const bytes = Buffer.from(text, 'base64url');
  const decipher = createDecipheriv('aes-256-gcm', cipherKey(key), bytes.subarray(0, IV_BYTES))
    .setAAD(Buffer.from(erasureId))
    .setAuthTag(bytes.subarray(IV_BYTES, IV_BYTES + TAG_BYTES));
  const body = Buffer.concat([decipher.update(bytes.subarray(IV_BYTES + TAG_BYTES)), decipher.final()]);
  return JSON.parse(body.toString('utf8')) as Erased;
}
