import { assertMayUse } from '../platform/caller.ts';
import type { Pair } from '../whatsapp/phone.ts';
import type { ApiRequest } from './api.ts';
import { parsePair } from './schema.ts';

/**
 * Parses `{from}/{to}` of a path. Throws `invalid-request`, or `forbidden` if the caller may not use the business number.
 * Every route with a business number in its path gets it here.
 */
export function allowedPair(request: Pick<ApiRequest, 'path' | 'numbers'>): Pair {
  const pair = parsePair(request.path);
  assertMayUse(request, pair.business);
  return pair;
}
