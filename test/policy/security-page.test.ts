/** What docs/security.md says of roles and of retention, against infra/, serverless.yml and the settings. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readStack } from '../../local/stack.ts';
import { readConfig } from '../../src/lib/platform/config.ts';
import { ROOT } from '../support/readme.ts';
import { idIn, type Json } from './packaged.ts';

const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** The rows of the table under a heading, cell by cell. */
const rowsUnder = (heading: string): string[][] => {
  const section = page.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '';
  const rows = section.split('\n').filter((line) => line.startsWith('| ') && !line.startsWith('| ---'));
  return rows.slice(1).map((row) =>
    row
      .slice(2, -2)
      .split(' | ')
      .map((cell) => cell.trim()),
  );
};

type Statement = { Action: string[]; Resource: unknown };

const yaml = <T>(path: string): T => parse(readFileSync(join(ROOT, path), 'utf8')) as T;

type Resource = { Type: string; Properties: Json };
const resources = globSync('infra/*.yml', { cwd: ROOT }).flatMap((file) =>
  Object.entries(yaml<{ Resources?: Record<string, Resource> }>(file).Resources ?? {}),
);

const ofType = (type: string): [id: string, properties: Json][] =>
  resources.filter(([, { Type }]) => Type === type).map(([id, { Properties }]) => [id, Properties]);

const roleOf = (name: string): string => `${name.charAt(0).toUpperCase()}${name.slice(1)}Role`;

const statementsOf = (role: Json): Statement[] =>
  (role['Policies'] as { PolicyDocument: { Statement: Statement[] } }[]).flatMap(
    ({ PolicyDocument }) => PolicyDocument.Statement,
  );

const resourcesOf = ({ Resource }: Statement): unknown[] => (Array.isArray(Resource) ? Resource : [Resource]);

const words = (text: string): string =>
  text
    .replace(/Queue$/, '')
    .replace(/(?<=[a-z])(?=[A-Z])/g, ' ')
    .toLowerCase()
    .replace(/ failure$/, ' failures');

const may = (statements: Statement[], ...actions: string[]): Statement[] =>
  statements.filter(({ Action }) => Action.some((action) => actions.includes(action)));

const tableCell = (statements: Statement[]): string => {
  if (may(statements, 'dynamodb:GetRecords').length > 0) return 'its change stream';
  const has = (...actions: string[]) => may(statements, ...actions).length > 0;
  const parts = [
    has('dynamodb:GetItem') ? 'read' : '',
    has('dynamodb:PutItem', 'dynamodb:UpdateItem') ? 'write' : '',
    has('dynamodb:DeleteItem') ? 'delete' : '',
    has('dynamodb:Scan') ? 'scan' : '',
  ];
  return parts.filter((part) => part !== '').join(', ') || '–';
};

const indexCell = (statements: Statement[]): string => {
  const arns = may(statements, 'dynamodb:Query').flatMap(resourcesOf) as { 'Fn::Sub': string }[];
  const names = arns.map((arn) => `\`${arn['Fn::Sub'].split('/index/')[1]}\``);
  return names.join(', ') || '–';
};

const queueCell = (statements: Statement[]): string => {
  const named = (action: string) => may(statements, action).flatMap(resourcesOf).map(idIn).map(words);
  const [taken, sent] = [named('sqs:ReceiveMessage'), named('sqs:SendMessage')];
  const isSame = taken.join() === sent.join();
  if (taken.length > 0 && isSame) return `takes and sends: ${taken.join(', ')}`;
  const parts = [
    taken.length > 0 ? `takes: ${taken.join(', ')}` : '',
    sent.length > 0 ? `sends: ${sent.join(', ')}` : '',
  ];
  return parts.filter((part) => part !== '').join('; ') || '–';
};

const SECRETS = new Map([
  ['lipachat/api-key', 'apiKeys'],
  ['lipachat/numbers/*', 'apiKeys'],
  ['erasure/key', 'erasure key'],
  ['webhook/*', "webhook's"],
]);

const secretCell = (statements: Statement[]): string => {
  const arns = may(statements, 'ssm:GetParameter').flatMap(resourcesOf) as { 'Fn::Sub': string }[];
  const names = arns.map((arn) => arn['Fn::Sub'].split(':parameter')[1] ?? '');
  // biome-ignore lint/suspicious/noTemplateCurlyInString: Serverless resolves it.
  const STAGE = '/lipaflow/${sls:stage}/';
  expect(names.filter((name) => !name.startsWith(STAGE) || !SECRETS.has(name.slice(STAGE.length)))).toEqual(
    [],
  );
  const held = names.map((name) => SECRETS.get(name.slice(STAGE.length)));
  return [...new Set(held)].toSorted().join(', ') || '–';
};

describe('docs/security.md', () => {
  it('names each function, and what its role may touch', () => {
    const roles = new Map(ofType('AWS::IAM::Role'));
    const rows = rowsUnder('What each function may touch');
    const said = rows.map(([name, table, indexes, queues, secrets]) => [
      name,
      table,
      indexes,
      queues,
      secrets,
    ]);
    const held = Object.keys(readStack().functions).map((name) => {
      const statements = statementsOf(roles.get(roleOf(name)) ?? {});
      const cells = [
        tableCell(statements),
        indexCell(statements),
        queueCell(statements),
        secretCell(statements),
      ];
      return [`\`${name}\``, ...cells];
    });
    expect(said.toSorted()).toEqual(held.toSorted());
  });

  it('says who reaches the bucket and the bus, and nobody else does', () => {
    const roles = new Map(ofType('AWS::IAM::Role'));
    const rows = new Map(rowsUnder('What each function may touch').map((row) => [row[0] ?? '', row]));
    for (const name of Object.keys(readStack().functions)) {
      const [, , , , , bucket = '', others = ''] = rows.get(`\`${name}\``) ?? [];
      const role = roles.get(roleOf(name)) ?? {};
      const statements = statementsOf(role);
      const has = (action: string) => may(statements, action).length > 0;
      expect([name, bucket.includes('reads'), bucket.includes('writes'), bucket.includes('deletes')]).toEqual(
        [name, has('s3:GetObject'), has('s3:PutObject'), has('s3:DeleteObject')],
      );
      expect([name, others.includes('puts events')]).toEqual([name, has('events:PutEvents')]);
    }
  });

  it('says that no role but the sweeper’s may scan the table, and none list tables or write a secret', () => {
    const actions = ofType('AWS::IAM::Role').flatMap(([id, role]) =>
      statementsOf(role).flatMap(({ Action }) => Action.map((action) => `${id} ${action}`)),
    );
    expect(actions.length).toBeGreaterThan(40);
    // The sweeper looks for claims that a crash left and that no index lists (ADR 028).
    expect(
      actions.filter((action) => / dynamodb:(Scan|ListTables)| ssm:(?!GetParameter$)/.test(action)),
    ).toEqual(['SweeperRole dynamodb:Scan']);
    expect(page).toContain('Only `sweeper` may scan the table');
  });

  it('gives the retention that the template and the settings have', () => {
    const rows = rowsUnder('What is held, where, and how long');
    const kept = (what: RegExp): string => rows.find(([first = '']) => what.test(first))?.[2] ?? '';
    const { RETENTION_DAYS } = readConfig({ TABLE_NAME: 'lipaflow-table' });
    expect(kept(/^numbers, text/)).toContain(`\`RETENTION_DAYS\` (${RETENTION_DAYS})`);
    const days = new Set(
      ofType('AWS::SQS::Queue').map(([, queue]) => Number(queue['MessageRetentionPeriod']) / 86_400),
    );
    expect([...days].map((day) => kept(/^work to do/).startsWith(`${day} days`))).toEqual([true]);
    const { provider } = yaml<{ provider: { logRetentionInDays: number } }>('serverless.yml');
    expect(kept(/^logs/)).toBe(`${provider.logRetentionInDays} days`);
    const [[, bucket = {}] = []] = ofType('AWS::S3::Bucket').filter(([id]) => id === 'RecipientsBucket');
    const { Rules } = bucket['LifecycleConfiguration'] as { Rules: { ExpirationInDays?: number }[] };
    const ends = new Set(Rules.flatMap(({ ExpirationInDays }) => ExpirationInDays ?? []));
    expect([...ends].map((day) => kept(/^uploaded/).startsWith(`${day} days`))).toEqual([true]);
    const stores = ['dynamo-callbacks', 'dynamo-raw-callbacks'];
    const source = stores
      .map((name) => readFileSync(join(ROOT, `src/lib/callbacks/${name}.ts`), 'utf8'))
      .join('\n');
    const constant = (name: string) => new RegExp(`const ${name} = (\\d+);`).exec(source)?.[1];
    expect(kept(/^ids of inbound/)).toBe(`${constant('INBOUND_DAYS')} days`);
    expect(kept(/^callbacks/)).toBe(`${constant('RAW_DAYS')} days`);
  });

  it('says what prod alone has: the table is protected, and its own key rotates', () => {
    const { params } = yaml<{ params: Record<string, Json> }>('serverless.yml');
    const [[, key = {}] = []] = ofType('AWS::KMS::Key');
    expect([params['prod']?.['tableProtected'], params['prod']?.['tableKey']]).toEqual([true, 'own']);
    expect(key['EnableKeyRotation']).toBe(true);
    expect(page).toContain('In `prod` the table is protected from deletion, and its key rotates');
  });
});
