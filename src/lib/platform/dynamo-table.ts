import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  QueryCommand,
  type QueryCommandInput,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { withinMs } from './dynamo-client.ts';
import { AppError } from './errors.ts';
import type { Clock, Random, Stored, Written } from './ports.ts';

/** A stored item: `pk`, `expires` (epoch s, the TTL attribute), `rev`, and what its kind adds. Instants are epoch ms. */
export type Item = { readonly pk: string; readonly expires?: number | undefined } & Record<string, unknown>;

/** A change of a part of an item, in DynamoDB's expressions. `update` is everything but its SET. */
export interface Change {
  readonly update: string;
  readonly set?: string | undefined;
  readonly condition: string;
  readonly names?: Record<string, string>;
  readonly values: Record<string, unknown>;
}

/** A key of the `due` index; `dueAt` in epoch ms. */
export interface DueKey {
  readonly pk: string;
  readonly dueAt: number;
}

export interface TableDeps {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
}

/** Over all of the SDK's own tries of one call: past it the store counts as down. */
const CALL_LIMIT_MS = 3_500;

const CONDITIONAL = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

export type Table = ReturnType<typeof makeTable>;

/**
 * The one table, item by item. Every write is one conditional write; every item carries a revision that is new
 * with each write, so that "the very one that was read" is one comparison, and a write that was applied while
 * its acknowledgement was lost is recognised by its revision when the SDK's retry fails.
 */
export function makeTable({ client, tableName, clock, random }: TableDeps) {
  const key = (pk: string) => ({ TableName: tableName, Key: marshall({ pk }) });

  async function get(pk: string): Promise<Stored<Item> | undefined> {
    const { Item } = await call(() => client.send(new GetItemCommand({ ...key(pk), ConsistentRead: true })));
    return alive(Item);
  }

  /** Writes a new item; one past its retention counts as gone, since TTL deletes late. */
  function create(item: Item): Promise<Written<Item>> {
    const nowSeconds = Math.floor(clock.now().getTime() / 1000);
    return put(item, 'attribute_not_exists(pk) OR expires <= :now', { ':now': nowSeconds });
  }

  function replace(item: Item, revision: string): Promise<Written<Item>> {
    return put(item, 'rev = :rev', { ':rev': revision });
  }

  async function put(item: Item, condition: string, values: Record<string, unknown>): Promise<Written<Item>> {
    const revision = random.uuid();
    const command = new PutItemCommand({
      TableName: tableName,
      Item: marshall({ ...item, rev: revision }, { removeUndefinedValues: true }),
      ConditionExpression: condition,
      ExpressionAttributeValues: marshall(values),
      ...CONDITIONAL,
    });
    const beaten = await conditional(() => client.send(command), item.pk);
    if (beaten === 'not-beaten') return { done: true, stored: { value: item, revision } };
    if (beaten?.revision === revision) return { done: true, stored: beaten };
    return { done: false, stored: beaten };
  }

  /** True if the very item that was read is gone, by this call or before it. */
  async function remove(pk: string, revision: string): Promise<boolean> {
    const command = new DeleteItemCommand({
      ...key(pk),
      ConditionExpression: 'rev = :rev',
      ExpressionAttributeValues: marshall({ ':rev': revision }),
      ...CONDITIONAL,
    });
    const beaten = await conditional(() => client.send(command), pk);
    return beaten === 'not-beaten' || beaten === undefined;
  }

  /** Removes whatever is there. */
  async function drop(pk: string): Promise<void> {
    await call(() => client.send(new DeleteItemCommand(key(pk))));
  }

  /** Writes without a condition: for things that mean the same however often they are written. */
  async function overwrite(item: Item): Promise<void> {
    const Item = marshall({ ...item, rev: random.uuid() }, { removeUndefinedValues: true });
    await call(() => client.send(new PutItemCommand({ TableName: tableName, Item })));
  }

  /** What is due in one partition of the `due` index, the earliest first. Indexes are a moment late. */
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

  async function query(input: Omit<QueryCommandInput, 'TableName'>): Promise<Item[]> {
    const { Items } = await call(() => client.send(new QueryCommand({ TableName: tableName, ...input })));
    return (Items ?? []).map((item) => unmarshall(item) as Item);
  }

  /** Keys of one pair's items at one stage (all of them where it is empty), in the order they came. A moment late. */
  async function keysOfPair(
    pair: string,
    stage: string,
    { limit, newestFirst = false }: { readonly limit: number; readonly newestFirst?: boolean },
  ): Promise<string[]> {
    const items = await query({
      IndexName: 'pair',
      KeyConditionExpression: stage ? 'pair = :pair AND begins_with(stage, :stage)' : 'pair = :pair',
      ExpressionAttributeValues: marshall({ ':pair': pair, ...(stage ? { ':stage': stage } : {}) }),
      ProjectionExpression: 'pk',
      ScanIndexForward: !newestFirst,
      Limit: limit,
    });
    return items.map(({ pk }) => pk);
  }

  /** What is listed in one partition of the same index, the newest first, from before `before` on. A moment late. */
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
   * Changes a part of an item in one conditional write. Gives back the item after it, or, with `done: false`,
   * what was in its way.
   */
  async function update(pk: string, change: Change): Promise<Written<Item>> {
    const revision = random.uuid();
    const command = new UpdateItemCommand({
      ...key(pk),
      UpdateExpression: `${change.update} SET rev = :rev${change.set ? `, ${change.set}` : ''}`,
      ConditionExpression: change.condition,
      ...(change.names ? { ExpressionAttributeNames: change.names } : {}),
      ExpressionAttributeValues: marshall({ ...change.values, ':rev': revision }),
      ReturnValues: 'ALL_NEW',
      ...CONDITIONAL,
    });
    let after: Stored<Item> | undefined;
    const write = async () => {
      after = alive((await client.send(command)).Attributes);
    };
    const beaten = await conditional(write, pk);
    if (beaten === 'not-beaten') {
      if (!after) throw new Error('an update that was done has left nothing');
      return { done: true, stored: after };
    }
    return beaten?.revision === revision ? { done: true, stored: beaten } : { done: false, stored: beaten };
  }

  /** Many items at once, each where its key stands in `pks`; undefined for what is not there. A moment late. */
  async function getMany(pks: readonly string[]): Promise<(Item | undefined)[]> {
    const found = new Map<string, Item>();
    let keys = [...new Set(pks)].map((pk) => marshall({ pk }));
    for (let tries = 0; keys.length > 0; tries += 1) {
      if (tries > 0) await clock.sleep(Math.min(1_000, 25 * 2 ** tries));
      if (tries > 8) throw unavailable(new Error('keys were left unprocessed'));
      const request = { RequestItems: { [tableName]: { Keys: keys } } };
      const { Responses, UnprocessedKeys } = await call(() => client.send(new BatchGetItemCommand(request)));
      for (const attributes of Responses?.[tableName] ?? []) {
        const stored = alive(attributes);
        if (stored) found.set(stored.value.pk, stored.value);
      }
      keys = UnprocessedKeys?.[tableName]?.Keys ?? [];
    }
    return pks.map((pk) => found.get(pk));
  }

  /** Runs a conditional write; says what was in its way. The engine may leave that out, so it is read then. */
  async function conditional(
    write: () => Promise<unknown>,
    pk: string,
  ): Promise<'not-beaten' | Stored<Item> | undefined> {
    try {
      await call(write);
      return 'not-beaten';
    } catch (fault) {
      const failed = fault instanceof AppError ? fault.cause : undefined;
      if (!(failed instanceof ConditionalCheckFailedException)) throw fault;
      return failed.Item ? alive(failed.Item) : get(pk);
    }
  }

  function alive(attributes: Record<string, AttributeValue> | undefined): Stored<Item> | undefined {
    if (!attributes) return undefined;
    const { rev, ...value } = unmarshall(attributes) as Item & { rev: string };
    const over = value.expires !== undefined && (value.expires as number) * 1000 <= clock.now().getTime();
    return over ? undefined : { value: value as Item, revision: rev };
  }

  return {
    get,
    getMany,
    create,
    replace,
    update,
    remove,
    drop,
    overwrite,
    dueKeys,
    keyByWaKey,
    keysOfPair,
    listed,
  };
}

/** Any fault of the store is one error to the rest of the code. */
async function call<T>(send: () => Promise<T>): Promise<T> {
  try {
    return await withinMs(CALL_LIMIT_MS, send);
  } catch (cause) {
    throw unavailable(cause);
  }
}

function unavailable(cause: unknown): AppError {
  return new AppError('store-unavailable', 'The store did not answer. Try again in a moment.', {
    retryAfter: 2,
    cause,
  });
}
