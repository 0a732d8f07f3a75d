/** Each function's role allows writes to the kinds of items that its bundle owns, and to no others (ADR 036). */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { isAllowed, readRoles, type Statement } from '../../local/aws/fences.ts';
import { kindsIn, ownedKinds } from '../support/owned-kinds.ts';
import { ROOT } from '../support/readme.ts';
import { type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const KEYS = 'dynamodb:LeadingKeys';
const SINGLE_WRITES = ['dynamodb:PutItem', 'dynamodb:UpdateItem', 'dynamodb:DeleteItem'];
/** Everything in DynamoDB that changes items. */
const WRITES = [...SINGLE_WRITES, 'dynamodb:BatchWriteItem', 'dynamodb:TransactWriteItems', 'PartiQL'];
const isWrite = (action: string) => WRITES.some((write) => action.includes(write));

const owned = ownedKinds();
const functions = [...owned.keys()];

const statementsOf = (packaged: Packaged, name: string): Statement[] => {
  const id = `${name.charAt(0).toUpperCase()}${name.slice(1)}Role`;
  const [[, role = {}] = []] = ofType(packaged, 'AWS::IAM::Role').filter(([one]) => one === id);
  // Prod has no page of the API.
  if (packaged.stage === 'prod' && name === 'docs') expect(role).toEqual({});
  return ((role['Policies'] ?? []) as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );
};

describe.each(['dev', 'prod'] as const)('the roles of %s', (stage) => {
  let packaged: Packaged;
  beforeAll(async () => {
    packaged = await packageFor(stage);
  }, 120_000);

  it.each(functions)('allow %s to write what its bundle owns, and nothing else', (name) => {
    const writing = statementsOf(packaged, name).filter(({ Action }) => Action.some(isWrite));
    const kinds = owned.get(name) ?? [];
    expect(writing).toHaveLength(kinds.length > 0 ? 1 : 0);
    for (const { Action, Condition } of writing) {
      expect(SINGLE_WRITES).toEqual(expect.arrayContaining(Action));
      expect(Condition).toEqual({
        'ForAllValues:StringLike': { [KEYS]: kinds.map((kind) => `${kind}*`) },
        // ForAllValues is true where a call names no key.
        Null: { [KEYS]: 'false' },
      });
    }
  });

  it('are all the policies that reach the table', () => {
    const others = ['AWS::IAM::Policy', 'AWS::IAM::ManagedPolicy', 'AWS::DynamoDB::ResourcePolicy'];
    expect(others.flatMap((type) => ofType(packaged, type)).map(([id]) => id)).toEqual([]);
    const [[, table = {}] = []] = ofType(packaged, 'AWS::DynamoDB::Table');
    expect(table).not.toHaveProperty('ResourcePolicy');
    const roles = ofType(packaged, 'AWS::IAM::Role').filter(([, role]: [string, Json]) =>
      JSON.stringify(role).includes('dynamodb:'),
    );
    expect(roles.length).toBeLessThanOrEqual(functions.length);
    expect(JSON.stringify(roles)).not.toMatch(/dynamodb:[^"]*\*|ManagedPolicyArns/);
  });
});

describe('a client’s token and a namespace’s key', () => {
  it('are written by no function, except that the authorizer may update a token', () => {
    const writers = functions.filter((name) => owned.get(name)?.includes('client#'));
    expect(writers.filter((name) => name !== 'authorizer')).toEqual([]);
    expect(functions.filter((name) => owned.get(name)?.includes('namespace#'))).toEqual([]);
    const authorizer = readRoles().get('authorizer') ?? [];
    for (const action of ['dynamodb:PutItem', 'dynamodb:DeleteItem'])
      expect(isAllowed(authorizer, { action, keys: ['client#x'] })).toBe(false);
  });

  // Before, each of these wrote what it liked: an admin token, from a function that the internet reaches.
  it.each(functions)('cannot be put by %s', (name) => {
    const statements = readRoles().get(name) ?? [];
    expect(statements.length).toBeGreaterThan(0);
    for (const key of ['client#x', 'namespace#crm', 'Client#x', '', 'x', '*', 'clientmessage#x'])
      expect([key, isAllowed(statements, { action: 'dynamodb:PutItem', keys: [key] })]).toEqual([key, false]);
  });
});

describe('the fence of callbacks', () => {
  const may = (action: string, ...keys: string[]) =>
    isAllowed(readRoles().get('callbacks') ?? [], { action: `dynamodb:${action}`, keys });

  it('allows its own kinds', () => {
    for (const kind of owned.get('callbacks') ?? [])
      expect([kind, may('PutItem', `${kind}x`)]).toEqual([kind, true]);
    expect([may('PutItem', 'message#x'), may('DeleteItem', 'raw#x'), may('GetItem', 'client#x')]).toEqual([
      true,
      true,
      true,
    ]);
  });

  it.each([
    ['a campaign', 'PutItem', ['campaign#x']],
    ['a key beside an own one', 'PutItem', ['message#x', 'client#x']],
    ['no key at all', 'PutItem', []],
    ['an update', 'UpdateItem', ['message#x']],
    ['a batch', 'BatchWriteItem', ['message#x']],
    ['PartiQL', 'PartiQLInsert', ['message#x']],
    ['a scan', 'Scan', []],
  ])('refuses %s', (_, action, keys) => {
    expect(may(action, ...keys)).toBe(false);
  });
});

describe('docs/security.md', () => {
  it('names the kinds of items that each function may write', () => {
    const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');
    const [, table = ''] = page.split('| function | kinds of items that it may write |\n| --- | --- |\n');
    const said = table.slice(0, table.indexOf('\n\n')).split('\n');
    const row = ([name, kinds]: [string, string[]]) =>
      `| \`${name}\` | ${kinds.map((kind) => `\`${kind}\``).join(', ')} |`;
    const held = [...owned].filter(([, kinds]) => kinds.length > 0).map(row);
    expect(said.toSorted()).toEqual(held.toSorted());
  });
});

describe('the code', () => {
  const sources = globSync('{src,local}/**/*.ts', { cwd: ROOT })
    .filter((path) => path.startsWith('src/'))
    .map((path) => [path, readFileSync(join(ROOT, path), 'utf8')] as const);
  const TABLE = 'src/lib/platform/dynamo-table.ts';

  it('writes items in one place only', () => {
    const commands =
      /\b(Put|Update|Delete|BatchWrite|TransactWrite)Items?Command|(Batch)?Execute(Statement|Transaction)/;
    expect(sources.filter(([, text]) => commands.test(text)).map(([path]) => path)).toEqual([TABLE]);
  });

  it('names the kinds that a store owns as literals, so that a bundle shows them', () => {
    const calls = sources
      .filter(([path]) => path !== TABLE)
      .flatMap(([path, text]) => [...text.matchAll(/.?\bowning\b.*/g)].map(([call]) => `${path}: ${call}`));
    expect(calls.length).toBeGreaterThan(10);
    expect(calls.filter((call) => !/\.owning\('[a-z-]+#'(, '[a-z-]+#')*\)/.test(call))).toEqual([]);
  });

  it('that hides a kind from the bundle would be noticed', () => {
    expect(kindsIn('a.owning("b#","c#"),d.owning("b#")')).toEqual(['b#', 'c#']);
    expect(() => kindsIn('a.owning(b)')).toThrow('no literals');
    expect(() => kindsIn('a.owning("")')).toThrow('no literals');
  });
});
