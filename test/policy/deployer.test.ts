/** CloudFormation acts with the rights of who deploys, which no emulator asks for: at least no service is forgotten. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { blocksOf, ROOT } from '../support/readme.ts';
import { packageFor } from './packaged.ts';

const page = readFileSync(join(ROOT, 'docs/deploy.md'), 'utf8');
const [policy] = blocksOf(page).filter(({ language }) => language === 'json');
type Policy = {
  Statement: { Sid: string; Effect: string; Action: string | string[]; Resource: string | string[] }[];
};
const { Statement } = JSON.parse(policy?.lines.join('') ?? '{}') as Policy;

/** What a service's permissions begin with, where its resource types are called otherwise. */
const PREFIXES: Record<string, string> = { ApiGatewayV2: 'apigateway' };

it('the policy of docs/deploy.md has rights for each service of the template', async () => {
  const { template } = await packageFor('prod');
  const types = new Set(Object.values(template.Resources).map(({ Type }) => Type.split('::')[1] ?? ''));
  const actions = Statement.flatMap(({ Action }) => Action);
  const missing = [...types].filter((type) => {
    const prefix = PREFIXES[type] ?? type.toLowerCase();
    return !actions.some((action) => action.startsWith(`${prefix}:`));
  });
  expect(types.size).toBeGreaterThan(8);
  expect(missing).toEqual([]);
});

it('a right for everything is given by name, never for a whole service of the account', () => {
  const wide = Statement.filter(({ Action }) => [Action].flat().some((action) => action.endsWith(':*')));
  const resources = wide.flatMap(({ Resource }) => Resource);
  expect(resources.length).toBeGreaterThan(8);
  expect(resources.filter((arn) => !/lipaflow-|apigateway/.test(arn))).toEqual([]);
});
