/** Each thing that can be wrong with a stage is planted by AWS's own calls, and doctor has to find it and no other. */
import {
  CreateTableCommand,
  type CreateTableCommandInput,
  DeleteTableCommand,
  PutItemCommand,
  UpdateContinuousBackupsCommand,
  UpdateItemCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import { DeleteEventBusCommand } from '@aws-sdk/client-eventbridge';
import { DeleteBucketCommand } from '@aws-sdk/client-s3';
import { DeleteQueueCommand, SendMessageCommand, SetQueueAttributesCommand } from '@aws-sdk/client-sqs';
import { DeleteParameterCommand, PutParameterCommand } from '@aws-sdk/client-ssm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { readTable } from '../../local/aws/table.ts';
import type { Finding } from '../../ops/checks/finding.ts';
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { type OpsResult, ops, opsHere } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';
import { PATIENCE } from '../support/patience.ts';

const BRAND = '254110090755';
const BRANDS_KEY = ownKeyParameter('local', BRAND);

let world: OpsWorld;
beforeEach(async () => {
  world = await startOpsWorld();
});
afterEach(() => world.close());

type Diagnosis = { ok: number; warnings: number; faults: number; findings: Finding[] };

const doctor = async (env: Record<string, string> = {}): Promise<OpsResult & { findings: Finding[] }> => {
  const result = await opsHere(['doctor', '--stage', 'local', '--json'], { env: { ...world.env, ...env } });
  expect(result.stdout + result.stderr).not.toContain('canary');
  return { ...result, findings: result.json<Diagnosis>().findings };
};

/** What is not ok, in one line each: `fault, apiKey: …`. */
const troubles = ({ findings }: { findings: Finding[] }): string[] =>
  findings
    .filter(({ state }) => state !== 'ok')
    .map(({ state, check, says }) => `${state}, ${check}: ${says}`);

type Plant = { env?: Record<string, string>; plant?: (world: OpsWorld) => Promise<unknown>; found: RegExp };

const setParameter = (Name: string, Value: string, Type: 'String' | 'SecureString' = 'SecureString') =>
  new PutParameterCommand({ Name, Value, Type, Overwrite: true });

type Index = NonNullable<CreateTableCommandInput['GlobalSecondaryIndexes']>[number];

/** The engine changes no indexes, so the table is made anew. */
const recreateTable = async (
  { dynamo, names, addClient }: OpsWorld,
  change: (index: Index) => Index[],
): Promise<void> => {
  const TableName = names.TABLE_NAME;
  const { GlobalSecondaryIndexes: indexes = [], AttributeDefinitions, ...rest } = readTable(TableName);
  const GlobalSecondaryIndexes = indexes.flatMap(change);
  const used = [rest, ...GlobalSecondaryIndexes].flatMap(({ KeySchema = [] }) =>
    KeySchema.map(({ AttributeName }) => AttributeName),
  );
  const defined = AttributeDefinitions?.filter(({ AttributeName }) => used.includes(AttributeName));
  const table = { ...rest, GlobalSecondaryIndexes, AttributeDefinitions: defined };
  await dynamo.send(new DeleteTableCommand({ TableName }));
  await vi.waitFor(() => dynamo.send(new CreateTableCommand(table)), PATIENCE);
  await vi.waitFor(addClient, PATIENCE);
};

const FAULTS: Record<string, Plant> = {
  'no apiKey': {
    plant: ({ ssm, names }) => ssm.send(new DeleteParameterCommand({ Name: names.API_KEY_PARAMETER })),
    found: /^fault, apiKey: there is no parameter \/lipaflow\/local\/lipachat\/api-key$/,
  },
  'an apiKey in the clear': {
    plant: ({ ssm, names }) => ssm.send(setParameter(names.API_KEY_PARAMETER, 'a-k3y-canary', 'String')),
    found: /^fault, apiKey: .* is a String, not a SecureString$/,
  },
  'a placeholder for an apiKey': {
    plant: ({ ssm, names }) => ssm.send(setParameter(names.API_KEY_PARAMETER, 'YOUR_API_KEY')),
    found: /^fault, apiKey: .* looks like a placeholder$/,
  },
  'no key for a number with an account of its own': {
    env: { NUMBERS_WITH_OWN_KEY: BRAND },
    found:
      /^fault, apiKey of 254\*{6}755: there is no parameter \/lipaflow\/local\/lipachat\/numbers\/254\*{6}755\/api-key$/,
  },
  'a key of a number in the clear': {
    env: { NUMBERS_WITH_OWN_KEY: BRAND },
    plant: ({ ssm }) => ssm.send(setParameter(BRANDS_KEY, 'a-k3y-canary', 'String')),
    found: /^fault, apiKey of 254\*{6}755: .* is a String, not a SecureString$/,
  },
  'a key of a number that no header can carry': {
    env: { NUMBERS_WITH_OWN_KEY: BRAND },
    plant: ({ ssm }) => ssm.send(setParameter(BRANDS_KEY, 'a k3y\u00e9 canary')),
    found: /^fault, apiKey of 254\*{6}755: .* is not an apiKey: it has spaces or characters that/,
  },
  'an empty key of a number': {
    env: { NUMBERS_WITH_OWN_KEY: BRAND },
    plant: ({ ssm }) => ssm.send(setParameter(BRANDS_KEY, '')),
    found: /^fault, apiKey of 254\*{6}755: .* is not an apiKey: it is empty$/,
  },
  'a number with its own key that sends spell in another way': {
    env: { NUMBERS_WITH_OWN_KEY: '2540110090755' },
    found: /^fault, apiKey of 254\*{7}755: sends spell this number in another way$/,
  },
  'a number with its own key that is none': {
    env: { NUMBERS_WITH_OWN_KEY: '9990110090755' },
    found: /^fault, apiKey of 999\*{7}755: it is no possible phone number$/,
  },
  'no webhook secret': {
    plant: ({ ssm, names }) => ssm.send(new DeleteParameterCommand({ Name: names.WEBHOOK_SECRET_PARAMETER })),
    found: /^fault, webhook secret: there is no parameter/,
  },
  'a short webhook secret': {
    plant: ({ ssm, names }) => ssm.send(setParameter(names.WEBHOOK_SECRET_PARAMETER, 'short-canary')),
    found: /^fault, webhook secret: .* under 32 characters$/,
  },
  'no erasure key': {
    plant: ({ ssm, names }) => ssm.send(new DeleteParameterCommand({ Name: names.ERASURE_KEY_PARAMETER })),
    found:
      /^fault, erasure key: there is no parameter \/lipaflow\/local\/erasure\/key: nothing can be erased$/,
  },
  'a short erasure key': {
    plant: ({ ssm, names }) => ssm.send(setParameter(names.ERASURE_KEY_PARAMETER, 'short-canary')),
    found: /^fault, erasure key: .* is not usable: it is shorter than 43 characters$/,
  },
  'another erasure key than before': {
    plant: ({ dynamo, names }) =>
      dynamo.send(
        new PutItemCommand({
          TableName: names.TABLE_NAME,
          Item: { pk: { S: 'salt#forgotten' }, proof: { S: 'of another' }, rev: { S: '1' } },
        }),
      ),
    found: /^fault, erasure key: .* is not the key that the table's hashes were made with$/,
  },
  'no key for signed callbacks': {
    env: { WEBHOOK_HMAC_PARAMETER: '/lipaflow/local/webhook/hmac' },
    found: /^fault, webhook HMAC: there is no parameter \/lipaflow\/local\/webhook\/hmac$/,
  },
  'a key for signed callbacks that is too short': {
    env: { WEBHOOK_HMAC_PARAMETER: '/lipaflow/local/webhook/hmac' },
    plant: ({ ssm }) => ssm.send(setParameter('/lipaflow/local/webhook/hmac', 'short-canary')),
    found: /^fault, webhook HMAC: .* has no key of 32 characters, so no callback is admitted$/,
  },
  'a key for signed callbacks that is no base64': {
    env: { WEBHOOK_HMAC_PARAMETER: '/lipaflow/local/webhook/hmac' },
    plant: ({ ssm }) =>
      ssm.send(setParameter('/lipaflow/local/webhook/hmac', `whsec_canary-${'-'.repeat(40)}`)),
    found: /^fault, webhook HMAC: .* has no key of 32 characters, so no callback is admitted$/,
  },
  'a table without TTL': {
    plant: ({ dynamo, names }) =>
      dynamo.send(
        new UpdateTimeToLiveCommand({
          TableName: names.TABLE_NAME,
          TimeToLiveSpecification: { AttributeName: 'expires', Enabled: false },
        }),
      ),
    found: /^fault, table TTL: it is off/,
  },
  'a table without backups': {
    plant: ({ dynamo, names }) =>
      dynamo.send(
        new UpdateContinuousBackupsCommand({
          TableName: names.TABLE_NAME,
          PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: false },
        }),
      ),
    found: /^fault, table backups: point-in-time recovery is off$/,
  },
  'a table without its stream': {
    plant: ({ dynamo, names }) =>
      dynamo.send(
        new UpdateTableCommand({
          TableName: names.TABLE_NAME,
          StreamSpecification: { StreamEnabled: false },
        }),
      ),
    found: /^fault, table stream: it is off/,
  },
  'a table without an index': {
    plant: (broken) => recreateTable(broken, (index) => (index.IndexName === 'waId' ? [] : [index])),
    found: /^fault, table indexes: the index waId is missing$/,
  },
  'a table whose index has other keys': {
    plant: (broken) =>
      recreateTable(broken, (index) =>
        index.IndexName === 'waId'
          ? [{ ...index, KeySchema: [{ AttributeName: 'due', KeyType: 'HASH' }] }]
          : [index],
      ),
    found: /^fault, table indexes: the index waId has other keys$/,
  },
  'no queue': {
    plant: ({ sqs, queueUrl }) => sqs.send(new DeleteQueueCommand({ QueueUrl: queueUrl('PlanQueue') })),
    found: /^fault, PlanQueue: it does not exist$/,
  },
  'a queue that never gives up': {
    plant: ({ sqs, queueUrl }) =>
      sqs.send(
        new SetQueueAttributesCommand({
          QueueUrl: queueUrl('DeliveryQueue'),
          Attributes: { RedrivePolicy: '' },
        }),
      ),
    found: /^fault, DeliveryQueue: it has no redrive policy/,
  },
  'dead letters': {
    plant: ({ sqs, queueUrl }) =>
      sqs.send(
        new SendMessageCommand({ QueueUrl: queueUrl('DeliveryDeadLetterQueue'), MessageBody: 'canary' }),
      ),
    found: /^fault, DeliveryDeadLetterQueue: 1 dead letter, one of them from \d+ s ago$/,
  },
  'no event bus': {
    plant: ({ events, names }) => events.send(new DeleteEventBusCommand({ Name: names.EVENT_BUS_NAME })),
    found: /^fault, event bus: there is no bus lipaflow-local$/,
  },
  'no bucket': {
    plant: ({ s3, names }) => s3.send(new DeleteBucketCommand({ Bucket: names.RECIPIENTS_BUCKET })),
    found: /^fault, bucket: there is no bucket lipaflow-local-recipients$/,
  },
  'a LipaChat that nobody hears': {
    env: { LIPACHAT_BASE_URL: 'http://127.0.0.1:9/api/v1' },
    found: /^fault, LipaChat: http:\/\/127\.0\.0\.1:9\/api\/v1: no response \(.+\)$/,
  },
  'a LipaChat whose name leads nowhere': {
    // A longer name than DNS takes, so that no resolver of the machine is asked.
    env: { LIPACHAT_BASE_URL: `https://${'a'.repeat(64)}.example/api/v1` },
    found: /^fault, LipaChat: https:\/\/a{64}\.example\/api\/v1: its name does not resolve \(ENOTFOUND\)$/,
  },
  'a LipaChat without TLS': {
    env: { LIPACHAT_BASE_URL: 'https://127.0.0.1:{gateway}/api/v1' },
    found: /^fault, LipaChat: https:.*: it does not speak TLS \(.+\)$/,
  },
  'no client that may send': {
    plant: ({ dynamo, names }) =>
      dynamo.send(
        new UpdateItemCommand({
          TableName: names.TABLE_NAME,
          Key: { pk: { S: `client#${'0'.repeat(64)}` } },
          UpdateExpression: 'SET revokedAt = :at',
          ExpressionAttributeValues: { ':at': { N: String(Date.now()) } },
        }),
      ),
    found: /^fault, API clients: none may send$/,
  },
  'a sweeper that is not alive': {
    plant: ({ dynamo, names }) => dynamo.send(overdueMessage(names.TABLE_NAME)),
    found: /^fault, sweeper: messages overdue: 1, by over 5 minutes, the oldest forgotten-1$/,
  },
};

const overdueMessage = (TableName: string) =>
  new PutItemCommand({
    TableName,
    Item: {
      pk: { S: 'message#forgotten-1' },
      due: { S: 'message#0' },
      dueAt: { N: String(Date.now() - 6 * 60_000) },
    },
  });

describe('doctor', () => {
  it('has nothing to say of what is as it should be', async () => {
    const result = await doctor();
    expect(troubles(result)).toEqual([]);
    expect(result.findings.length).toBeGreaterThan(15);
    expect(result.exitCode).toBe(0);
  });

  it('only reads', async () => {
    await fetch(`${world.aws.url}/__aws/reset`, { method: 'POST' });
    await doctor();
    const requests = await (await fetch(`${world.aws.url}/__aws/requests`)).json();
    expect(
      Object.keys(requests as object).filter((name) => !/^(Get|BatchGet|Describe|Query)/.test(name)),
    ).toEqual([]);
    expect(requests).toHaveProperty('DescribeTable');
  });

  it.each(Object.entries(FAULTS))('finds %s, and nothing else', async (_name, { env, plant, found }) => {
    await plant?.(world);
    const gateway = new URL(world.env['LIPACHAT_BASE_URL'] ?? '').port;
    const settings = Object.entries(env ?? {}).map(([key, value]) => [
      key,
      value.replace('{gateway}', gateway),
    ]);
    const result = await doctor(Object.fromEntries(settings));
    const [first, ...rest] = troubles(result);
    expect(first).toMatch(found);
    expect(rest).toEqual([]);
    expect(result.findings.find(({ state }) => state === 'fault')?.todo).toMatch(/\w/);
    expect(result.exitCode).toBe(1);
  });

  it('lists the numbers that have a key of their own', async () => {
    await world.ssm.send(setParameter(BRANDS_KEY, 'own-k3y-canary'));
    const { exitCode, findings } = await doctor({ NUMBERS_WITH_OWN_KEY: BRAND });
    expect(findings).toContainEqual({
      check: 'apiKey of 254******755',
      state: 'ok',
      says: '/lipaflow/local/lipachat/numbers/254******755/api-key is a SecureString',
    });
    expect(exitCode).toBe(0);
  });

  it('warns of a key for signed callbacks that is ignored beside another', async () => {
    const name = '/lipaflow/local/webhook/hmac';
    await world.ssm.send(setParameter(name, `${'canary-'.repeat(6)}, short-canary`));
    const result = await doctor({ WEBHOOK_HMAC_PARAMETER: name });
    expect(troubles(result)).toEqual([
      `warning, webhook HMAC: ${name} has a key that is ignored: it is too short, or no base64`,
    ]);
    expect(result.exitCode).toBe(0);
  });

  it('warns of a rotation that was not finished, which is no fault', async () => {
    await opsHere(['webhook', 'rotate', '--stage', 'local'], { env: world.env });
    const result = await doctor();
    expect(troubles(result)).toEqual([
      'warning, webhook secret: a rotation is in progress: two secrets are valid',
    ]);
    expect(result.exitCode).toBe(0);
  });

  it('tells many faults at once, each with what to do, and ends with exit code 1', async () => {
    await world.dynamo.send(new DeleteTableCommand({ TableName: world.names.TABLE_NAME }));
    await world.ssm.send(new DeleteParameterCommand({ Name: world.names.API_KEY_PARAMETER }));
    const { exitCode, stdout } = await ops(['doctor', '--stage', 'local'], { env: world.env });
    expect(stdout).toMatch(
      /^fault +apiKey +there is no parameter .*\n +→ run `npm run ops -- setup --stage local`$/m,
    );
    expect(stdout).toMatch(/^fault +table +there is no table lipaflow-local\n +→ deploy the stack again$/m);
    expect(stdout).toMatch(/^\d+ ok, 0 warnings, 4 faults$/m);
    expect(exitCode).toBe(1);
  });
});
