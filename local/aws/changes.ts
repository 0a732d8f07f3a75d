/** Adds a stream to an engine that has none: each write becomes a stream record. */
import { isDeepStrictEqual } from 'node:util';
import type { Item, Stream } from './stream.ts';
import type { AwsAnswer, AwsCall } from './wire.ts';

type Call = (call: AwsCall) => Promise<AwsAnswer>;
type WriteInput = {
  TableName?: string;
  Key?: Item;
  Item?: Item;
  ReturnValues?: string;
  ReturnValuesOnConditionCheckFailure?: string;
};
type Write = { request: AwsCall; input: WriteInput; keys: Item };

export type ChangesOptions = {
  call: Call;
  /** Reads the current item. */
  getItem: (key: Item) => Promise<Item | undefined>;
  tableName: string;
  keyNames: string[];
  stream: Stream;
};

const WRITES = ['PutItem', 'DeleteItem', 'UpdateItem'];
// The engine supports these, but their changes would be missing from the stream.
const REFUSED = ['BatchWriteItem', 'TransactWriteItems'];

const refusal = (operation: string): AwsAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({
    __type: 'com.amazon.coral.validate#ValidationException',
    message: `${operation} is not supported locally: its changes would be missing from the stream`,
  }),
});

const inputOf = (body: Buffer): WriteInput => {
  try {
    return JSON.parse(body.toString()) as WriteInput;
  } catch {
    return {};
  }
};

/** The engine's response with another body, without the checksum of the old one. */
const answering = ({ status, headers }: AwsAnswer, body: object): AwsAnswer => {
  const { 'x-amz-crc32': _, ...others } = headers;
  return { status, headers: others, body: JSON.stringify(body) };
};

const isFailedCondition = ({ body }: AwsAnswer): boolean =>
  body.includes('#ConditionalCheckFailedException"');

/** Runs tasks of the same name one after the other. */
const createTurns = () => {
  const last = new Map<string, Promise<unknown>>();
  return async <Result>(name: string, run: () => Promise<Result>): Promise<Result> => {
    const turn = (last.get(name) ?? Promise.resolve()).then(run);
    const done = turn.catch(() => {});
    last.set(name, done);
    try {
      return await turn;
    } finally {
      if (last.get(name) === done) last.delete(name);
    }
  };
};

/**
 * Passes calls on and appends each change of an item to the stream. Writes to one key wait for each other, so a
 * record's images are exactly those before and after its own write.
 */
export const withChanges = ({ call, getItem, tableName, keyNames, stream }: ChangesOptions): Call => {
  const inTurn = createTurns();

  const keysOf = ({ Key, Item: item }: WriteInput): Item | undefined => {
    const source = Key ?? item ?? {};
    const keys = keyNames.flatMap((name) => (source[name] ? [[name, source[name]] as const] : []));
    return keys.length === keyNames.length ? Object.fromEntries(keys) : undefined;
  };

  /** Adds the stored item to a failed condition if the caller asked for it: AWS returns it, the engine doesn't. */
  const refused = async (answer: AwsAnswer, { input, keys }: Write): Promise<AwsAnswer> => {
    const wantsItem = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD' && isFailedCondition(answer);
    const found = wantsItem ? await getItem(keys) : undefined;
    return found ? answering(answer, { ...(JSON.parse(answer.body) as object), Item: found }) : answer;
  };

  /** A put or delete can return the old item itself, so it needs no reads. */
  const replace = async (write: Write): Promise<AwsAnswer> => {
    const { request, input, keys } = write;
    const body = Buffer.from(JSON.stringify({ ...input, ReturnValues: 'ALL_OLD' }));
    const answer = await call({ ...request, body });
    if (answer.status !== 200) return refused(answer, write);
    const { Attributes: before, ...rest } = JSON.parse(answer.body) as { Attributes?: Item };
    noteChange({ keys, before, after: input.Item });
    return input.ReturnValues === 'ALL_OLD' ? answer : answering(answer, rest);
  };

  const update = async (write: Write): Promise<AwsAnswer> => {
    const { request, keys } = write;
    const before = await getItem(keys);
    const answer = await call(request);
    if (answer.status !== 200) return refused(answer, write);
    noteChange({ keys, before, after: await getItem(keys) });
    return answer;
  };

  const noteChange = (change: { keys: Item; before: Item | undefined; after: Item | undefined }): void => {
    if (!isDeepStrictEqual(change.before, change.after)) stream.append(change);
  };

  return (request) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (REFUSED.includes(operation)) return Promise.resolve(refusal(operation));
    if (!WRITES.includes(operation)) return call(request);
    const input = inputOf(request.body);
    const keys = keysOf(input);
    // The engine rejects a write without a key, or to another table, with AWS's own error.
    if (!keys || input.TableName !== tableName) return call(request);
    const says = ['NONE', 'ALL_OLD', undefined].includes(input.ReturnValues);
    const write = { request, input, keys };
    return inTurn(JSON.stringify(keys), () =>
      operation === 'UpdateItem' || !says ? update(write) : replace(write),
    );
  };
};
