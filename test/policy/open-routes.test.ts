/** Which routes need no client: those of the list, and no other, in what is packaged. Each has a throttle of its own. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OPEN_ROUTES } from '../../src/lib/http/open-routes.ts';
import { functionNames, type Json, ofType, type Packaged, packageFor, type Stage } from './packaged.ts';

const CALLBACKS = 'POST /v1/webhooks/lipachat/{secret}';
const isOfDocs = (routeKey: string) => routeKey.startsWith('GET /docs');
const apart = [...OPEN_ROUTES].filter((routeKey) => !isOfDocs(routeKey));

const CASES: [stage: Stage, params: Record<string, string>, open: string[]][] = [
  ['dev', {}, [...OPEN_ROUTES]],
  ['dev', { docs: 'off' }, apart],
  ['prod', {}, apart],
  ['prod', { docs: 'on', tracing: 'true' }, [...OPEN_ROUTES]],
];

describe.each(CASES)('the routes of %s with %j', (stage, params, expected) => {
  let routes: Json[];
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await packageFor(stage, params);
    routes = ofType(packaged, 'AWS::ApiGatewayV2::Route').map(([, properties]) => properties);
  }, 120_000);

  const stageOf = () => packaged.template.Resources['HttpApiStage'];
  const openRoutes = () =>
    ofType(packaged, 'AWS::ApiGatewayV2::Route').filter(
      ([, { AuthorizationType: type }]) => type !== 'CUSTOM',
    );

  it('ask for a client, unless they are open', () => {
    expect(routes.length).toBeGreaterThan(15);
    expect(
      openRoutes()
        .map(([, { RouteKey }]) => RouteKey)
        .toSorted(),
    ).toEqual(expected.toSorted());
  });

  it('ask the one authorizer there is', () => {
    const [[authorizer] = [''], ...others] = ofType(packaged, 'AWS::ApiGatewayV2::Authorizer');
    expect(others).toEqual([]);
    for (const { AuthorizationType, AuthorizerId } of routes)
      if (AuthorizationType === 'CUSTOM') expect(AuthorizerId).toEqual({ Ref: authorizer });
  });

  it('have a throttle of their own each, where they are open, and only there', () => {
    const settings = (stageOf()?.Properties['RouteSettings'] ?? {}) as Record<string, Json>;
    expect(Object.keys(settings).toSorted()).toEqual(expected.toSorted());
    for (const [routeKey, limits] of Object.entries(settings))
      expect([routeKey, limits]).toEqual([
        routeKey,
        {
          DetailedMetricsEnabled: true,
          ThrottlingRateLimit: routeKey === CALLBACKS ? 1000 : 20,
          ThrottlingBurstLimit: routeKey === CALLBACKS ? 3000 : 40,
        },
      ]);
    // API Gateway refuses settings of a route that is not there yet.
    expect(stageOf()?.DependsOn).toEqual(expect.arrayContaining(openRoutes().map(([id]) => id)));
  });

  it('lead to the page of the API, or nothing of its function is left', () => {
    const isOn = expected.some(isOfDocs);
    expect(functionNames(packaged).includes('Docs')).toBe(isOn);
    if (!isOn) expect(packaged.text).not.toMatch(/\bDocs[A-Z]|lipaflow-\w+-docs\b|\/docs\b/);
  });
});

describe('the params', () => {
  it('set the throttles', async () => {
    const packaged = await packageFor('dev', { openRate: '5', openBurst: '7', webhookRate: '2000' });
    const settings = packaged.template.Resources['HttpApiStage']?.Properties['RouteSettings'];
    expect(settings).toMatchObject({
      'GET /v1/health': { ThrottlingRateLimit: 5, ThrottlingBurstLimit: 7 },
      [CALLBACKS]: { ThrottlingRateLimit: 2000, ThrottlingBurstLimit: 3000 },
    });
  });

  it('take no other word for the page than on and off', async () => {
    const stdout = expect.stringContaining('the param docs must be on or off');
    await expect(packageFor('dev', { docs: 'yes' })).rejects.toMatchObject({ stdout });
  });
});
