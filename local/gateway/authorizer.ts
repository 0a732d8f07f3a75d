/** Request authorizers with simple responses and a cache. */

import { invoke, type LambdaFunction } from '../lambda.ts';
import { type AuthorizerContext, authorizerEvent, type GatewayRequest } from './event.ts';

export type AuthorizerDefinition = {
  functionName: string;
  /** For example `$request.header.Authorization`. Without all of them, the function isn't called. */
  identitySource: string[];
  resultTtlInSeconds: number;
};

type Decision =
  | { outcome: 'allowed'; context: AuthorizerContext }
  | { outcome: 'forbidden' }
  | { outcome: 'unauthorized' };

/** Rejects if the function throws, times out, or returns another form. */
export type Authorizer = (request: GatewayRequest) => Promise<Decision>;

type Source = (request: GatewayRequest) => string | undefined;
type SimpleResponse = { isAuthorized: boolean; context?: AuthorizerContext };

const CONTEXT: Record<string, Source> = {
  routeKey: ({ routeKey }) => routeKey,
  path: ({ rawPath }) => rawPath,
  httpMethod: ({ method }) => method,
  'identity.sourceIp': ({ sourceIp }) => sourceIp,
};

const sourceOf = (expression: string): Source => {
  const [, kind, name = ''] =
    /^\$(request\.header|request\.querystring|context)\.(.+)$/.exec(expression) ?? [];
  if (kind === 'request.header') return ({ headers }) => headers[name.toLowerCase()];
  if (kind === 'request.querystring') {
    return ({ rawQueryString }) => new URLSearchParams(rawQueryString).get(name) ?? undefined;
  }
  const source = kind === 'context' ? CONTEXT[name] : undefined;
  if (!source) throw new Error(`the local gateway does not support the identity source ${expression}`);
  return source;
};

const isSimpleResponse = (answer: unknown): answer is SimpleResponse =>
  typeof answer === 'object' &&
  answer !== null &&
  'isAuthorized' in answer &&
  typeof answer.isAuthorized === 'boolean';

const decisionOf = (answer: unknown): Decision => {
  if (!isSimpleResponse(answer)) throw new Error('the authorizer returned no simple response');
  if (!answer.isAuthorized) return { outcome: 'forbidden' };
  return { outcome: 'allowed', context: answer.context ?? null };
};

type CacheEntry = { decision: Decision; until: number };

const createCache = (ttlMs: number) => {
  const entries = new Map<string, CacheEntry>();
  return {
    get: (key: string): Decision | undefined => {
      const entry = entries.get(key);
      if (entry && entry.until > performance.now()) return entry.decision;
      entries.delete(key);
      return undefined;
    },
    put: (key: string, decision: Decision): void => {
      if (ttlMs > 0) entries.set(key, { decision, until: performance.now() + ttlMs });
    },
  };
};

/**
 * One authorizer. Both decisions, allow and deny, are cached for the TTL by the identity's values; errors are not.
 * As on AWS, concurrent requests with the same identity each call the function.
 */
export const createAuthorizer = (definition: AuthorizerDefinition, lambda: LambdaFunction): Authorizer => {
  const sources = definition.identitySource.map(sourceOf);
  const cache = createCache(definition.resultTtlInSeconds * 1000);
  return async (request) => {
    const identity = sources.map((source) => source(request) ?? '');
    if (identity.includes('')) return { outcome: 'unauthorized' };
    const key = JSON.stringify(identity);
    const cached = cache.get(key);
    if (cached) return cached;
    const decision = decisionOf(await invoke(lambda, authorizerEvent(request, identity)));
    cache.put(key, decision);
    return decision;
  };
};
