import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Secret = string | ArrayBuffer | ArrayBufferView;

/** All calls of a day share one signing key, and creating a key from bytes is most of the cost of an HMAC. */
const keys = new WeakMap<object, KeyObject>();

function keyOf(secret: Secret): KeyObject | string {
  if (typeof secret === 'string') return secret;
  const known = keys.get(secret);
  if (known) return known;
  const bytes = ArrayBuffer.isView(secret)
    ? Buffer.from(secret.buffer, secret.byteOffset, secret.byteLength)
    : Buffer.from(secret);
  const key = createSecretKey(bytes);
  keys.set(secret, key);
  return key;
}

/**
 * SHA-256, or its HMAC with a secret, for the SDK's signatures. The inputs are a few bytes in memory, so one
 * call of Node's crypto replaces a stream.
 */
class Sha256 {
  private readonly parts: Uint8Array[] = [];
  private readonly secret: Secret | undefined;

  constructor(secret?: Secret) {
    this.secret = secret;
  }

  update(data: Uint8Array): void {
    this.parts.push(data);
  }

  digest(): Promise<Uint8Array> {
    const data = this.parts.length === 1 && this.parts[0] ? this.parts[0] : Buffer.concat(this.parts);
    return Promise.resolve(
      this.secret === undefined
        ? hash('sha256', data, 'buffer')
        : createHmac('sha256', keyOf(this.secret)).update(data).digest(),
    );
  }
}

export const sha256: NonNullable<DynamoDBClientConfig['sha256']> = Sha256;
