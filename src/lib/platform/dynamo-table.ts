import {
  ConditionalCheckFailedException,
  DeleteItemCommand,
  PutItemCommand,
  UpdateItemCommand,
} from '@aws-sdk/client-dynamodb';
import { marshall } from '@aws-sdk/util-dynamodb';
import { callStore, encoded } from './dynamo-client.ts';
import { alive, type Item, makeReads, type Reads, type ReadsDeps } from './dynamo-reads.ts';
import { AppError } from './errors.ts';
import type { Random, Stored, Written } from './ports.ts';

export type { Item, Reads };

/** A partial update in DynamoDB's expressions. `update` excludes the SET clause. */
interface Change {
  readonly update: string;
  readonly set?: string | undefined;
  readonly condition: string;
  readonly names?: Record<string, string>;
  readonly values: Record<string, unknown>;
}

export interface TableDeps extends ReadsDeps {
  readonly random: Random;
}

const CONDITIONAL = { ReturnValuesOnConditionCheckFailure: 'ALL_OLD' } as const;

export type Table = ReturnType<typeof makeTable>;

/** The items of some kinds, to read and to write. */
export type OwnItems = ReturnType<Table['owning']>;

/** The one table, item by item. A store writes by `owning` only. */
export function makeTable(deps: TableDeps) {
  const reads = makeReads(deps);
  const writes = makeWrites(deps, reads);
  /**
   * The writes of items with these prefixes of `pk`, and the reads. A write of any other kind throws. Each function's role
   * allows the kinds that its bundle names in calls of this, and a test derives them from there: give literals (ADR 036).
   */
  const owning = (...kinds: readonly string[]) => ({ ...reads, ...fenced(writes, kinds) });
  return { ...reads, owning };
}

type Writes = ReturnType<typeof makeWrites>;

function fenced(writes: Writes, kinds: readonly string[]): Writes {
  const to = (pk: string) => {
    if (kinds.some((kind) => pk.startsWith(kind))) return writes;
    throw new Error(`a write outside of ${kinds.join(', ')}`);
  };
  // Async, so that a refused write rejects like one that fails.
  return {
    create: async (item) => to(item.pk).create(item),
    replace: async (item, revision) => to(item.pk).replace(item, revision),
    update: async (pk, change) => to(pk).update(pk, change),
    remove: async (pk, revision) => to(pk).remove(pk, revision),
    drop: async (pk) => to(pk).drop(pk),
    overwrite: async (item) => to(item.pk).overwrite(item),
  };
}

/**
 * Every write is one conditional write and gives the item a new revision. "Unchanged since it was read" is then one
 * comparison. If the SDK's retry fails its condition because an earlier try was applied without an acknowledgement, the
 * stored revision shows it (ADR 001).
 */
function makeWrites({ client, tableName, clock, random }: TableDeps, reads: Pick<Reads, 'get'>) {
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

  return { create, replace, update, remove, drop, overwrite };
}
