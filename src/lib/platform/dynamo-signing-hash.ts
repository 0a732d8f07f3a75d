import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import type { DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';

type Secret = string | ArrayBuffer | ArrayBufferView;

/** The day's signing key is the same bytes for each call, and to make a key of bytes is most of an HMAC. */
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
 * SHA-256, and its HMAC where there is a secret, for the SDK's signatures: each is of a few bytes that are there already, so
 * it is one call of Node's and no stream of its own.
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
