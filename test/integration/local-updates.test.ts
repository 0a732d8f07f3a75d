import {
  type AttributeValue,
  BatchGetItemCommand,
  DynamoDBClient,
  PutItemCommand,
  TransactWriteItemsCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { type AwsProcess, spawnAws } from '../support/aws.ts';
import { stopChildren } from '../support/children.ts';

const TableName = 'local-updates-test';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

let aws: AwsProcess;
let dynamo: DynamoDBClient;

beforeAll(async () => {
  aws = await spawnAws({ tableName: TableName });
  dynamo = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
beforeEach(() => aws.reset());
afterAll(stopChildren);

const write = (item: Record<string, AttributeValue>) =>
  dynamo.send(new PutItemCommand({ TableName, Item: item }));

/** A set of what is still open, and how much came to which end. */
const openLedger = (pk: string, pending: string[]) =>
  write({ pk: { S: pk }, pending: { NS: pending }, ended: { M: { sent: { N: '0' } } } });

const settle = (pk: string, row: string) =>
  dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key: { pk: { S: pk } },
      UpdateExpression: 'DELETE pending :rows ADD #ended.#sent :one SET settled = :row',
      ConditionExpression: 'contains(pending, :row)',
      ExpressionAttributeNames: { '#ended': 'ended', '#sent': 'sent' },
      ExpressionAttributeValues: { ':rows': { NS: [row] }, ':row': { N: row }, ':one': { N: '1' } },
      ReturnValues: 'ALL_NEW',
    }),
  );

const read = async (keys: string[]) => {
  const Keys = keys.map((pk) => ({ pk: { S: pk } }));
  const { Responses, UnprocessedKeys } = await dynamo.send(
    new BatchGetItemCommand({ RequestItems: { [TableName]: { Keys, ConsistentRead: true } } }),
  );
  expect(UnprocessedKeys).toEqual({});
  return Responses?.[TableName] ?? [];
};

const outcomeOf = (call: Promise<unknown>): Promise<string> =>
  call.then(
    () => 'ok',
    (error: Error) => error.name,
  );

describe('a conditional update', () => {
  it('takes one out of a set and adds to a count, and a repeat does not pass', async () => {
    await openLedger('twice', ['1', '2']);
    const { Attributes } = await settle('twice', '1');
    expect(Attributes).toMatchObject({ pending: { NS: ['2'] }, ended: { M: { sent: { N: '1' } } } });
    expect(await outcomeOf(settle('twice', '1'))).toBe('ConditionalCheckFailedException');
    expect((await read(['twice']))[0]).toMatchObject({ ended: { M: { sent: { N: '1' } } } });
  });

  it('passes once for each of those that race, and leaves no empty set behind', async () => {
    const rows = Array.from({ length: 20 }, (_, n) => String(n));
    await openLedger('raced', rows);
    const outcomes = await Promise.all([...rows, ...rows].map((row) => outcomeOf(settle('raced', row))));
    expect(outcomes.filter((outcome) => outcome === 'ok')).toHaveLength(20);
    const [ledger] = await read(['raced']);
    expect(ledger?.['ended']).toEqual({ M: { sent: { N: '20' } } });
    expect(ledger).not.toHaveProperty('pending');
  });

  it('is applied once when its answer is lost, and is in the stream with both images', async () => {
    await openLedger('lost', ['7', '8']);
    const after = (await aws.stream({ limit: 10_000 })).at(-1)?.dynamodb.SequenceNumber;
    await aws.addFaults({ target: 'UpdateItem', fault: 'apply-then-reset' });
    await expect(settle('lost', '7')).rejects.toThrow(/ECONNRESET|socket hang up/);
    expect(await outcomeOf(settle('lost', '7'))).toBe('ConditionalCheckFailedException');
    const [record, ...others] = await aws.stream({ after });
    expect(others).toEqual([]);
    expect(record).toMatchObject({
      eventName: 'MODIFY',
      dynamodb: { OldImage: { pending: { NS: ['7', '8'] } }, NewImage: { pending: { NS: ['8'] } } },
    });
  });

  it('meets faults under its own name', async () => {
    await openLedger('throttled', ['1']);
    await aws.addFaults({ target: 'UpdateItem', fault: 'throttle' });
    expect(await outcomeOf(settle('throttled', '1'))).toBe('ProvisionedThroughputExceededException');
    expect(await aws.requests('throttled')).toEqual({ PutItem: 1, UpdateItem: 1 });
  });
});

describe('a write whose condition fails', () => {
  const again = (asked: { ReturnValuesOnConditionCheckFailure?: 'ALL_OLD' }) =>
    dynamo
      .send(
        new PutItemCommand({
          TableName,
          Item: { pk: { S: 'taken' } },
          ConditionExpression: 'attribute_not_exists(pk)',
          ...asked,
        }),
      )
      .catch((error: { name: string; Item?: unknown }) => ({ name: error.name, item: error.Item }));

  it('says what is in its way to who asks for it', async () => {
    await write({ pk: { S: 'taken' }, by: { S: 'another' } });
    const name = 'ConditionalCheckFailedException';
    const item = { pk: { S: 'taken' }, by: { S: 'another' } };
    expect(await again({ ReturnValuesOnConditionCheckFailure: 'ALL_OLD' })).toEqual({ name, item });
    expect(await again({})).toEqual({ name, item: undefined });
  });
});

describe('a batch of reads', () => {
  it('gives what is there of a hundred keys, and refuses one more', async () => {
    const keys = Array.from({ length: 100 }, (_, n) => `one of many ${n}`);
    for (const pk of keys.slice(0, 10)) await write({ pk: { S: pk } });
    const found = await read(keys);
    expect(found.map(({ pk }) => pk?.S).toSorted()).toEqual(keys.slice(0, 10).toSorted());
    expect(await outcomeOf(read([...keys, 'too many']))).toBe('ValidationException');
  });

  it('meets faults under its own name', async () => {
    await aws.addFaults({ target: 'BatchGetItem', fault: 'unavailable' });
    expect(await outcomeOf(read(['any']))).toBe('InternalServerError');
  });
});

describe('a transaction', () => {
  it('is refused, since its changes would be missing from the stream', async () => {
    const Put = { TableName, Item: { pk: { S: 'transacted' } } };
    const call = dynamo.send(new TransactWriteItemsCommand({ TransactItems: [{ Put }] }));
    await expect(call).rejects.toThrow('not supported locally');
    expect(await read(['transacted'])).toEqual([]);
  });
});
