/** What API Gateway asks the authorizer by, and what the authorizer may do. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ROOT } from '../support/readme.ts';
import { ofType, packageFor } from './packaged.ts';

it('caches a decision for a minute, by all that decides it: token, route and address', async () => {
  const [[, authorizer] = ['', {}]] = ofType(await packageFor('prod'), 'AWS::ApiGatewayV2::Authorizer');
  expect(authorizer).toMatchObject({
    AuthorizerType: 'REQUEST',
    AuthorizerPayloadFormatVersion: '2.0',
    AuthorizerResultTtlInSeconds: 60,
  });
  expect((authorizer['IdentitySource'] as string[]).toSorted()).toEqual([
    '$context.identity.sourceIp',
    '$context.routeKey',
    '$request.header.Authorization',
  ]);
}, 120_000);

it('reads a token, notes its use, and can neither make nor remove one', () => {
  type Role = { Properties: { Policies: { PolicyDocument: { Statement: { Action: string[] }[] } }[] } };
  const text = readFileSync(join(ROOT, 'infra/roles.yml'), 'utf8');
  const { AuthorizerRole: role } = (parse(text) as { Resources: Record<string, Role> }).Resources;
  const actions = role?.Properties.Policies.flatMap(({ PolicyDocument }) =>
    PolicyDocument.Statement.flatMap(({ Action }) => Action),
  );
  expect(actions?.filter((action) => action.startsWith('dynamodb:')).toSorted()).toEqual([
    'dynamodb:GetItem',
    'dynamodb:UpdateItem',
  ]);
});
