import type { APIGatewayRequestAuthorizerEventV2 } from 'aws-lambda';
import { contextOf } from '../lib/clients/authorize.ts';
import { wireAuthorizer } from '../lib/wiring/authorizer.ts';

const authorize = wireAuthorizer('authorizer');

/** What of API Gateway's event decides. */
type AuthorizerEvent = Pick<APIGatewayRequestAuthorizerEventV2, 'routeKey'> &
  Partial<Pick<APIGatewayRequestAuthorizerEventV2, 'headers' | 'requestContext'>>;

/** The HTTP API's request authorizer, with simple responses. */
export const handler = async ({ routeKey, headers, requestContext }: AuthorizerEvent) => {
  const { requestId, http } = requestContext ?? {};
  const { authorization } = headers ?? {};
  const client = await authorize({ authorization, routeKey, requestId, sourceIp: http?.sourceIp });
  if (!client) return { isAuthorized: false };
  return { isAuthorized: true, context: contextOf(client) };
};
