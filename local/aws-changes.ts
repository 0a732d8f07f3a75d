/** Turns the writes of an engine without streams into the records of one. */
import { isDeepStrictEqual } from 'node:util';
import type { Item, Stream } from './aws-stream.ts';
import type { AwsAnswer, AwsCall } from './aws-wire.ts';

type Call = (call: AwsCall) => Promise<AwsAnswer>;
type WriteInput = {
  TableName?: string;
  Key?: Item;
  Item?: Item;
  ReturnValuesOnConditionCheckFailure?: string;
};

export type ChangesOptions = {
  call: Call;
  /** The item as it is at this moment. */
  getItem: (key: Item) => Promise<Item | undefined>;
  tableName: string;
  keyNames: string[];
  stream: Stream;
};

const WRITES = ['PutItem', 'DeleteItem', 'UpdateItem'];
// The engine does have it, but what it changes would be missing from the stream.
const REFUSED = ['BatchWriteItem', 'TransactWriteItems'];

const refusal = (operation: string): AwsAnswer => ({
  status: 400,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify({
    __type: 'com.amazon.coral.validate#ValidationException',
    message: `${operation} is not there locally: its changes would be missing from the stream`,
  }),
});

const inputOf = (body: Buffer): WriteInput => {
  try {
    return JSON.parse(body.toString()) as WriteInput;
  } catch {
    return {};
  }
};

/** The engine never says what was in a condition's way. AWS does, to who asks for it. */
const withItem = (answer: AwsAnswer, item: Item | undefined): AwsAnswer => {
  const body = JSON.parse(answer.body) as { __type?: string };
  const failed = body.__type?.endsWith('#ConditionalCheckFailedException');
  return failed && item ? { ...answer, body: JSON.stringify({ ...body, Item: item }) } : answer;
};

/** Runs what has the same name one after the other. */
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
 * The same calls, with each change of an item in the stream. Writes of one key wait for each other, so that a
 * record's images are those right before and after its own write.
 */
export const withChanges = ({ call, getItem, tableName, keyNames, stream }: ChangesOptions): Call => {
  const inTurn = createTurns();

  const keysOf = ({ Key, Item: item }: WriteInput): Item | undefined => {
    const source = Key ?? item ?? {};
    const keys = keyNames.flatMap((name) => (source[name] ? [[name, source[name]] as const] : []));
    return keys.length === keyNames.length ? Object.fromEntries(keys) : undefined;
  };

  const write = async (request: AwsCall, keys: Item, wantsItem: boolean): Promise<AwsAnswer> => {
    const before = await getItem(keys);
    const answer = await call(request);
    if (answer.status !== 200) return wantsItem ? withItem(answer, before) : answer;
    const after = await getItem(keys);
    if (!isDeepStrictEqual(before, after)) stream.append({ keys, before, after });
    return answer;
  };

  return (request) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (REFUSED.includes(operation)) return Promise.resolve(refusal(operation));
    if (!WRITES.includes(operation)) return call(request);
    const input = inputOf(request.body);
    const keys = keysOf(input);
    // A write without its key, or to another table, is refused by the engine in AWS's words.
    if (!keys || input.TableName !== tableName) return call(request);
    const wantsItem = input.ReturnValuesOnConditionCheckFailure === 'ALL_OLD';
    return inTurn(JSON.stringify(keys), () => write(request, keys, wantsItem));
  };
};
