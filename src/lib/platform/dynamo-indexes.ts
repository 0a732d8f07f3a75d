import { type DynamoDBClient, QueryCommand, type QueryCommandInput } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { callStore } from './dynamo-client.ts';

/** A key in the `due` index; `dueAt` in epoch ms. */
export interface DueKey {
  readonly pk: string;
  readonly dueAt: number;
}

type Projected = { readonly pk: string } & Readonly<Record<string, unknown>>;

/** The look-ups by index. Each gives keys and is eventually consistent. */
export function makeIndexes({
  client,
  tableName,
}: {
  readonly client: DynamoDBClient;
  readonly tableName: string;
}) {
  /** The keys in one partition of the `due` index, earliest first. Eventually consistent. */
  async function dueKeys(partition: string, range: { upTo: Date; limit: number }): Promise<DueKey[]> {
    const items = await query({
      IndexName: 'due',
      KeyConditionExpression: 'due = :due AND dueAt <= :upTo',
      ExpressionAttributeValues: marshall({ ':due': partition, ':upTo': range.upTo.getTime() }),
      ProjectionExpression: 'pk, dueAt',
      Limit: range.limit,
    });
    return items.map(({ pk, dueAt }) => ({ pk, dueAt: dueAt as number }));
  }

  async function keyByWaKey(waKey: string): Promise<string | undefined> {
    const [item] = await query({
      IndexName: 'waId',
      KeyConditionExpression: 'waKey = :waKey',
      ExpressionAttributeValues: marshall({ ':waKey': waKey }),
      ProjectionExpression: 'pk',
      Limit: 1,
    });
    return item?.pk;
  }

  async function query(input: Omit<QueryCommandInput, 'TableName'>): Promise<Projected[]> {
    const { Items } = await callStore(() =>
      client.send(new QueryCommand({ TableName: tableName, ...input })),
    );
    return (Items ?? []).map((item) => unmarshall(item) as Projected);
  }

  /** The keys of one pair's items at a stage (at all stages if empty), oldest first. Eventually consistent. */
  async function keysOfPair(pair: string, stage: string, limit: number): Promise<string[]> {
    const items = await query({
      IndexName: 'pair',
      KeyConditionExpression: stage ? 'pair = :pair AND begins_with(stage, :stage)' : 'pair = :pair',
      ExpressionAttributeValues: marshall({ ':pair': pair, ...(stage ? { ':stage': stage } : {}) }),
      ProjectionExpression: 'pk',
      Limit: limit,
    });
    return items.map(({ pk }) => pk);
  }

  /**
   * The keys listed in one partition of the same index, newest first, starting before `before`. Eventually
   * consistent.
   */
  async function listed(
    partition: string,
    { limit, before }: { readonly limit: number; readonly before: string | undefined },
  ): Promise<{ readonly pk: string; readonly stage: string }[]> {
    const items = await query({
      IndexName: 'pair',
      KeyConditionExpression: before === undefined ? 'pair = :pair' : 'pair = :pair AND stage < :before',
      ExpressionAttributeValues: marshall({
        ':pair': partition,
        ...(before === undefined ? {} : { ':before': before }),
      }),
      ProjectionExpression: 'pk, stage',
      ScanIndexForward: false,
      Limit: limit,
    });
    return items.map(({ pk, stage }) => ({ pk, stage: stage as string }));
  }

  return { dueKeys, keyByWaKey, keysOfPair, listed };
}
