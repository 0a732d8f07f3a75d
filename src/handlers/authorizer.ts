import { contextOf, makeAuthorize } from '../lib/clients/authorize.ts';
import { wireStores } from '../lib/wiring/stores.ts';

const authorize = makeAuthorize(wireStores('authorizer'));

interface AuthorizerEvent {
  readonly routeKey: string;
  readonly headers?: { readonly authorization?: string };
}

/** The HTTP API's request authorizer, with simple responses. */
export const handler = async ({ routeKey, headers }: AuthorizerEvent) => {
  const client = await authorize(headers?.authorization, routeKey);
  if (!client) return { isAuthorized: false };
  return { isAuthorized: true, context: contextOf(client) };
};
