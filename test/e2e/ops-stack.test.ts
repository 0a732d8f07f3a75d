/** The commands on a deployed stack: its names come from CloudFormation, and nothing of the local system's counts. */
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import { GetParameterCommand } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readQueues } from '../../local/aws/queues.ts';
import { readTable } from '../../local/aws/table.ts';
import type { Listening } from '../../local/http-server.ts';
import type { Finding } from '../../ops/checks/finding.ts';
import { startCloudFormation, startRefusal } from '../support/cloudformation.ts';
import { type OpsResult, ops } from '../support/ops.ts';
import { type OpsWorld, startOpsWorld } from '../support/ops-world.ts';

const TABLE = 'lipaflow-dev-Table-1ABCDEF';
const API = 'https://abc123.execute-api.eu-west-1.amazonaws.com';

let world: OpsWorld;
let cloudFormation: Listening;
let env: Record<string, string>;

beforeAll(async () => {
  world = await startOpsWorld();
  await world.dynamo.send(new CreateTableCommand(readTable(TABLE)));
  const queues = readQueues().map(({ name }) => ({
    logicalId: name,
    type: 'AWS::SQS::Queue',
    physicalId: world.queueUrl(name),
  }));
  cloudFormation = await startCloudFormation({
    name: 'lipaflow-dev',
    outputs: { HttpApiUrl: API },
    resources: [
      { logicalId: 'EventBus', type: 'AWS::Events::EventBus', physicalId: 'lipaflow-dev' },
      ...queues,
      { logicalId: 'RecipientsBucket', type: 'AWS::S3::Bucket', physicalId: world.names.RECIPIENTS_BUCKET },
      { logicalId: 'Table', type: 'AWS::DynamoDB::Table', physicalId: TABLE },
    ],
  });
  const { AWS_ENDPOINT_URL = '', AWS_ENDPOINT_URL_SQS = '', AWS_ENDPOINT_URL_S3 = '' } = world.env;
  env = {
    AWS_ENDPOINT_URL,
    AWS_ENDPOINT_URL_SQS,
    AWS_ENDPOINT_URL_S3,
    AWS_ENDPOINT_URL_CLOUDFORMATION: cloudFormation.url,
    AWS_REGION: 'eu-west-1',
    AWS_ACCESS_KEY_ID: 'local',
    AWS_SECRET_ACCESS_KEY: 'local',
    // A leftover of another stage must not lead anywhere.
    WEBHOOK_SECRET_PARAMETER: '/lipaflow/prod/webhook/secret',
  };
});
afterAll(() => Promise.all([world.close(), cloudFormation.close()]));

const deployed = (line: string, input = ''): Promise<OpsResult> => ops(line.split(' '), { env, input });

describe('on a deployed stack', () => {
  it("setup writes the stage's own parameters, and prints the stack's address with the new secret", async () => {
    const { exitCode, stdout } = await deployed('setup', 'k3y-of-the-stage');
    expect(exitCode).toBe(0);
    const [, secret = ''] = new RegExp(`${API}/v1/webhooks/lipachat/([0-9a-f]{64})$`, 'm').exec(stdout) ?? [];
    const read = async (Name: string) =>
      (await world.ssm.send(new GetParameterCommand({ Name, WithDecryption: true }))).Parameter;
    expect(await read('/lipaflow/dev/webhook/secret')).toMatchObject({ Type: 'SecureString', Value: secret });
    expect((await read('/lipaflow/dev/lipachat/api-key'))?.Value).toBe('k3y-of-the-stage');
    const key = await read('/lipaflow/dev/erasure/key');
    expect(key).toMatchObject({ Type: 'SecureString', Value: expect.stringMatching(/^[\w-]{43}$/) });
    expect(stdout).toMatch(/^erasure key +created, \/lipaflow\/dev\/erasure\/key$/m);
    expect(stdout).not.toContain(key?.Value);
  });

  it('setup --force replaces the webhook secret, and keeps the apiKey where none is entered', async () => {
    const { stdout } = await deployed('setup --force --json');
    const said = JSON.parse(stdout) as { webhookUrl: string };
    expect(said).toMatchObject({ apiKey: 'kept', webhookSecret: 'replaced', erasureKey: 'kept' });
    const command = new GetParameterCommand({ Name: '/lipaflow/dev/webhook/secret', WithDecryption: true });
    const { Parameter } = await world.ssm.send(command);
    expect(said.webhookUrl).toBe(`${API}/v1/webhooks/lipachat/${Parameter?.Value}`);
  });

  it("client create writes into the stack's table", async () => {
    expect((await deployed('client create crm --scopes send')).exitCode).toBe(0);
    const listed = await deployed('client list --json');
    expect(listed.json()).toMatchObject([{ clientId: 'crm', scopes: ['send'], revokedAt: null }]);
  });

  it("doctor looks at the stack's own things", async () => {
    const { findings } = (await deployed('doctor --json')).json<{ findings: Finding[] }>();
    const of = (name: string) => findings.find(({ check }) => check === name);
    expect(of('table')).toMatchObject({ state: 'ok', says: TABLE });
    expect(of('event bus')).toMatchObject({ state: 'ok', says: 'lipaflow-dev' });
    expect(of('DeliveryQueue')).toMatchObject({ state: 'ok' });
    expect(of('API clients')).toMatchObject({ state: 'ok', says: '1 may send' });
  });

  it('says which stack is not there', async () => {
    const { exitCode, stderr } = await deployed('client list --stage prod');
    expect(exitCode).toBe(1);
    expect(stderr).toMatch(/^there is no stack lipaflow-prod in eu-west-1: deploy it first/);
  });
});

describe('on a stack that has adopted its table and its bucket', () => {
  it('doctor looks at those, though they are no resources of the stack', async () => {
    const TableArn = `arn:aws:dynamodb:eu-west-1:000000000000:table/${TABLE}`;
    const adopting = await startCloudFormation({
      name: 'lipaflow-prod',
      outputs: {
        TableName: TABLE,
        RecipientsBucketName: world.names.RECIPIENTS_BUCKET,
        AdoptedTableStream: `${TableArn}/stream/an-earlier-one`,
      },
      resources: [{ logicalId: 'EventBus', type: 'AWS::Events::EventBus', physicalId: 'lipaflow-prod' }],
    });
    const result = await ops(['doctor', '--json', '--stage', 'prod'], {
      env: { ...env, AWS_ENDPOINT_URL_CLOUDFORMATION: adopting.url },
    });
    await adopting.close();
    const { findings } = result.json<{ findings: Finding[] }>();
    const of = (name: string) => findings.find(({ check }) => check === name);
    expect(of('table')).toMatchObject({ state: 'ok', says: TABLE });
    expect(of('bucket')).toMatchObject({ state: 'ok', says: world.names.RECIPIENTS_BUCKET });
    expect(of('table stream')).toMatchObject({
      state: 'fault',
      says: 'the stack reads an earlier stream: no events go out',
    });
    expect(of('table protection')).toMatchObject({ state: 'fault' });
    expect(of('table tags')).toMatchObject({ state: 'warning', says: 'missing: service, stage' });
  });
});

describe('credentials', () => {
  it('that AWS does not take are what doctor finds, and all that it asks for', async () => {
    const refusal = await startRefusal('InvalidClientTokenId');
    const result = await ops(['doctor'], { env: { ...env, AWS_ENDPOINT_URL_CLOUDFORMATION: refusal.url } });
    await refusal.close();
    expect(result.exitCode).toBe(1);
    expect(result.stdout).toMatch(
      /^fault +credentials +AWS rejects the credentials \(InvalidClientTokenId\)/,
    );
    expect(result.stdout).toMatch(/^0 ok, 0 warnings, 1 fault$/m);
    expect(result.stdout).not.toContain('canary');
  });

  it('that are nowhere to be found are one of its findings, too', async () => {
    const { AWS_ACCESS_KEY_ID: _, AWS_SECRET_ACCESS_KEY: __, ...nobody } = env;
    const { exitCode, stdout } = await ops(['doctor'], { env: { ...nobody, HOME: '/nowhere' } });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^fault +credentials +AWS rejects the credentials \(CredentialsProviderError\)/);
  });
});
