/** Reads a whole table, in parts at the same time. */
import { type DynamoDBClient, paginateScan, type ScanCommandInput } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import type { Item } from '../../src/lib/platform/dynamo-table.ts';
import { ATTRIBUTES, type Counted } from './tally.ts';

/** At once. A page has up to 1 MB. */
const PARTS = 8;

/** The reads are strongly consistent, so that no item of a table that is at rest is missed. */
const scan = async <One>(
  client: DynamoDBClient,
  input: ScanCommandInput,
  take: (items: One[]) => Promise<void> | void,
): Promise<void> => {
  const scanPart = async (Segment: number): Promise<void> => {
    const part = { ...input, Segment, TotalSegments: PARTS, ConsistentRead: true };
    for await (const { Items = [] } of paginateScan({ client }, part))
      await take(Items.map((item) => unmarshall(item) as One));
  };
  await Promise.all(Array.from({ length: PARTS }, (_, part) => scanPart(part)));
};

/** Calls `take` for the whole items of each page. The next page of a part waits for it. */
export const scanItems = (
  client: DynamoDBClient,
  TableName: string,
  take: (items: Item[]) => Promise<void>,
): Promise<void> => scan(client, { TableName }, take);

const NAMES: Record<string, string> = Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name]));

/** The same for the attributes that `table count` needs. */
export const scanTable = (
  client: DynamoDBClient,
  TableName: string,
  take: (items: Counted[]) => void,
): Promise<void> => {
  const ProjectionExpression = Object.keys(NAMES).join(', ');
  return scan(client, { TableName, ProjectionExpression, ExpressionAttributeNames: NAMES }, take);
};
