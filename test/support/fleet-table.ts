/** The table as a test sees it, past all functions. */
import { createHash } from 'node:crypto';
import { DynamoDBClient, PutItemCommand } from '@aws-sdk/client-dynamodb';
import { marshall, unmarshall } from '@aws-sdk/util-dynamodb';
import type { AwsProcess } from './aws.ts';

export type Item = Record<string, unknown> & { pk: string };
export type ClientRow = { token: string; clientId: string; scopes: string[]; revokedAt?: number };

export type FleetTable = ReturnType<typeof createFleetTable>;

const CREDENTIALS = { accessKeyId: 'local', secretAccessKey: 'local' };

export const createFleetTable = (aws: AwsProcess, TableName: string) => {
  const client = new DynamoDBClient({ endpoint: aws.url, region: 'eu-west-1', credentials: CREDENTIALS });

  const items = async (): Promise<Item[]> => {
    const dumped = (await aws.dump()).map((item) => unmarshall(item) as Item);
    return dumped.toSorted((a, b) => (a.pk < b.pk ? -1 : 1));
  };
  const item = async (pk: string): Promise<Item | undefined> => (await items()).find((one) => one.pk === pk);

  return {
    /** Everything that is stored, by key. */
    items,
    item,
    message: (messageId: string) => item(`message#${messageId}`),
    session: (business: string, customer: string) => item(`session#${business}#${customer}`),
    /** The whole table as text: equal texts, nothing written in between. */
    asText: async (): Promise<string> => JSON.stringify(await aws.dump()),
    addClient: async ({ token, clientId, scopes, revokedAt }: ClientRow): Promise<void> => {
      const pk = `client#${createHash('sha256').update(token).digest('hex')}`;
      const row = { pk, clientId, scopes: new Set(scopes), createdAt: Date.now() };
      const Item = marshall(revokedAt === undefined ? row : { ...row, revokedAt });
      await client.send(new PutItemCommand({ TableName, Item }));
    },
  };
};
