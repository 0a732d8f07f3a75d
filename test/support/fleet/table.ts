/** The table as a test sees it, past all functions. */
import { createHash, randomUUID } from 'node:crypto';
import { DynamoDBClient, GetItemCommand, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AwsProcess } from '../aws.ts';

export type Item = Record<string, unknown> & { pk: string };
export type ClientRow = {
  token: string;
  clientId: string;
  scopes: string[];
} & ClientOptions;
/** The attributes of a token's item that not every token has. */
export type ClientOptions = {
  revokedAt?: number;
  namespace?: { name: string; key: string };
  numbers?: string[];
  recipientSources?: string[];
  sources?: string[];
  expiresAt?: number;
};

export type FleetTable = ReturnType<typeof createFleetTable>;

const DAY_MS = 86_400_000;
const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

const clientKey = (token: string) => `client#${createHash('sha256').update(token).digest('hex')}`;

export const createFleetTable = (aws: AwsProcess, TableName: string) => {
  const client = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials: CREDENTIALS });

  const items = async (): Promise<Item[]> => {
    const dumped = (await aws.dump()).map((item) => unmarshall(item) as Item);
    return dumped.toSorted((a, b) => (a.pk < b.pk ? -1 : 1));
  };
  const item = async (pk: string): Promise<Item | undefined> => (await items()).find((one) => one.pk === pk);

  const put = async (row: Item): Promise<void> => {
    const Item = marshall(row);
    await client.send(new PutItemCommand({ TableName, Item }));
  };

  return {
    /** Everything that is stored, by key. */
    items,
    item,
    /** One item, without the others. */
    get: async (pk: string): Promise<Item | undefined> => {
      const { Item } = await client.send(new GetItemCommand({ TableName, Key: marshall({ pk }) }));
      return Item && (unmarshall(Item) as Item);
    },
    put,
    message: (messageId: string) => item(`message#${messageId}`),
    session: (business: string, customer: string) => item(`session#${business}#${customer}`),
    /** The whole table as text: equal texts, nothing written in between. */
    asText: async (): Promise<string> => JSON.stringify(await aws.dump()),
    client: (token: string) => item(clientKey(token)),
    addClient: async ({ token, clientId, scopes, ...options }: ClientRow): Promise<void> => {
      const row = { pk: clientKey(token), clientId, scopes: new Set(scopes), createdAt: Date.now() };
      await put({ ...row, ...options });
    },
    /** An erasure that is done. Returns its id. */
    addErasure: async (clientId: string): Promise<string> => {
      const [id, now] = [randomUUID(), Date.now()];
      const counts = { messages: 1, callbacks: 0, files: 0 };
      const times = { requestedAt: now, changedAt: now, finishedAt: now };
      await put({ pk: `erasure#${id}`, state: 'done', clientId, counts, ...times, rev: randomUUID() });
      return id;
    },
    /** A customer who has just written in, without the message. */
    addWindow: async (business: string, customer: string): Promise<void> => {
      const now = Date.now();
      const window = { openedAt: now, lastInboundAt: now, expiresAt: now + DAY_MS };
      const expires = Math.ceil((now + 30 * DAY_MS) / 1000);
      await put({ pk: `session#${business}#${customer}`, ...window, expires, rev: randomUUID() });
    },
  };
};
