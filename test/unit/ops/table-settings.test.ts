/** What doctor says about a table's settings, each with the command that mends it. */
import { createServer } from 'node:http';
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { readTable } from '../../../local/aws/table.ts';
import { type Listening, listen } from '../../../local/http-server.ts';
import type { Finding } from '../../../ops/checks/finding.ts';
import { checkTable } from '../../../ops/checks/table.ts';
import type { Place } from '../../../ops/place.ts';
import { readConfig } from '../../../src/lib/platform/config.ts';

const NAME = 'lipaflow-prod-restored';
const ARN = `arn:aws:dynamodb:eu-west-1:123456789012:table/${NAME}`;
const STREAM = `${ARN}/stream/2026-11-28T03:00:00.000`;
const KEY = 'arn:aws:kms:eu-west-1:123456789012:key/1234';

type Answers = Record<string, Record<string, unknown>>;

/** DynamoDB's answers about a table of prod that is as it should be. */
const asItShouldBe = (): Answers => ({
  DescribeTable: {
    TableName: NAME,
    TableArn: ARN,
    TableStatus: 'ACTIVE',
    GlobalSecondaryIndexes: readTable('').GlobalSecondaryIndexes,
    StreamSpecification: { StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' },
    LatestStreamArn: STREAM,
    DeletionProtectionEnabled: true,
    SSEDescription: { Status: 'ENABLED', SSEType: 'KMS', KMSMasterKeyArn: KEY },
  },
  DescribeTimeToLive: { TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' },
  DescribeContinuousBackups: {
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: 'ENABLED' },
  },
  ListTagsOfResource: {
    Tags: [
      { Key: 'service', Value: 'lipaflow' },
      { Key: 'stage', Value: 'prod' },
    ],
  },
});

const WRAPS: Record<string, string> = {
  DescribeTable: 'Table',
  DescribeTimeToLive: 'TimeToLiveDescription',
  DescribeContinuousBackups: 'ContinuousBackupsDescription',
};

let answers: Answers;
let server: Listening;
let client: DynamoDBClient;

beforeAll(async () => {
  const respond = createServer((request, response) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    const wrap = WRAPS[operation];
    const answer = answers[operation];
    response.writeHead(200, { 'content-type': 'application/x-amz-json-1.0' });
    response.end(JSON.stringify(wrap ? { [wrap]: answer } : answer));
  });
  server = await listen(respond, 0);
  const credentials = { accessKeyId: 'test', secretAccessKey: 'test' };
  client = new DynamoDBClient({ endpoint: server.url, region: 'eu-west-1', credentials });
});
afterAll(() => server.close());
beforeEach(() => {
  answers = asItShouldBe();
});

const place = (table: Partial<NonNullable<Place['table']>> = {}): Place => ({
  stage: 'prod',
  connection: { region: 'eu-west-1' },
  settings: readConfig({
    STAGE: 'prod',
    TABLE_NAME: NAME,
    API_KEY_PARAMETER: '/k',
    WEBHOOK_SECRET_PARAMETER: '/s',
  }),
  tableName: NAME,
  busName: '',
  bucketName: '',
  queues: new Map(),
  apiUrl: undefined,
  table: {
    isProtected: true,
    hasOwnKey: true,
    tags: { service: 'lipaflow', stage: 'prod' },
    adoptedStream: STREAM,
    ...table,
  },
});

const troubles = (findings: Finding[]) => findings.filter(({ state }) => state !== 'ok');
const mended = (command: string) => `run \`aws dynamodb ${command} --region eu-west-1\``;

const CASES: Record<string, { answers: Answers; check: string; state: string; todo: string }> = {
  'no stream': {
    answers: { DescribeTable: { StreamSpecification: undefined, LatestStreamArn: undefined } },
    check: 'table stream',
    state: 'fault',
    todo: mended(
      `update-table --table-name ${NAME} --stream-specification StreamEnabled=true,StreamViewType=NEW_AND_OLD_IMAGES`,
    ),
  },
  'another stream than the one that the stack reads': {
    answers: { DescribeTable: { LatestStreamArn: `${ARN}/stream/2026-11-28T04:00:00.000` } },
    check: 'table stream',
    state: 'fault',
    todo: `put "existingTableStream: ${ARN}/stream/2026-11-28T04:00:00.000" under the stage's params in serverless.yml, and deploy`,
  },
  'no TTL': {
    answers: { DescribeTimeToLive: { TimeToLiveStatus: 'DISABLED', AttributeName: undefined } },
    check: 'table TTL',
    state: 'fault',
    todo: mended(
      `update-time-to-live --table-name ${NAME} --time-to-live-specification AttributeName=expires,Enabled=true`,
    ),
  },
  'no point-in-time recovery': {
    answers: { DescribeContinuousBackups: { PointInTimeRecoveryDescription: undefined } },
    check: 'table backups',
    state: 'fault',
    todo: mended(
      `update-continuous-backups --table-name ${NAME} --point-in-time-recovery-specification PointInTimeRecoveryEnabled=true`,
    ),
  },
  'no protection from deletion': {
    answers: { DescribeTable: { DeletionProtectionEnabled: false } },
    check: 'table protection',
    state: 'fault',
    todo: mended(`update-table --table-name ${NAME} --deletion-protection-enabled`),
  },
  "DynamoDB's own key": {
    answers: { DescribeTable: { SSEDescription: undefined } },
    check: 'table key',
    state: 'warning',
    todo: mended(
      `update-table --table-name ${NAME} --sse-specification Enabled=true,SSEType=KMS,KMSMasterKeyId=<key id>`,
    ),
  },
  'a key that was disabled': {
    answers: {
      DescribeTable: { SSEDescription: { KMSMasterKeyArn: KEY, InaccessibleEncryptionDateTime: 1 } },
    },
    check: 'table key',
    state: 'fault',
    todo: `run \`aws kms enable-key --key-id ${KEY}\``,
  },
  'no tags': {
    answers: { ListTagsOfResource: { Tags: [{ Key: 'stage', Value: 'dev' }] } },
    check: 'table tags',
    state: 'warning',
    todo: `run \`aws dynamodb tag-resource --resource-arn ${ARN} --tags Key=service,Value=lipaflow Key=stage,Value=prod --region eu-west-1\``,
  },
  'no index': {
    answers: {
      DescribeTable: {
        GlobalSecondaryIndexes: readTable('').GlobalSecondaryIndexes?.filter(
          ({ IndexName }) => IndexName !== 'waId',
        ),
      },
    },
    check: 'table indexes',
    state: 'fault',
    todo: mended(
      `update-table --table-name ${NAME} --attribute-definitions '[{"AttributeName":"waKey","AttributeType":"S"}]' --global-secondary-index-updates '[{"Create":{"IndexName":"waId","KeySchema":[{"AttributeName":"waKey","KeyType":"HASH"}],"Projection":{"ProjectionType":"KEYS_ONLY"}}}]'`,
    ),
  },
};

describe('doctor, of an adopted table', () => {
  it('has nothing to say of one that is as it should be', async () => {
    const findings = await checkTable(client, place());
    expect(troubles(findings)).toEqual([]);
    const checks = ['indexes', 'stream', 'TTL', 'backups', 'key', 'protection', 'tags'];
    expect(findings.map(({ check }) => check)).toEqual(['table', ...checks.map((name) => `table ${name}`)]);
  });

  it.each(Object.entries(CASES))('finds %s, and nothing else', async (_, { answers: changed, ...found }) => {
    for (const [operation, change] of Object.entries(changed))
      Object.assign(answers[operation] ?? {}, change);
    const [first, ...rest] = troubles(await checkTable(client, place()));
    expect(first).toMatchObject({ ...found, todo: expect.stringContaining(found.todo) });
    expect(rest).toEqual([]);
  });
});

describe("doctor, of the stack's own table", () => {
  it('wants no protection, key or tags that the stage does not ask for', async () => {
    answers['DescribeTable'] = {
      ...answers['DescribeTable'],
      DeletionProtectionEnabled: false,
      SSEDescription: undefined,
    };
    answers['ListTagsOfResource'] = { Tags: [] };
    const own = place({ isProtected: false, hasOwnKey: false, adoptedStream: undefined });
    expect(troubles(await checkTable(client, own))).toEqual([]);
  });

  it('leaves a missing index to a deployment', async () => {
    Object.assign(answers['DescribeTable'] ?? {}, { GlobalSecondaryIndexes: [] });
    const found = troubles(await checkTable(client, place({ adoptedStream: undefined })));
    expect(found.map(({ todo }) => todo)).toEqual(found.map(() => 'deploy the stack again'));
    expect(found).toHaveLength(3);
  });
});
