import { createHash } from 'node:crypto';
import { addressPrefix } from '../platform/address-prefix.ts';
import type { Clock, Telemetry } from '../platform/ports.ts';
import type { ApiClient, ClientStore, ClientToken } from './ports.ts';
import { dayOf, refusalOf } from './token-rules.ts';

/** No use is noted for this long after a note failed. */
const AFTER_FAILURE_MS = 60_000;
const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/** A request of API Gateway's, before its route. */
export interface AuthorizeRequest {
  readonly authorization: string | undefined;
  readonly routeKey: string;
  readonly sourceIp: string | undefined;
  /** API Gateway's, which the caller gets as `apigw-requestid`. */
  readonly requestId: string | undefined;
}

export interface AuthorizeDeps {
  readonly clients: ClientStore;
  readonly clock: Clock;
  readonly telemetry: Telemetry;
}

/** The key of a token in the store: its SHA-256, in hex. Only that is ever stored. */
export function tokenHashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

/**
 * Finds the API client of a bearer token, unless the token is not good for the request (`token-rules.ts`). API Gateway keeps
 * the decision for a minute, so a refusal is logged once in that time.
 */
export function makeAuthorize({ clients, clock, telemetry }: AuthorizeDeps) {
  /** When the last note failed. Callers wait for a note, so trouble with the table delays one of them, and not each. */
  let failedAt = Number.NEGATIVE_INFINITY;

  return async function authorize(request: AuthorizeRequest): Promise<ApiClient | undefined> {
    const { routeKey, sourceIp, requestId } = request;
    const token = BEARER.exec(request.authorization ?? '')?.[1];
    const hash = token && tokenHashOf(token);
    const found = hash === undefined ? undefined : await clients.byTokenHash(hash);
    const now = clock.now();
    const reason = refusalOf(found, { routeKey, sourceIp, now });
    if (reason !== undefined || !found || !hash) {
      const source = addressPrefix(sourceIp);
      telemetry.info('client.refused', {
        route: routeKey,
        reason,
        requestId,
        clientId: found?.clientId,
        source,
      });
      return undefined;
    }
    await noteUse(hash, found, dayOf(now));
    return found;
  };

  /** One write a day and token. The request never fails for it. */
  async function noteUse(hash: string, { clientId, lastUsedOn }: ClientToken, day: string): Promise<void> {
    if (lastUsedOn !== undefined && lastUsedOn >= day) return;
    if (clock.now().getTime() - failedAt < AFTER_FAILURE_MS) return;
    try {
      await clients.noteUse(hash, day);
    } catch (fault) {
      failedAt = clock.now().getTime();
      telemetry.error('client.use-not-noted', fault, { clientId });
    }
  }
}

/** What API Gateway passes on to the route's function, and keeps while it caches the decision. Nothing logs it. */
export function contextOf({
  clientId,
  scopes,
  namespace,
  numbers,
  recipientSources,
}: ApiClient): Readonly<Record<string, string>> {
  return {
    clientId,
    scopes: scopes.join(' '),
    ...(namespace ? { namespaceKey: namespace.key } : {}),
    ...(numbers ? { numbers: numbers.join(' ') } : {}),
    ...(recipientSources ? { recipientSources: recipientSources.join(' ') } : {}),
  };
}
