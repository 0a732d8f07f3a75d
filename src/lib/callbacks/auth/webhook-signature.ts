import { createHmac, timingSafeEqual } from 'node:crypto';
import type { Signatures, StandardSignature } from '../received-callback.ts';

/*
 * The signatures of a callback: `X-Hub-Signature-256`, and those of Standard Webhooks
 * (https://github.com/standard-webhooks/standard-webhooks/blob/main/spec/standard-webhooks.md).
 */

/** Shorter keys are ignored. A parameter that holds only such keys admits no request. */
const SHORTEST_KEY = 32;
const HUB = /^sha256=([0-9a-f]{64})$/;
/** The prefix of a key that is base64. */
const BASE64_KEY = /^whsec_/;
const BASE64 = /^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/;
const TIMESTAMP = /^\d{1,12}$/;
const LONGEST_ID = 256;
/** More of a header than this is cut off, and then it is no signature any more. It bounds what a queue record holds. */
const LONGEST = { hub: 100, id: LONGEST_ID + 1, timestamp: 20, signatures: 2_000 };

interface Key {
  /** The key of `X-Hub-Signature-256`: the text as it is. */
  readonly text: string;
  /** The key of Standard Webhooks. */
  readonly bytes: Buffer;
}

/** Is the key long enough and, behind its prefix, base64? Others are ignored. */
export function isSigningKey(text: string): boolean {
  const own = text.replace(BASE64_KEY, '');
  return own.length >= SHORTEST_KEY && (own === text || BASE64.test(own));
}

/** The keys in a parameter: one, or two during a rotation. */
function keysIn(parameter: string): readonly Key[] {
  const texts = parameter.split(',').map((part) => part.trim());
  return texts.filter(isSigningKey).map((text) => {
    const own = text.replace(BASE64_KEY, '');
    return { text, bytes: Buffer.from(own, own === text ? 'utf8' : 'base64') };
  });
}

/** The signatures in a request's headers. The names of the headers are in lower case. */
export function signaturesIn(headers: Readonly<Record<string, string | undefined>>): Signatures {
  // Not every character of a header may be in a queue record, and no right signature has others than these.
  const cut = (text: string, length: number) => text.slice(0, length).replace(/[^ -~]/g, '?');
  const {
    'x-hub-signature-256': hub,
    'webhook-id': id = '',
    'webhook-timestamp': timestamp = '',
    'webhook-signature': signatures,
  } = headers;
  const standard = signatures !== undefined && {
    id: cut(id, LONGEST.id),
    timestamp: cut(timestamp, LONGEST.timestamp),
    signatures: cut(signatures, LONGEST.signatures),
  };
  return {
    ...(hub === undefined ? {} : { signature: cut(hub, LONGEST.hub) }),
    ...(standard ? { standard } : {}),
  };
}

/** When a callback arrived, and how far from it the signed time may be, either way. */
export interface Arrived {
  readonly receivedAt: Date;
  readonly toleranceSeconds: number;
}

/** Can any key make these signatures right? Decided without a key, so that rubbish costs no read of one. */
export function maySign({ signature, standard }: Signatures, arrived: Arrived): boolean {
  if (signature === undefined && standard === undefined) return false;
  if (signature !== undefined && !HUB.test(signature)) return false;
  return standard === undefined || isInTime(standard, arrived);
}

function isInTime({ id, timestamp }: StandardSignature, { receivedAt, toleranceSeconds }: Arrived): boolean {
  if (id === '' || id.length > LONGEST_ID || !TIMESTAMP.test(timestamp)) return false;
  const arrivedAt = Math.floor(receivedAt.getTime() / 1000);
  return Math.abs(arrivedAt - Number(timestamp)) <= toleranceSeconds;
}

/**
 * Are there signatures of exactly these bytes, and is each of them right? A request with both kinds needs both: a
 * wrong one is a forgery or a mistake, and neither is believed. `maySign` is checked first.
 */
export function isSignedBy(parameter: string, { signature, standard }: Signatures, bytes: Buffer): boolean {
  const keys = keysIn(parameter);
  const present = [
    ...(signature === undefined ? [] : [isHubSignedBy(keys, signature, bytes)]),
    ...(standard === undefined ? [] : [isStandardSignedBy(keys, standard, bytes)]),
  ];
  return present.length > 0 && present.every((right) => right);
}

/** Accepts lower-case hexadecimal and nothing around it. */
function isHubSignedBy(keys: readonly Key[], signature: string, bytes: Buffer): boolean {
  const hex = HUB.exec(signature)?.[1];
  if (hex === undefined) return false;
  const digests = keys.map(({ text }) => createHmac('sha256', text).update(bytes).digest());
  return anyEqual(digests, [Buffer.from(hex, 'hex')]);
}

/** The header holds one signature or several (`v1,<base64>`), with blanks between. Other versions don't count. */
function isStandardSignedBy(keys: readonly Key[], given: StandardSignature, bytes: Buffer): boolean {
  const signed = `${given.id}.${given.timestamp}.`;
  const digests = keys.map((key) =>
    Buffer.from(`v1,${createHmac('sha256', key.bytes).update(signed).update(bytes).digest('base64')}`),
  );
  return anyEqual(
    digests,
    given.signatures.split(' ').map((one) => Buffer.from(one)),
  );
}

/** Compares all with all in constant time, so that the duration doesn't tell which of them matched. */
function anyEqual(digests: readonly Buffer[], given: readonly Buffer[]): boolean {
  const equal = digests.flatMap((digest) =>
    given.filter((one) => one.length === digest.length && timingSafeEqual(one, digest)),
  );
  return equal.length > 0;
}
