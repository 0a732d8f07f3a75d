/** What an API client may do; `openapi.yaml` names the scope of each route. */
export const SCOPES = ['send', 'read', 'campaigns', 'consent', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

const SCOPE_OF_ROUTE: Record<string, Scope> = {
  'POST /v1/flows': 'send',
  'GET /v1/messages/{messageId}': 'read',
  'GET /v1/sessions/{from}/{to}': 'read',
  'PUT /v1/opt-outs/{from}/{to}': 'send',
  // Apart from `send`: it overrides what the customer said.
  'DELETE /v1/opt-outs/{from}/{to}': 'consent',
  'DELETE /v1/contacts/{from}/{to}': 'admin',
  'GET /v1/contacts/{from}/{to}/export': 'admin',
  'GET /v1/erasures/{erasureId}': 'admin',
  'POST /v1/campaigns': 'campaigns',
  'GET /v1/campaigns': 'campaigns',
  'GET /v1/campaigns/{campaignId}': 'campaigns',
  'POST /v1/campaigns/{campaignId}/recipients': 'campaigns',
  'GET /v1/campaigns/{campaignId}/recipients': 'campaigns',
  'POST /v1/campaigns/{campaignId}/plan': 'campaigns',
  'POST /v1/campaigns/{campaignId}/start': 'campaigns',
  'POST /v1/campaigns/{campaignId}/pause': 'campaigns',
  'POST /v1/campaigns/{campaignId}/resume': 'campaigns',
  'POST /v1/campaigns/{campaignId}/cancel': 'campaigns',
};

/** The routes that ask for a client. */
export const ROUTES: readonly string[] = Object.keys(SCOPE_OF_ROUTE);

/** May a client with these scopes use the route? A route without an entry is refused to every client. */
export function mayUse(routeKey: string, scopes: readonly string[]): boolean {
  const needed = SCOPE_OF_ROUTE[routeKey];
  return needed !== undefined && scopes.includes(needed);
}
