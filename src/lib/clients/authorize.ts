import { createHash } from 'node:crypto';
import type { Telemetry } from '../platform/ports.ts';
import type { ApiClient, ClientStore } from './ports.ts';
import { mayUse } from './scopes.ts';

const BEARER = /^Bearer +([\x21-\x7e]{1,512})$/i;

/**
 * Finds the API client of a bearer token and checks the route's scope. Undefined if either fails. Only a
 * token's SHA-256 is ever stored.
 */
export function makeAuthorize({ clients, telemetry }: { clients: ClientStore; telemetry: Telemetry }) {
  return async function authorize(
    authorization: string | undefined,
    routeKey: string,
  ): Promise<ApiClient | undefined> {
    const token = BEARER.exec(authorization ?? '')?.[1];
    if (token === undefined) return undefined;
    const client = await clients.byTokenHash(createHash('sha256').update(token).digest('hex'));
    if (client && mayUse(routeKey, client.scopes)) return client;
    telemetry.info('client.refused', { route: routeKey, known: client !== undefined });
    return undefined;
  };
}

/** What API Gateway passes on to the route's function, and keeps while it caches the decision. Nothing logs it. */
export function contextOf({
  clientId,
  scopes,
  namespace,
  numbers,
}: ApiClient): Readonly<Record<string, string>> {
  return {
    clientId,
    scopes: scopes.join(' '),
    ...(namespace ? { namespaceKey: namespace.key } : {}),
    ...(numbers ? { numbers: numbers.join(' ') } : {}),
  };
}
