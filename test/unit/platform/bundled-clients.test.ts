import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import * as dynamodb from '@aws-sdk/client-dynamodb';
import * as eventbridge from '@aws-sdk/client-eventbridge';
import * as s3 from '@aws-sdk/client-s3';
import * as sqs from '@aws-sdk/client-sqs';
import * as ssm from '@aws-sdk/client-ssm';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { lighter } from '../../../scripts/lighter.ts';

/* Bundles leave out the classes of most errors (scripts/lighter.ts). What a client reports stays the same. */

const whole = {
  DynamoDBClient: dynamodb.DynamoDBClient,
  PutItemCommand: dynamodb.PutItemCommand,
  ConditionalCheckFailedException: dynamodb.ConditionalCheckFailedException,
  EventBridgeClient: eventbridge.EventBridgeClient,
  PutEventsCommand: eventbridge.PutEventsCommand,
  S3Client: s3.S3Client,
  GetObjectCommand: s3.GetObjectCommand,
  SQSClient: sqs.SQSClient,
  SendMessageCommand: sqs.SendMessageCommand,
  SSMClient: ssm.SSMClient,
  GetParameterCommand: ssm.GetParameterCommand,
};
type Clients = typeof whole;

const IMPORTS = `
export { DynamoDBClient, PutItemCommand, ConditionalCheckFailedException } from '@aws-sdk/client-dynamodb';
export { EventBridgeClient, PutEventsCommand } from '@aws-sdk/client-eventbridge';
export { S3Client, GetObjectCommand } from '@aws-sdk/client-s3';
export { SQSClient, SendMessageCommand } from '@aws-sdk/client-sqs';
export { SSMClient, GetParameterCommand } from '@aws-sdk/client-ssm';
`;

const folder = mkdtempSync(join(tmpdir(), 'lipaflow-clients-'));
let bundled: Clients;

beforeAll(async () => {
  const outfile = join(folder, 'clients.cjs');
  await build({
    stdin: { contents: IMPORTS, resolveDir: import.meta.dirname },
    outfile,
    bundle: true,
    platform: 'node',
    format: 'cjs',
    mainFields: ['module', 'main'],
    plugins: [lighter],
  });
  bundled = createRequire(import.meta.url)(outfile) as Clients;
});
afterAll(() => rmSync(folder, { recursive: true }));

interface Response {
  readonly statusCode: number;
  readonly headers?: Record<string, string>;
  readonly body: string;
}

/** Options of a client whose every request gets this response. */
function always({ statusCode, headers = {}, body }: Response) {
  let tries = 0;
  const handle = () => {
    tries += 1;
    const response = { statusCode, headers, body: Readable.from([Buffer.from(body)]) };
    return Promise.resolve({ response });
  };
  const options = {
    region: 'eu-west-1',
    credentials: { accessKeyId: 'key', secretAccessKey: 'secret' },
    maxAttempts: 2,
    useQueueUrlAsEndpoint: false,
    requestHandler: { handle },
  };
  return { options: options as never, tries: () => tries };
}

async function reported(call: () => Promise<unknown>, tries: () => number) {
  const fault: unknown = await call().catch((error: unknown) => error);
  if (!(fault instanceof Error)) throw new Error('the call succeeded');
  const { name, message, $fault, $metadata, Item } = fault as Error & Record<string, unknown>;
  const { httpStatusCode } = $metadata as { httpStatusCode?: number };
  return { name, message, $fault, httpStatusCode, Item, tries: tries(), fault };
}

const json = (statusCode: number, body: object): Response => ({ statusCode, body: JSON.stringify(body) });

type Case = (clients: Clients) => ReturnType<typeof reported>;

const put =
  (response: Response): Case =>
  ({ DynamoDBClient, PutItemCommand }) => {
    const { options, tries } = always(response);
    const command = new PutItemCommand({ TableName: 'table', Item: { pk: { S: 'a' } } });
    return reported(() => new DynamoDBClient(options).send(command), tries);
  };

const parameter =
  (response: Response): Case =>
  ({ SSMClient, GetParameterCommand }) => {
    const { options, tries } = always(response);
    return reported(() => new SSMClient(options).send(new GetParameterCommand({ Name: 'name' })), tries);
  };

const queue =
  (response: Response): Case =>
  ({ SQSClient, SendMessageCommand }) => {
    const { options, tries } = always(response);
    const command = new SendMessageCommand({ QueueUrl: 'https://sqs.test/1/queue', MessageBody: 'body' });
    return reported(() => new SQSClient(options).send(command), tries);
  };

const object =
  (response: Response): Case =>
  ({ S3Client, GetObjectCommand }) => {
    const { options, tries } = always(response);
    const command = new GetObjectCommand({ Bucket: 'bucket', Key: 'key' });
    return reported(() => new S3Client(options).send(command), tries);
  };

const event =
  (response: Response): Case =>
  ({ EventBridgeClient, PutEventsCommand }) => {
    const { options, tries } = always(response);
    return reported(() => new EventBridgeClient(options).send(new PutEventsCommand({ Entries: [] })), tries);
  };

const DYNAMODB = 'com.amazonaws.dynamodb.v20120810';
const conditional = json(400, {
  __type: `${DYNAMODB}#ConditionalCheckFailedException`,
  message: 'The conditional request failed',
  Item: { pk: { S: 'a' } },
});

const cases: [string, Case][] = [
  ['a failed condition', put(conditional)],
  [
    'a throttled table',
    put(json(400, { __type: `${DYNAMODB}#ProvisionedThroughputExceededException`, message: 'Too fast' })),
  ],
  ['a throttled account', put(json(400, { __type: `${DYNAMODB}#ThrottlingException`, message: 'Too fast' }))],
  ['a table with a fault', put(json(500, { __type: `${DYNAMODB}#InternalServerError`, message: 'Oh' }))],
  [
    'a missing table',
    put(json(400, { __type: `${DYNAMODB}#ResourceNotFoundException`, message: 'No table' })),
  ],
  ['an error that no client knows', put(json(400, { __type: 'com.amazon.coral#Other', Message: 'Other' }))],
  ['a missing parameter', parameter(json(400, { __type: 'ParameterNotFound' }))],
  [
    'a throttled parameter',
    parameter(json(400, { __type: 'ThrottlingException', message: 'Rate exceeded' })),
  ],
  [
    'a missing queue',
    queue({
      ...json(400, { __type: 'com.amazonaws.sqs#QueueDoesNotExist', message: 'No queue' }),
      headers: { 'x-amzn-query-error': 'AWS.SimpleQueueService.NonExistentQueue;Sender' },
    }),
  ],
  ['a throttled queue', queue(json(403, { __type: 'com.amazonaws.sqs#RequestThrottled', message: 'Slow' }))],
  [
    'a missing object',
    object({
      statusCode: 404,
      headers: { 'content-type': 'application/xml' },
      body: '<?xml version="1.0"?><Error><Code>NoSuchKey</Code><Message>No key</Message></Error>',
    }),
  ],
  [
    'a busy bucket',
    object({
      statusCode: 503,
      body: '<?xml version="1.0"?><Error><Code>SlowDown</Code><Message>Slow</Message></Error>',
    }),
  ],
  ['a busy bus', event(json(500, { __type: 'InternalException', message: 'Oh' }))],
];

describe('a bundled AWS client', () => {
  it.concurrent.each(cases)('reports %s like the whole client', async (_, attempt) => {
    const { fault: _bundled, ...report } = await attempt(bundled);
    const { fault: _whole, ...expected } = await attempt(whole);
    expect(report).toEqual(expected);
  });

  it('knows a failed condition by its class, with the item that failed it', async () => {
    const { fault } = await put(conditional)(bundled);
    expect(fault).toBeInstanceOf(bundled.ConditionalCheckFailedException);
    expect(fault).toMatchObject({ Item: { pk: { S: 'a' } } });
  });
});
