import {
  type DynamoDBClient,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { callStore } from './dynamo-client.ts';

/** A key in the `due` index; `dueAt` in epoch ms. */
export interface DueKey {
  readonly pk: string;
  readonly dueAt: number;
}

interface ScanPage {
  readonly filter: string;
  readonly values: Readonly<Record<string, unknown>>;
  readonly after: string | undefined;
}

type Projected = { readonly pk: string } & Readonly<Record<string, unknown>>;

/** The look-ups by index, and the scan. Each gives keys and is eventually consistent. */
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

  /**
   * Scans one page of a part of the table, and returns the keys of the items that pass `filter`. `after`: the previous page's `next`.
   * Eventually consistent. Costs as much as all items of the page, so it is no look-up for a request.
   */
  async function scan(
    { segment, of }: { readonly segment: number; readonly of: number },
    { filter, values, after }: ScanPage,
  ): Promise<{ readonly keys: string[]; readonly next: string | undefined }> {
    const command = new ScanCommand({
      TableName: tableName,
      Segment: segment,
      TotalSegments: of,
      FilterExpression: filter,
      ExpressionAttributeValues: marshall(values),
      ProjectionExpression: 'pk',
      ...(after === undefined ? {} : { ExclusiveStartKey: marshall({ pk: after }) }),
    });
    const { Items = [], LastEvaluatedKey: last } = await callStore(() => client.send(command));
    return {
      keys: Items.map((item) => (unmarshall(item) as Projected).pk),
      next: last && (unmarshall(last) as Projected).pk,
    };
  }

  return { dueKeys, keyByWaKey, keysOfPair, listed, scan };
}
