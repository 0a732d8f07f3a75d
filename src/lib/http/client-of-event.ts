import type { APIGatewayProxyEventV2 } from 'aws-lambda';
import type { Caller } from '../platform/caller.ts';
import { AppError } from '../platform/errors.ts';
import { isOpenRoute } from './open-routes.ts';

const ANYONE = { clientId: 'anyone', seesAll: false } as const;

/** The client that the authorizer found. Throws `internal` without one, unless the route is open to anyone. */
export function clientOf(event: APIGatewayProxyEventV2): Caller {
  const { clientId, scopes, namespaceKey, numbers, recipientSources } = authorizerOf(event)?.lambda ?? {};
  if (typeof clientId !== 'string') {
    if (isOpenRoute(event.routeKey)) return ANYONE;
    throw new AppError('internal', 'The route is deployed without its authorizer. Nothing was done.');
  }
  const seesAll = typeof scopes === 'string' && scopes.split(' ').includes('admin');
  return {
    clientId,
    seesAll,
    ...(typeof namespaceKey === 'string' ? { namespaceKey } : {}),
    ...(typeof numbers === 'string' ? { numbers: listIn(numbers) } : {}),
    ...(typeof recipientSources === 'string' ? { recipientSources: listIn(recipientSources) } : {}),
  };
}

const listIn = (text: string): readonly string[] => text.split(' ').filter((one) => one !== '');

/** What the authorizer said of the caller; undefined on a route without one. */
export function authorizerOf({ requestContext }: APIGatewayProxyEventV2) {
  return (requestContext as { authorizer?: { lambda?: Record<string, unknown> | null } }).authorizer;
}
