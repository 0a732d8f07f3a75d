import { AsyncLocalStorage } from 'node:async_hooks';
import { DynamoDBClient, type DynamoDBClientConfig } from '@aws-sdk/client-dynamodb';
import type { Transport } from './aws-transport.ts';
import { sha256 } from './dynamo-signing-hash.ts';

/*
 * DynamoDB's client, made for many small calls: a send is three of them and little else. What the SDK prepares for a
 * call is kept for the next one of its kind, which it does only for calls without options; so the limit of a call
 * comes to its tries by way of the async context. docs/performance.md has what it saves.
 */

const limit = new AsyncLocalStorage<AbortSignal>();

/**
 * One call, over all of its tries and the pauses between them, in at most so many milliseconds. Rejects with a
 * TimeoutError when they are over, and then no further try is made.
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

/** Around each call, for a log that nobody reads, a header, and loops that cannot go through DynamoDB. */
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
