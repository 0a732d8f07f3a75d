/**
 * DynamoDB in memory: dynalite, called as a function, not over a socket. So the server in front of it can apply an
 * operation and then lose the response. And a client that disconnects during a request can't make dynalite throw,
 * which would end the process.
 * We add the stream and ReturnValuesOnConditionCheckFailure (changes.ts) and the table's settings (table-settings.ts).
 * Not supported: transactions, and deletion by TTL, which is late on AWS too.
 */
import { EventEmitter } from 'node:events';
import type { AttributeValue, CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import dynalite from 'dynalite';
import { withChanges } from './changes.ts';
import { createStream, type Item, type ReadStream } from './stream.ts';
import { readTableSettings } from './table.ts';
import { withTableSettings } from './table-settings.ts';
import type { AwsAnswer, AwsCall } from './wire.ts';

export type Engine = {
  /** One signed call as it came over HTTP. DynamoDB's errors are responses, not rejections. */
  call: (call: AwsCall) => Promise<AwsAnswer>;
  putItem: (item: Record<string, AttributeValue>) => Promise<void>;
  /** The table's stream. */
  readStream: ReadStream;
  /** All items of the table as DynamoDB JSON. */
  dump: () => Promise<unknown[]>;
};

/** The fields of dynalite's responses that we read. */
type OwnAnswer = {
  Table?: { TableStatus: string };
  Item?: Item;
  Items?: unknown[];
  LastEvaluatedKey?: object;
};

const signedHeaders = (target: string): Record<string, string> => ({
  'content-type': 'application/x-amz-json-1.0',
  'x-amz-target': `DynamoDB_20120810.${target}`,
  'x-amz-date': '20260101T000000Z',
  // dynalite requires a signature of the right form but never verifies it.
  authorization: 'AWS4-HMAC-SHA256 Credential=local, SignedHeaders=host, Signature=local',
});

/** A response object with only what dynalite uses. */
const recorder = (done: (answer: AwsAnswer) => void) => {
  const headers: Record<string, string> = {};
  return {
    statusCode: 200,
    setHeader: (name: string, value: unknown) => {
      headers[name.toLowerCase()] = String(value);
    },
    end(body = '') {
      done({ status: this.statusCode, headers, body });
    },
  };
};

const createCaller = (): Engine['call'] => {
  const server: EventEmitter = dynalite({ createTableMs: 0, deleteTableMs: 0, updateTableMs: 0 });
  return ({ headers, body }) =>
    new Promise((resolve) => {
      const request = Object.assign(new EventEmitter(), { method: 'POST', url: '/', headers });
      server.emit('request', request, recorder(resolve));
      request.emit('data', body);
      request.emit('end');
    });
};

const createOwnCaller = (call: Engine['call']) => {
  return async (target: string, input: object): Promise<OwnAnswer> => {
    const answer = await call({ headers: signedHeaders(target), body: Buffer.from(JSON.stringify(input)) });
    if (answer.status !== 200) throw new Error(`dynalite refused ${target}: ${answer.body}`);
    return JSON.parse(answer.body) as OwnAnswer;
  };
};

type OwnCaller = ReturnType<typeof createOwnCaller>;

const untilActive = async (ask: OwnCaller, tableName: string): Promise<void> => {
  for (;;) {
    const { Table } = await ask('DescribeTable', { TableName: tableName });
    if (Table?.TableStatus === 'ACTIVE') return;
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
};

const scanAll = async (ask: OwnCaller, tableName: string): Promise<unknown[]> => {
  const items: unknown[] = [];
  let start: object | undefined;
  do {
    const page = await ask('Scan', { TableName: tableName, ...(start ? { ExclusiveStartKey: start } : {}) });
    items.push(...(page.Items ?? []));
    start = page.LastEvaluatedKey;
  } while (start);
  return items;
};

const keyNamesOf = ({ KeySchema = [] }: CreateTableCommandInput): string[] =>
  KeySchema.flatMap(({ AttributeName }) => AttributeName ?? []);

/** Starts an engine with one active table. */
export const startEngine = async (table: CreateTableCommandInput): Promise<Engine> => {
  const { TableName: tableName = '' } = table;
  const plain = createCaller();
  const ask = createOwnCaller(plain);
  await ask('CreateTable', table);
  await untilActive(ask, tableName);
  const stream = createStream(tableName);
  const getItem = async (key: Item): Promise<Item | undefined> =>
    (await ask('GetItem', { TableName: tableName, Key: key, ConsistentRead: true })).Item;
  const changing = withChanges({ call: plain, getItem, tableName, keyNames: keyNamesOf(table), stream });
  const call = withTableSettings(changing, readTableSettings());
  const write = createOwnCaller(call);
  const putItem: Engine['putItem'] = async (item) => {
    await write('PutItem', { TableName: tableName, Item: item });
  };
  return { call, putItem, readStream: stream.read, dump: () => scanAll(ask, tableName) };
};
