import { AsyncLocalStorage } from 'node:async_hooks';
import { createHmac, createSecretKey, hash, type KeyObject } from 'node:crypto';
import { type AttributeValue, DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import type { Transport } from './aws-transport.ts';
import { AppError, NotStorable } from './errors.ts';
import { withinMs } from './time-limit.ts';

/*
 * DynamoDB's client, tuned for many small calls: a send is little else than three of them. The SDK reuses
 * what it prepared for a call only for later calls without options, so each call's time limit travels through
 * the async context instead. docs/performance.md has the savings.
 */

const limit = new AsyncLocalStorage<AbortSignal>();

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

/**
 * Middleware around each call that serves no purpose here: a log without a reader, a header, and a guard
 * against loops that can't pass through DynamoDB.
 */
const NEEDLESS = ['loggerMiddleware', 'getUserAgentMiddleware', 'recursionDetectionMiddleware'];

export function makeDynamoClient(
  config: DynamoDBClientConfig & { readonly requestHandler: Transport },
): DynamoDBClient {
  const transport = config.requestHandler;
  const handle: Transport['handle'] = (request, options) => {
    const abortSignal = limit.getStore();
    return transport.handle(request, abortSignal ? { ...options, abortSignal } : options);
  };
  const client = new DynamoDBClient({
    ...config,
    requestHandler: Object.assign(Object.create(transport) as Transport, { handle }),
    cacheMiddleware: true,
    sha256,
  });
  for (const name of NEEDLESS) client.middlewareStack.remove(name);
  reuseSigner(client);
  return client;
}

/** The SDK makes a signer for each request, with a copy of all settings. They are the same each time. */
function reuseSigner({ config }: DynamoDBClient): void {
  const makeSigner = config.signer;
  let signer: ReturnType<typeof makeSigner> | undefined;
  config.signer = (scheme) => {
    signer ??= makeSigner(scheme);
    return signer;
  };
}

/** The limit of one call, over all of the SDK's tries. Past it the store counts as down. */
const CALL_LIMIT_MS = 3_500;

/**
 * What DynamoDB refuses for what it says: an item over 400 KB, a key over 2 KB, a number out of range, nesting. A missing
 * index or another key schema is a deployment under way, and passes.
 */
function isAboutTheValue(cause: unknown): boolean {
  const { name, message = '' } = cause as Partial<Error>;
  return name === 'ValidationException' && !/specified index|match the schema/i.test(message);
}

/** Turns any fault of the store into `store-unavailable`; a value that can never be stored into `NotStorable`. */
export async function callStore<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await withinMs(CALL_LIMIT_MS, (signal) => limit.run(signal, send));
  } catch (cause) {
    throw isAboutTheValue(cause) ? new NotStorable(cause) : unavailable(cause);
  }
}

export function unavailable(cause: unknown): AppError {
  return new AppError(
    'store-unavailable',
    'The data store did not respond. Repeat the request in a few seconds.',
    {
      retryAfter: 2,
      cause,
    },
  );
}

/** Throws `NotStorable` for a number that is no safe integer or finite fraction, and for a value of no type. */
export function encoded(values: Record<string, unknown>): Record<string, AttributeValue> {
  try {
    return marshall(values, { removeUndefinedValues: true });
  } catch (cause) {
    throw new NotStorable(cause);
  }
}
