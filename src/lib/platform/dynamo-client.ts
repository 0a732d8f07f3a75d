import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { Transport } from './aws-transport.ts';
import { sha256 } from './dynamo-signing-hash.ts';

/*
 * DynamoDB's client, tuned for many small calls: a send is little else than three of them. The SDK reuses
 * what it prepared for a call only for later calls without options, so each call's time limit travels through
 * the async context instead. docs/performance.md has the savings.
 */

const limit = new AsyncLocalStorage<AbortSignal>();

/**
 * Runs one call within `ms` milliseconds, over all of its tries and the pauses between them. After that it
 * rejects with a TimeoutError and makes no further try.
 */
export async function withinMs<T>(ms: number, call: () => Promise<T>): Promise<T> {
  const end = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      end.abort();
      reject(Object.assign(new Error(`no answer in ${ms} ms`), { name: 'TimeoutError' }));
    }, ms);
  });
  try {
    return await limit.run(end.signal, () => Promise.race([call(), over]));
  } finally {
    clearTimeout(timer);
  }
}

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
  return client;
}
