/**
 * What each function's role allows in the table, by infra/roles*.yml. As on AWS, a call that no statement allows is
 * refused. The access key names the function (local/bundles.ts). Any other key may do everything, like an operator's.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { AwsAnswer, AwsCall } from './wire.ts';

const KEYS = 'dynamodb:LeadingKeys';

/** Any other operator or key fails, so that nothing is allowed by being overlooked. */
const conditionSchema = z.strictObject({
  'ForAllValues:StringLike': z.strictObject({ [KEYS]: z.array(z.string()) }),
  Null: z.strictObject({ [KEYS]: z.literal('false') }),
});

const statementSchema = z.object({
  Effect: z.literal('Allow'),
  Action: z.array(z.string()),
  Resource: z.unknown(),
  Condition: conditionSchema.optional(),
});

export type Statement = z.infer<typeof statementSchema>;

const rolesSchema = z.object({
  Resources: z.record(
    z.string(),
    z.object({
      Properties: z.object({
        Policies: z.array(z.object({ PolicyDocument: z.object({ Statement: z.array(statementSchema) }) })),
      }),
    }),
  ),
});

/** `SendFlowRole` as `sendFlow`. */
const functionOf = (role: string): string =>
  role.charAt(0).toLowerCase() + role.slice(1).replace(/Role$/, '');

/** The statements of each function's role, by the function's name. */
export const readRoles = (): Map<string, Statement[]> => {
  const files = ['roles.yml', 'roles-campaigns.yml'].map((file) =>
    readFileSync(new URL(`../../infra/${file}`, import.meta.url), 'utf8'),
  );
  const roles = files.flatMap((file) => Object.entries(rolesSchema.parse(parse(file)).Resources));
  return new Map(
    roles.map(([id, { Properties }]) => [
      functionOf(id),
      Properties.Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
    ]),
  );
};

export type TableCall = {
  /** Such as dynamodb:PutItem */
  action: string;
  /** Of a query; the table itself without it. */
  index?: string | undefined;
  /** The partition keys that the call names. */
  keys: string[];
};

/** StringLike: `*` for any text, `?` for any character. */
const isLike = (pattern: string, text: string): boolean => {
  const escaped = pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&');
  return new RegExp(`^${escaped.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's').test(text);
};

const names = (resource: unknown, { index }: TableCall): boolean => {
  const of = JSON.stringify(resource);
  return index === undefined
    ? of === '{"Fn::GetAtt":["Table","Arn"]}'
    : of === `{"Fn::Sub":"\${Table.Arn}/index/${index}"}`;
};

const holds = (condition: Statement['Condition'], keys: string[]): boolean =>
  condition === undefined ||
  (keys.length > 0 &&
    keys.every((key) => condition['ForAllValues:StringLike'][KEYS].some((pattern) => isLike(pattern, key))));

/** Does any statement of the role allow the call? */
export const isAllowed = (statements: Statement[], call: TableCall): boolean =>
  statements.some(
    ({ Action, Resource, Condition }) =>
      Action.includes(call.action) &&
      [Resource].flat().some((resource) => names(resource, call)) &&
      holds(Condition, call.keys),
  );

type Input = {
  IndexName?: string;
  Key?: { pk?: { S?: string } };
  Item?: { pk?: { S?: string } };
};

const callIn = ({ headers, body }: AwsCall): TableCall => {
  const { IndexName, Key, Item } = JSON.parse(body.toString()) as Input;
  const key = (Key ?? Item)?.pk?.S;
  return {
    action: `dynamodb:${String(headers['x-amz-target']).split('.')[1]}`,
    index: IndexName,
    keys: key === undefined ? [] : [key],
  };
};

const refusal = (name: string, { action }: TableCall): AwsAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({
    __type: 'com.amazon.coral.service#AccessDeniedException',
    message: `the role of ${name} does not allow ${action}`,
  }),
});

/**
 * Refuses the calls that a function's role does not allow. Prints each with the kind of its item, never its key, which may
 * hold a number.
 */
export const withFences = (call: (request: AwsCall) => Promise<AwsAnswer>): typeof call => {
  const roles = readRoles();
  return (request) => {
    const [, name = ''] = /Credential=([^/]+)\//.exec(String(request.headers['authorization'])) ?? [];
    const statements = roles.get(name);
    if (!statements) return call(request);
    const wanted = callIn(request);
    if (isAllowed(statements, wanted)) return call(request);
    const kinds = wanted.keys.map((key) => key.split('#')[0]);
    console.error(`refused: ${name} ${wanted.action} ${wanted.index ?? kinds.join()}`);
    return Promise.resolve(refusal(name, wanted));
  };
};
