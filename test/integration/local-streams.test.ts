import { setTimeout as delay } from 'node:timers/promises';
import {
  BatchWriteItemCommand,
  DeleteItemCommand,
  DynamoDBClient,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { createStream, type StreamRecord } from '../../local/aws/stream.ts';
import { type GivenUp, type StreamSourceOptions, startStreamSource } from '../../local/stream-source.ts';
import { type AwsProcess, spawnAws } from '../support/aws.ts';
import { stopChildren } from '../support/children.ts';
import { PATIENCE } from '../support/patience.ts';

const TableName = 'local-streams-test';
const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };

let aws: AwsProcess;
let dynamo: DynamoDBClient;

beforeAll(async () => {
  aws = await spawnAws({ tableName: TableName });
  dynamo = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 });
});
afterAll(stopChildren);

const put = (pk: string, n: number, conditions: object = {}) =>
  dynamo.send(new PutItemCommand({ TableName, Item: { pk: { S: pk }, n: { N: String(n) } }, ...conditions }));
const update = (pk: string, UpdateExpression: string) =>
  dynamo.send(
    new UpdateItemCommand({
      TableName,
      Key: { pk: { S: pk } },
      UpdateExpression,
      ExpressionAttributeValues: { ':one': { N: '1' } },
    }),
  );
const remove = (pk: string) => dynamo.send(new DeleteItemCommand({ TableName, Key: { pk: { S: pk } } }));

const last = async (): Promise<string | undefined> =>
  (await aws.stream({ limit: 10_000 })).at(-1)?.dynamodb.SequenceNumber;

/** What the stream got while `work` was done: name, old n, new n. */
const changesOf = async (work: () => Promise<unknown>) => {
  const after = await last();
  await work();
  const records = await aws.stream({ after });
  return records.map(({ eventName, dynamodb: { OldImage, NewImage } }) => [
    eventName,
    OldImage?.['n']?.N,
    NewImage?.['n']?.N,
  ]);
};

describe("the table's stream", () => {
  it('has every change with the item before and after it', async () => {
    const changes = await changesOf(async () => {
      await put('a', 1);
      await put('a', 2);
      await update('a', 'ADD n :one');
      await remove('a');
    });
    expect(changes).toEqual([
      ['INSERT', undefined, '1'],
      ['MODIFY', '1', '2'],
      ['MODIFY', '2', '3'],
      ['REMOVE', '3', undefined],
    ]);
  });

  it('has records of the form that Lambda gets', async () => {
    const after = await last();
    await put('form', 1);
    const [record] = await aws.stream({ after });
    expect(record).toMatchObject({
      eventSource: 'aws:dynamodb',
      eventSourceARN: `arn:aws:dynamodb:eu-west-1:000000000000:table/${TableName}/stream/local`,
      dynamodb: {
        Keys: { pk: { S: 'form' } },
        NewImage: { pk: { S: 'form' }, n: { N: '1' } },
        SequenceNumber: expect.stringMatching(/^\d{21}$/),
        StreamViewType: 'NEW_AND_OLD_IMAGES',
      },
    });
  });

  it('has nothing of a write that was refused or changed nothing', async () => {
    await put('same', 1);
    const ConditionExpression = 'attribute_not_exists(pk)';
    const changes = await changesOf(async () => {
      await put('same', 1);
      await expect(put('same', 2, { ConditionExpression })).rejects.toThrow('conditional');
      await remove('never-there');
    });
    expect(changes).toEqual([]);
  });

  it('has a write whose answer was lost, and none that was reset', async () => {
    const changes = await changesOf(async () => {
      await aws.addFaults([
        { target: 'PutItem', fault: 'apply-then-reset', match: 'lost' },
        { target: 'PutItem', fault: 'reset', match: 'unheard' },
      ]);
      await expect(put('lost', 1)).rejects.toThrow();
      await expect(put('unheard', 1)).rejects.toThrow();
    });
    expect(changes).toEqual([['INSERT', undefined, '1']]);
  });

  it('is a chain for each item, however many write at once', async () => {
    const changes = await changesOf(async () => {
      await put('chain', 0);
      await Promise.all(Array.from({ length: 20 }, () => update('chain', 'ADD n :one')));
    });
    const numbers = Array.from({ length: 20 }, (_, n) => ['MODIFY', String(n), String(n + 1)]);
    expect(changes).toEqual([['INSERT', undefined, '0'], ...numbers]);
  });

  it('is read page by page, and waits for news', async () => {
    const after = await last();
    await put('page-1', 1);
    await put('page-2', 1);
    const [first] = await aws.stream({ after, limit: 1 });
    const [second] = await aws.stream({ after: first?.dynamodb.SequenceNumber, limit: 1 });
    expect([first, second].map((record) => record?.dynamodb.Keys['pk']?.S)).toEqual(['page-1', 'page-2']);
    const news = aws.stream({ after: second?.dynamodb.SequenceNumber, waitMs: 5000 });
    await delay(50);
    await put('page-3', 1);
    expect(await news).toHaveLength(1);
  });

  it('refuses a write that it would not see', async () => {
    const RequestItems = { [TableName]: [{ PutRequest: { Item: { pk: { S: 'b' } } } }] };
    await expect(dynamo.send(new BatchWriteItemCommand({ RequestItems }))).rejects.toThrow('not supported');
  });
});

describe('a stream as an event source', () => {
  const streamOf = (keys: string[]) => {
    const stream = createStream('t');
    for (const [n, key] of keys.entries()) {
      stream.append({ keys: { pk: { S: key } }, before: undefined, after: { n: { N: String(n) } } });
    }
    return stream;
  };
  const numberOf = ({ dynamodb }: StreamRecord): number => Number(dynamodb.NewImage?.['n']?.N);

  const run = async (
    keys: string[],
    handler: (numbers: number[], records: StreamRecord[]) => unknown,
    settings: Partial<StreamSourceOptions> = {},
  ) => {
    const batches: number[][] = [];
    const givenUp: GivenUp[] = [];
    const stream = streamOf(keys);
    const source = startStreamSource({
      read: stream.read,
      batchSize: 4,
      parallelizationFactor: 1,
      maximumRetryAttempts: 2,
      maximumRecordAgeInSeconds: 60,
      bisectBatchOnFunctionError: true,
      backoffMs: 1,
      ...settings,
      invoke: async ({ Records }) => {
        const numbers = Records.map(numberOf);
        batches.push(numbers);
        await delay(1);
        return handler(numbers, Records);
      },
      onGivenUp: (batch) => {
        givenUp.push(batch);
      },
    });
    const end = (await stream.read({ limit: 1000 })).at(-1)?.dynamodb.SequenceNumber;
    await vi.waitFor(() => expect(source.position()).toBe(end), PATIENCE);
    await source.close();
    return { batches, givenUp: givenUp.map(({ records }) => records.map(numberOf)) };
  };

  const failFrom = (records: StreamRecord[], number: number) => ({
    batchItemFailures: records
      .filter((record) => numberOf(record) === number)
      .map(({ dynamodb }) => ({ itemIdentifier: dynamodb.SequenceNumber })),
  });

  it('goes on from the first record that failed', async () => {
    let tries = 0;
    const { batches, givenUp } = await run(['a', 'b', 'c', 'd', 'e'], (_numbers, records) => {
      tries += 1;
      return tries === 1 ? failFrom(records, 2) : undefined;
    });
    expect(batches).toEqual([[0, 1, 2, 3], [2, 3], [4]]);
    expect(givenUp).toEqual([]);
  });

  it('halves a batch whose function threw until the poisonous record is alone, and gives up only that', async () => {
    const { batches, givenUp } = await run(
      ['a', 'b', 'c', 'd', 'e'],
      (numbers) => {
        if (numbers.includes(1)) throw new Error('poison');
      },
      { maximumRetryAttempts: 4 },
    );
    expect(batches.slice(0, 4)).toEqual([[0, 1, 2, 3], [0, 1], [0], [1]]);
    expect(givenUp).toEqual([[1]]);
    expect(batches.at(-1)).toEqual([4]);
  });

  it('tries no more often than it may', async () => {
    const { batches, givenUp } = await run(['a'], () => {
      throw new Error('always');
    });
    expect(batches).toEqual([[0], [0], [0]]);
    expect(givenUp).toEqual([[0]]);
  });

  it('keeps the order of each item in lanes that do not wait for each other', async () => {
    const keys = Array.from({ length: 40 }, (_, n) => `item-${n % 5}`);
    const { batches } = await run(keys, () => undefined, { parallelizationFactor: 2 });
    const order = batches.flat();
    expect(order.toSorted((a, b) => a - b)).toEqual(keys.map((_, n) => n));
    for (let item = 0; item < 5; item += 1) {
      const own = order.filter((n) => n % 5 === item);
      expect(own).toEqual(own.toSorted((a, b) => a - b));
    }
  });
});
