/**
 * The routes that need no client. Every other route has an authorizer, and an event of one without it is a fault of the
 * deployment. A policy test compares the list with serverless.yml.
 */
export const OPEN_ROUTES: ReadonlySet<string> = new Set([
  'GET /v1/health',
  'POST /v1/webhooks/lipachat/{secret}',
  'GET /v1/webhooks/lipachat/{secret}',
  'HEAD /v1/webhooks/lipachat/{secret}',
  'GET /docs',
  'GET /docs/{file}',
]);

export function isOpenRoute(routeKey: string): boolean {
  return OPEN_ROUTES.has(routeKey);
}
