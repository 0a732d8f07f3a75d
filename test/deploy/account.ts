/** The emulator's AWS account, with its owner's rights. */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { Agent } from 'node:https';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { EventBridgeClient } from '@aws-sdk/client-eventbridge';
import { S3Client } from '@aws-sdk/client-s3';
import { SQSClient } from '@aws-sdk/client-sqs';
import { PutParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { marshall } from '@aws-sdk/util-dynamodb';
import { NodeHttpHandler } from '@smithy/node-http-handler';
import { CREDENTIALS, type Emulator, REGION, ROOT } from './emulator.ts';

const run = promisify(execFile);

/** The SDK's own variables, for command lines. */
export const variablesOf = ({ url, certificatePath }: Emulator): Record<string, string> => ({
  AWS_ENDPOINT_URL: url,
  AWS_REGION: REGION,
  AWS_DEFAULT_REGION: REGION,
  AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
  AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
  AWS_EC2_METADATA_DISABLED: 'true',
  AWS_CA_BUNDLE: certificatePath,
  NODE_EXTRA_CA_CERTS: certificatePath,
});

export type Client = { clientId: string; scopes: string[]; token: string; revokedAt?: Date };

export const createAccount = (emulator: Emulator) => {
  const { url, certificate: ca, bin } = emulator;
  const requestHandler = new NodeHttpHandler({
    httpsAgent: new Agent({ ca, keepAlive: true }),
    requestTimeout: 10_000,
    throwOnRequestTimeout: true,
  });
  const config = { endpoint: url, region: REGION, credentials: CREDENTIALS, requestHandler };
  const ssm = new SSMClient(config);
  const dynamodb = new DynamoDBClient(config);
  return {
    dynamodb,
    ssm,
    sqs: new SQSClient(config),
    events: new EventBridgeClient(config),
    /** The table's client with the keys of another user. */
    dynamodbOf: (credentials: typeof CREDENTIALS) => new DynamoDBClient({ ...config, credentials }),
    s3: new S3Client({ ...config, forcePathStyle: true }),

    setSecret: (Name: string, Value: string) =>
      ssm.send(new PutParameterCommand({ Name, Value, Type: 'SecureString', Overwrite: true })),

    /** Stores a client as an operator would: only the hash of the token is kept. */
    putClient: ({ token, scopes, revokedAt, clientId }: Client, TableName: string) => {
      const pk = `client#${createHash('sha256').update(token).digest('hex')}`;
      const row = { pk, clientId, scopes: new Set(scopes), revokedAt: revokedAt?.getTime() };
      const Item = marshall(row, { removeUndefinedValues: true });
      return dynamodb.send(new PutItemCommand({ TableName, Item }));
    },

    /** Runs `aws <args>`, and resolves to its JSON. */
    aws: async <Output>(...args: string[]): Promise<Output> => {
      const env = { PATH: process.env['PATH'], ...variablesOf(emulator) };
      const given = ['--endpoint-url', url, '--output', 'json', ...args];
      const { stdout } = await run(join(bin, 'aws'), given, { env, timeout: 60_000 });
      return JSON.parse(stdout || 'null') as Output;
    },

    /** The names of everything in the account, by kind. */
    holdings: async (): Promise<Record<string, string[]>> => {
      const script = join(ROOT, 'test/deploy/emulator/account.py');
      const env = { PATH: process.env['PATH'], ...variablesOf(emulator) };
      const { stdout } = await run(join(bin, 'python'), [script], { env, timeout: 60_000 });
      return JSON.parse(stdout) as Record<string, string[]>;
    },
  };
};
