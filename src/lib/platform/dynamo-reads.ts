import {
  type AttributeValue,
  BatchGetItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  QueryCommand,
  type QueryCommandInput,
  ScanCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { callStore, unavailable } from './dynamo-client.ts';
import type { Clock, Stored } from './ports.ts';

/**
 * A stored item: `pk`, `expires` (the TTL attribute, in epoch seconds), `rev`, and the attributes of its
 * kind. Other instants are epoch milliseconds.
 */
export type Item = { readonly pk: string; readonly expires?: number | undefined } & Record<string, unknown>;

export interface ReadsDeps {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
}

/** A table to read. A function that only reads has no other (`dynamo-table.ts`). */
export type Reads = ReturnType<typeof makeReads>;

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

/** The reads: by key, by index, and the scan. */
export function makeReads(deps: ReadsDeps) {
  return { ...makeKeyReads(deps), ...makeIndexes(deps) };
}

/** The look-ups by index, and the scan. Each gives keys and is eventually consistent. */
function makeIndexes({ client, tableName }: ReadsDeps) {
  /** The keys in one partition of the `due` index, earliest first, behind `after`. Eventually consistent. */
  async function dueKeys(
    partition: string,
    range: { upTo: Date; limit: number; after?: DueKey | undefined },
  ): Promise<DueKey[]> {
    const { after } = range;
    const items: Projected[] = [];
    let next: QueryCommandInput['ExclusiveStartKey'] =
      after && marshall({ due: partition, dueAt: after.dueAt, pk: after.pk });
    do {
      const page = await queryPage({
        IndexName: 'due',
        KeyConditionExpression: 'due = :due AND dueAt <= :upTo',
        ExpressionAttributeValues: marshall({ ':due': partition, ':upTo': range.upTo.getTime() }),
        ProjectionExpression: 'pk, dueAt',
        Limit: range.limit - items.length,
        ExclusiveStartKey: next,
      });
      items.push(...page.items);
      // A page ends after 1 MB, too.
      next = page.next;
    } while (next && items.length < range.limit);
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
    return (await queryPage(input)).items;
  }

  async function queryPage(input: Omit<QueryCommandInput, 'TableName'>) {
    const { Items, LastEvaluatedKey: next } = await callStore(() =>
      client.send(new QueryCommand({ TableName: tableName, ...input })),
    );
    return { items: (Items ?? []).map((item) => unmarshall(item) as Projected), next };
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

function makeKeyReads({ client, tableName, clock }: ReadsDeps) {
  async function get(pk: string): Promise<Stored<Item> | undefined> {
    const { Item } = await callStore(() =>
      client.send(new GetItemCommand({ TableName: tableName, Key: marshall({ pk }), ConsistentRead: true })),
    );
    return alive(Item, clock);
  }

  /** Many items at once, in the order of `pks`; undefined for a missing one. Eventually consistent. */
  async function getMany(pks: readonly string[]): Promise<(Item | undefined)[]> {
    const found = new Map<string, Item>();
    let keys = [...new Set(pks)].map((pk) => marshall({ pk }));
    for (let tries = 0; keys.length > 0; tries += 1) {
      if (tries > 0) await clock.sleep(Math.min(1_000, 25 * 2 ** tries));
      if (tries > 8) throw unavailable(new Error('keys were left unprocessed'));
      const request = { RequestItems: { [tableName]: { Keys: keys } } };
      const { Responses, UnprocessedKeys } = await callStore(() =>
        client.send(new BatchGetItemCommand(request)),
      );
      for (const attributes of Responses?.[tableName] ?? []) {
        const stored = alive(attributes, clock);
        if (stored) found.set(stored.value.pk, stored.value);
      }
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    return pks.map((pk) => found.get(pk));
  }

  return { get, getMany };
}

/** The stored item, unless it has expired. */
export function alive(
  attributes: Record<string, AttributeValue> | undefined,
  clock: Clock,
): Stored<Item> | undefined {
  if (!attributes) return undefined;
  const { rev, ...value } = unmarshall(attributes) as Item & { rev: string };
  const isOver = value.expires !== undefined && (value.expires as number) * 1000 <= clock.now().getTime();
  return isOver ? undefined : { value: value as Item, revision: rev };
}
