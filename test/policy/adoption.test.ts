/** A stack that uses a table and a bucket which exist already (docs/restore.md): its template has none of its own. */
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import * as rules from './own-rules.ts';
import { type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const TABLE = 'arn:aws:dynamodb:eu-west-1:123456789012:table/lipaflow-prod-restored';
const STREAM = `${TABLE}/stream/2026-11-28T03:00:00.000`;
const BUCKET = 'lipaflow-prod-recipientsbucket-1abc';

let own: Packaged;
let adopting: Packaged;
let adoptingTable: Packaged;

beforeAll(async () => {
  [own, adopting, adoptingTable] = await Promise.all([
    packageFor('prod'),
    packageFor('prod', { existingTableStream: STREAM, existingBucket: BUCKET }),
    packageFor('dev', { existingTableStream: STREAM }),
  ]);
}, 120_000);

/** The ids that a part of a template refers to. */
const idsIn = (part: unknown): string[] => {
  if (Array.isArray(part)) return part.flatMap(idsIn);
  if (part === null || typeof part !== 'object') return [];
  const { Ref: ref, 'Fn::GetAtt': get, 'Fn::Sub': sub, DependsOn: waits } = part as Json;
  const text = [sub].flat()[0] ?? '';
  return [
    ...(typeof ref === 'string' ? [ref] : []),
    ...(Array.isArray(get) ? [String(get[0])] : []),
    ...(typeof get === 'string' ? [get.split('.')[0] ?? ''] : []),
    ...[...String(text).matchAll(/\$\{([\w:]+)(?:\.\w+)?\}/g)].map(([, id = '']) => id),
    ...(waits ? [waits].flat().map(String) : []),
    ...Object.values(part).flatMap(idsIn),
  ];
};

const dangling = ({ template }: Packaged): string[] =>
  idsIn(template).filter((id) => !id.startsWith('AWS::') && !Object.hasOwn(template.Resources, id));

/** What the roles may use of a service, without repeats. */
const resourcesOf = (packaged: Packaged, service: string): string[] => {
  type Role = { PolicyDocument: { Statement: { Action: string | string[]; Resource: unknown }[] } };
  const statements = ofType(packaged, 'AWS::IAM::Role').flatMap(([, { Policies }]) =>
    (Policies as Role[]).flatMap(({ PolicyDocument }) => PolicyDocument.Statement),
  );
  const used = statements
    .filter(({ Action }) => [Action].flat().every((action) => action.startsWith(`${service}:`)))
    .flatMap(({ Resource }) => [Resource].flat());
  return [...new Set(used.map((one) => JSON.stringify(one)))].toSorted();
};

describe('a stack that adopts its table and its bucket', () => {
  it('gives each function a new version, or its alias would stay with the old table', () => {
    const versions = (packaged: Packaged) => ofType(packaged, 'AWS::Lambda::Version').map(([id]) => id);
    const [before, after] = [versions(own), versions(adopting)];
    expect(after).toHaveLength(ofType(adopting, 'AWS::Lambda::Function').length);
    expect(after.filter((id) => before.includes(id))).toEqual([]);
  });

  it('has neither of its own, nor a key for the table', () => {
    for (const id of ['Table', 'TableKey', 'RecipientsBucket']) {
      expect(own.template.Resources).toHaveProperty(id);
      expect(adopting.template.Resources).not.toHaveProperty(id);
    }
    expect(Object.keys(own.template.Resources).length - Object.keys(adopting.template.Resources).length).toBe(
      3,
    );
    expect(adopting.text).not.toContain('HasOwnKey');
  });

  it('refers to nothing that it does not have, as any other stack', () => {
    for (const packaged of [own, adopting, adoptingTable]) expect(dangling(packaged)).toEqual([]);
    expect(dangling({ ...own, template: { ...own.template, Resources: {} } })).toContain('Table');
  });

  it('names the given table wherever it names one', () => {
    const functions = ofType(adopting, 'AWS::Lambda::Function');
    for (const [, { Environment }] of functions)
      expect((Environment as { Variables: Json }).Variables).toMatchObject({
        TABLE_NAME: 'lipaflow-prod-restored',
        RECIPIENTS_BUCKET: BUCKET,
      });
    const sources = ofType(adopting, 'AWS::Lambda::EventSourceMapping').map(
      ([, { EventSourceArn }]) => EventSourceArn,
    );
    expect(sources).toContain(STREAM);
    expect(adopting.template.Outputs).toMatchObject({
      TableName: { Value: 'lipaflow-prod-restored' },
      RecipientsBucketName: { Value: BUCKET },
      AdoptedTableStream: { Value: STREAM },
      AdoptedBucket: { Value: BUCKET },
    });
    const [[, { DashboardBody }] = ['', {}]] = ofType(adopting, 'AWS::CloudWatch::Dashboard');
    expect(JSON.stringify(DashboardBody)).toContain('lipaflow-prod-restored');
  });

  it('lets its roles use that table, its three indexes and its stream, and no other', () => {
    const indexes = ['due', 'pair', 'waId'].map((name) => `${TABLE}/index/${name}`);
    expect(resourcesOf(adopting, 'dynamodb')).toEqual(
      [TABLE, ...indexes, STREAM].map((one) => JSON.stringify(one)).toSorted(),
    );
    expect(resourcesOf(own, 'dynamodb')).toHaveLength(5);
    expect(rules.wildcardIndexes(adopting)).toEqual([]);
    expect(rules.wildcardResources(adopting)).toEqual([]);
  });

  it('lets them use that bucket only, and makes it take TLS only', () => {
    for (const resource of resourcesOf(adopting, 's3')) expect(resource).toContain(`:s3:::${BUCKET}`);
    expect(ofType(adopting, 'AWS::S3::BucketPolicy').map(([, { Bucket }]) => Bucket)).toContain(BUCKET);
  });

  it('keeps its own bucket where only the table is given', () => {
    expect(adoptingTable.template.Resources).toHaveProperty('RecipientsBucket');
    expect(adoptingTable.template.Resources).not.toHaveProperty('Table');
    expect(adoptingTable.template.Outputs).not.toHaveProperty('AdoptedBucket');
  });
});

describe('a stack without these params', () => {
  it('has both, and keeps them when it is removed, if it is prod', () => {
    expect(own.template.Resources['RecipientsBucket']).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
    });
    expect(own.template.Outputs).toMatchObject({ TableName: { Value: { Ref: 'Table' } } });
    expect(own.text).not.toContain('Adopted');
  });

  it.each([
    ['existingTableStream', TABLE],
    ['existingTableStream', 'lipaflow-prod-restored'],
    ['existingBucket', 'arn:aws:s3:::a-bucket'],
  ])(
    'is not packaged with the %s %s',
    async (param, value) => {
      await expect(packageFor('dev', { [param]: value })).rejects.toMatchObject({
        stdout: expect.stringContaining(`${param} is no `),
      });
    },
    60_000,
  );
});

describe('a reference', () => {
  type Adopt = (template: unknown, given: Record<string, string>) => { Resources: Record<string, unknown> };
  const { adopt } = createRequire(import.meta.url)('../../infra/adopt.cjs') as { adopt: Adopt };
  const adopted = (value: unknown) =>
    adopt(
      { Resources: { Other: { Type: 'T', DependsOn: 'Table', Properties: { value } } }, Outputs: {} },
      { Table: STREAM },
    ).Resources['Other'];

  // biome-ignore-start lint/suspicious/noTemplateCurlyInString: CloudFormation resolves them.
  it.each([
    [{ Ref: 'Table' }, 'lipaflow-prod-restored'],
    [{ 'Fn::GetAtt': 'Table.StreamArn' }, STREAM],
    [{ 'Fn::Sub': '${Table}' }, 'lipaflow-prod-restored'],
    [{ 'Fn::Sub': '${AWS::Region} ${Table.Arn}' }, { 'Fn::Sub': `\${AWS::Region} ${TABLE}` }],
    [
      { 'Fn::Sub': ['${Table} ${name}', { name: { Ref: 'Table' } }] },
      { 'Fn::Sub': ['lipaflow-prod-restored ${name}', { name: 'lipaflow-prod-restored' }] },
    ],
    [[{ Ref: 'TableOfAnother' }], [{ Ref: 'TableOfAnother' }]],
  ])('%j becomes %j, whatever form it has', (value, becomes) => {
    expect(adopted(value)).toEqual({ Type: 'T', DependsOn: [], Properties: { value: becomes } });
  });
  // biome-ignore-end lint/suspicious/noTemplateCurlyInString: CloudFormation resolves them.

  it('to what the given ARN does not tell stops the packaging', () => {
    expect(() => adopted({ 'Fn::GetAtt': ['Table', 'TableId'] })).toThrow(
      'Table.TableId of an adopted Table',
    );
  });
});

describe('a deployment', () => {
  type Objection = (deployed: unknown, settings: Record<string, string>, stage: string) => string | undefined;
  const { objection } = createRequire(import.meta.url)('../../infra/adopt.cjs') as { objection: Objection };
  const says = (
    deployed: Pick<Packaged, 'template'> | undefined,
    existingTableStream = '',
    existingBucket = '',
  ) => objection(deployed?.template ?? {}, { existingTableStream, existingBucket }, 'prod');

  it('stops before it leaves an adopted table or bucket for an empty one', () => {
    expect(says(adopting, '', BUCKET)).toContain(
      `Put "existingTableStream: ${STREAM}" under the params of stage prod`,
    );
    expect(says(adopting, STREAM)).toContain(`Put "existingBucket: ${BUCKET}"`);
    expect(says(adopting, STREAM, BUCKET)).toBeUndefined();
    expect(says(adopting, 'new', 'new')).toBeUndefined();
  });

  it('stops before CloudFormation deletes the table that the adopted one replaces', async () => {
    expect(says(await packageFor('dev'), STREAM)).toContain('--param tableRemoval=Retain');
    expect(says(await packageFor('dev'), '', BUCKET)).toContain('--param bucketRemoval=Retain');
    expect(says(own, STREAM, BUCKET)).toBeUndefined();
  }, 60_000);

  it('goes on where nothing is deployed, or nothing changes', () => {
    expect(says(undefined, STREAM, BUCKET)).toBeUndefined();
    expect(says(undefined)).toBeUndefined();
    expect(says(own)).toBeUndefined();
  });
});
