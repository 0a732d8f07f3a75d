/** Which routes need no client: those of the list, and no other, in what is packaged. */
import { beforeAll, describe, expect, it } from 'vitest';
import { OPEN_ROUTES } from '../../src/lib/http/open-routes.ts';
import { type Json, ofType, type Packaged, packageFor } from './packaged.ts';

describe.each(['dev', 'prod'] as const)('the routes of %s', (stage) => {
  let routes: Json[];
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await packageFor(stage);
    routes = ofType(packaged, 'AWS::ApiGatewayV2::Route').map(([, properties]) => properties);
  }, 120_000);

  it('ask for a client, unless they are open', () => {
    expect(routes.length).toBeGreaterThan(15);
    const open = routes.filter(({ AuthorizationType: type }) => type !== 'CUSTOM');
    expect(open.map(({ RouteKey }) => RouteKey).toSorted()).toEqual([...OPEN_ROUTES].toSorted());
  });

  it('ask the one authorizer there is', () => {
    const [[authorizer] = [''], ...others] = ofType(packaged, 'AWS::ApiGatewayV2::Authorizer');
    expect(others).toEqual([]);
    for (const { AuthorizationType, AuthorizerId } of routes)
      if (AuthorizationType === 'CUSTOM') expect(AuthorizerId).toEqual({ Ref: authorizer });
  });
});
