import {
  type AttributeValue,
  BatchGetItemCommand,
  ConditionalCheckFailedException,
  DeleteItemCommand,
  type DynamoDBClient,
  GetItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import { callStore, encoded, unavailable } from './dynamo-client.ts';
import { makeIndexes } from './dynamo-indexes.ts';
import { AppError } from './errors.ts';
import type { Clock, Random, Stored, Written } from './ports.ts';

/**
 * A stored item: `pk`, `expires` (the TTL attribute, in epoch seconds), `rev`, and the attributes of its
 * kind. Other instants are epoch milliseconds.
 */
export type Item = { readonly pk: string; readonly expires?: number | undefined } & Record<string, unknown>;

/** A partial update in DynamoDB's expressions. `update` excludes the SET clause. */
export interface Change {
  readonly update: string;
  readonly set?: string | undefined;
  readonly condition: string;
  readonly names?: Record<string, string>;
  readonly values: Record<string, unknown>;
}

export interface TableDeps {
  readonly client: DynamoDBClient;
  readonly tableName: string;
  readonly clock: Clock;
  readonly random: Random;
}

const CONDITIONAL = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

export type Table = ReturnType<typeof makeTable>;

/**
 * The one table, item by item. Every write is one conditional write and gives the item a new revision.
 * "Unchanged since it was read" is then one comparison. If the SDK's retry fails its condition because an
 * earlier try was applied without an acknowledgement, the stored revision shows it (ADR 001).
 */
export function makeTable({ client, tableName, clock, random }: TableDeps) {
  const reads = makeReads({ client, tableName, clock });
  const key = (pk: string) => ({ TableName: tableName, Key: marshall({ pk }) });

  /** Writes a new item. An expired item counts as gone, because TTL deletes late. */
  function create(item: Item): Promise<Written<Item>> {
    const nowSeconds = Math.floor(clock.now().getTime() / 1000);
    return put(item, 'attribute_not_exists(pk) OR expires <= :now', { ':now': nowSeconds });
  }

  const replace = (item: Item, revision: string) => put(item, 'rev = :rev', { ':rev': revision });

  async function put(item: Item, condition: string, values: Record<string, unknown>): Promise<Written<Item>> {
    const revision = random.uuid();
    const command = new PutItemCommand({
      TableName: tableName,
      Item: encoded({ ...item, rev: revision }),
      ConditionExpression: condition,
      ExpressionAttributeValues: marshall(values),
      ...CONDITIONAL,
    });
    const beaten = await conditional(() => client.send(command), item.pk);
    if (beaten === 'not-beaten') return { done: true, stored: { value: item, revision } };
    if (beaten?.revision === revision) return { done: true, stored: beaten };
    return { done: false, stored: beaten };
  }

  /** Removes exactly the item that was read. Also true if it is already gone. */
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

  /** Removes the item unconditionally. */
  async function drop(pk: string): Promise<void> {
    await callStore(() => client.send(new DeleteItemCommand(key(pk))));
  }

  /** Writes without a condition, for items that a repeat leaves the same. */
  async function overwrite(item: Item): Promise<void> {
    const Item = encoded({ ...item, rev: random.uuid() });
    await callStore(() => client.send(new PutItemCommand({ TableName: tableName, Item })));
  }

  /**
   * Updates an item in one conditional write. Returns the new item or, with `done: false`, the one that
   * failed the condition.
   */
  async function update(pk: string, change: Change): Promise<Written<Item>> {
    const revision = random.uuid();
    const command = new UpdateItemCommand({
      ...key(pk),
      UpdateExpression: `${change.update} SET rev = :rev${change.set ? `, ${change.set}` : ''}`,
      ConditionExpression: change.condition,
      ...(change.names ? { ExpressionAttributeNames: change.names } : {}),
      ExpressionAttributeValues: encoded({ ...change.values, ':rev': revision }),
      ReturnValues: 'ALL_NEW',
      ...CONDITIONAL,
    });
    let after: Stored<Item> | undefined;
    const write = async () => {
      after = alive((await client.send(command)).Attributes, clock);
    };
    const beaten = await conditional(write, pk);
    if (beaten === 'not-beaten') {
      if (!after) throw new Error('an update that was done has left nothing');
      return { done: true, stored: after };
    }
    return beaten?.revision === revision ? { done: true, stored: beaten } : { done: false, stored: beaten };
  }

  /** Runs a conditional write. On a conflict returns what is stored; some engines omit that, so it is read then. */
  async function conditional(
    write: () => Promise<unknown>,
    pk: string,
  ): Promise<'not-beaten' | Stored<Item> | undefined> {
    try {
      await callStore(write);
      return 'not-beaten';
    } catch (fault) {
      const failed = fault instanceof AppError ? fault.cause : undefined;
      if (!(failed instanceof ConditionalCheckFailedException)) throw fault;
      return failed.Item ? alive(failed.Item, clock) : reads.get(pk);
    }
  }

  return {
    ...reads,
    create,
    replace,
    update,
    remove,
    drop,
    overwrite,
    ...makeIndexes({ client, tableName }),
  };
}

function makeReads({ client, tableName, clock }: Omit<TableDeps, 'random'>) {
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
function alive(
  attributes: Record<string, AttributeValue> | undefined,
  clock: Clock,
): Stored<Item> | undefined {
  if (!attributes) return undefined;
  const { rev, ...value } = unmarshall(attributes) as Item & { rev: string };
  const isOver = value.expires !== undefined && (value.expires as number) * 1000 <= clock.now().getTime();
  return isOver ? undefined : { value: value as Item, revision: rev };
}
