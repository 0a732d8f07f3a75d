import { connect } from 'node:net';
import {
  DescribeTableCommand,
  DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
} from '@aws-sdk/client-dynamodb';
import { GetParameterCommand, SSMClient } from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsProcess, spawnAws } from '../support/aws.ts';
import { stopChildren } from '../support/children.ts';

const TableName = 'local-aws-test';

let aws: AwsProcess;
let dynamo: DynamoDBClient;
let ssm: SSMClient;

beforeAll(async () => {
  aws = await spawnAws({ tableName: TableName, parameters: { '/key': 'first' } });
  // One attempt: the SDK's own retries would hide the faults.
  const client = {
    endpoint: aws.url,
    region: 'eu-west-1',
    credentials: { accessKeyId: 'local', secretAccessKey: 'local' },
    maxAttempts: 1,
  };
  dynamo = new DynamoDBClient(client);
  ssm = new SSMClient(client);
});

beforeEach(() => aws.reset());
afterAll(stopChildren);

const put = (pk: string, rest: Record<string, { S: string } | { N: string }> = {}) =>
  dynamo.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, ...rest } }));

const claim = (pk: string) =>
  dynamo.send(
    new PutItemCommand({
      TableName,
      Item: { pk: { S: pk } },
      ConditionExpression: 'attribute_not_exists(pk)',
    }),
  );

const exists = async (pk: string): Promise<boolean> => {
  const Key = { pk: { S: pk } };
  const { Item } = await dynamo.send(new GetItemCommand({ TableName, Key, ConsistentRead: true }));
  return Item !== undefined;
};

const readKey = (name = '/key') =>
  ssm
    .send(new GetParameterCommand({ Name: name, WithDecryption: true }))
    .then((found) => found.Parameter?.Value);

const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: Error) => error.name,
  );

describe('the table', () => {
  it('is the one of infra/table.yml, on demand, with its indexes', async () => {
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({
      TableStatus: 'ACTIVE',
      BillingModeSummary: { BillingMode: 'PAY_PER_REQUEST' },
      KeySchema: [{ AttributeName: 'pk', KeyType: 'HASH' }],
    });
    expect(Table?.GlobalSecondaryIndexes?.map((index) => index.IndexName)).toEqual(
      expect.arrayContaining(['due', 'waId']),
    );
  });

  it('lets one of twenty concurrent conditional writes through', async () => {
    const outcomes = await Promise.all(Array.from({ length: 20 }, () => outcomeOf(claim('raced'))));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(1);
    expect(new Set(outcomes)).toEqual(new Set(['ok', 'ConditionalCheckFailedException']));
  });

  it('keeps an index sparse, in the order of its range key', async () => {
    await put('late', { due: { S: 'sweep' }, dueAt: { N: '1700000000300' } });
    await put('early', { due: { S: 'sweep' }, dueAt: { N: '900' } });
    await put('future', { due: { S: 'sweep' }, dueAt: { N: '1700000000900' } });
    await put('done');
    const { Items } = await dynamo.send(
      new QueryCommand({
        TableName,
        IndexName: 'due',
        KeyConditionExpression: 'due = :due AND dueAt <= :now',
        ExpressionAttributeValues: { ':due': { S: 'sweep' }, ':now': { N: '1700000000500' } },
      }),
    );
    expect(Items?.map(({ pk }) => pk?.S)).toEqual(['early', 'late']);
  });
});

describe('parameters', () => {
  it('gives a SecureString, also after it was changed from outside', async () => {
    expect(await readKey()).toBe('first');
    await aws.setParameter('/key', 'second');
    expect(await readKey()).toBe('second');
  });

  it('gives ciphertext to a caller who forgot WithDecryption', async () => {
    await aws.setParameter('/plain', 'a secret');
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/plain' }));
    expect(Parameter?.Value).not.toContain('secret');
  });

  it('answers ParameterNotFound as AWS does', async () => {
    expect(await outcomeOf(readKey('/nowhere'))).toBe('ParameterNotFound');
  });
});

describe('faults', () => {
  it('applies a write and then loses its answer', async () => {
    await aws.addFaults({ target: 'PutItem', fault: 'apply-then-reset' });
    await expect(put('applied')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await exists('applied')).toBe(true);
  });

  it('resets a connection without applying the write', async () => {
    await aws.addFaults({ target: 'PutItem', fault: 'reset' });
    await expect(put('not-applied')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await exists('not-applied')).toBe(false);
  });

  it('throttles and fails under the names that AWS uses', async () => {
    await aws.addFaults([
      { target: 'PutItem', fault: 'throttle' },
      { target: 'GetItem', fault: 'unavailable' },
      { target: 'GetParameter', fault: 'throttle' },
    ]);
    expect(await outcomeOf(put('x'))).toBe('ProvisionedThroughputExceededException');
    expect(await outcomeOf(exists('x'))).toBe('InternalServerError');
    expect(await outcomeOf(readKey())).toBe('ThrottlingException');
  });

  it('strikes the nth matching call, and as often as it was told to', async () => {
    await aws.addFaults({ target: '*', match: 'marked', nth: 2, times: 2, fault: 'throttle' });
    const outcomes: string[] = [];
    for (const pk of ['marked-1', 'other', 'marked-2', 'marked-3', 'marked-4']) {
      outcomes.push(await outcomeOf(put(pk)));
    }
    const throttled = 'ProvisionedThroughputExceededException';
    expect(outcomes).toEqual(['ok', 'ok', throttled, throttled, 'ok']);
  });

  it('strikes by chance, the same calls for the same seed', async () => {
    const run = async (seed: number): Promise<string[]> => {
      await aws.reset();
      await aws.addFaults({ target: 'PutItem', probability: 0.5, seed, fault: 'unavailable' });
      const outcomes: string[] = [];
      for (let call = 0; call < 16; call += 1) outcomes.push(await outcomeOf(put('chance')));
      return outcomes;
    };
    const first = await run(7);
    expect(new Set(first).size).toBe(2);
    expect(await run(7)).toEqual(first);
    expect(await run(8)).not.toEqual(first);
  });

  it('delays a call, and lets another hang until the client leaves', async () => {
    await aws.addFaults([
      { target: 'PutItem', fault: 'delay', ms: 150 },
      { target: 'GetItem', fault: 'hang' },
    ]);
    const begun = performance.now();
    await put('delayed');
    expect(performance.now() - begun).toBeGreaterThanOrEqual(140);
    const read = new GetItemCommand({ TableName, Key: { pk: { S: 'delayed' } } });
    const abortSignal = AbortSignal.timeout(100);
    expect(await outcomeOf(dynamo.send(read, { abortSignal }))).toBe('AbortError');
  });

  it('ends with DELETE, and refuses a fault that it does not know by saying what it knows', async () => {
    await aws.addFaults({ target: '*', times: null, fault: 'unavailable' });
    expect(await outcomeOf(put('x'))).toBe('InternalServerError');
    await aws.clearFaults();
    expect(await outcomeOf(put('x'))).toBe('ok');
    await expect(aws.addFaults({ target: '*', fault: 'explode' as 'hang' })).rejects.toThrow(/400.*throttle/);
  });
});

describe('what a test can see', () => {
  it('counts calls by operation, also those that a fault met, and by what is in their body', async () => {
    await aws.addFaults({ target: 'PutItem', fault: 'throttle' });
    await outcomeOf(put('counted-1'));
    await put('counted-2');
    await readKey();
    expect(await aws.requests()).toEqual({ PutItem: 2, GetParameter: 1 });
    expect(await aws.requests('counted-2')).toEqual({ PutItem: 1 });
    await aws.reset();
    expect(await aws.requests()).toEqual({});
  });

  it('dumps every item', async () => {
    await put('dumped', { dueAt: { N: '5' } });
    expect(await aws.dump()).toContainEqual({ pk: { S: 'dumped' }, dueAt: { N: '5' } });
  });
});

describe('the process', () => {
  it('survives a client that breaks off in the middle of a request', async () => {
    const { hostname, port } = new URL(aws.url);
    const socket = connect(Number(port), hostname);
    socket.write('POST / HTTP/1.1\r\nhost: x\r\ncontent-length: 100\r\n\r\n{"half');
    await new Promise((resolve) => setTimeout(resolve, 50));
    socket.resetAndDestroy();
    await new Promise((resolve) => setTimeout(resolve, 50));
    expect(await readKey()).toBeDefined();
    expect(aws.output()).toBe(`aws ${aws.url}\n`);
  });
});
