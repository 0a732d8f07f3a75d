/** Reads a whole table, in parts at the same time. */
import { type DynamoDBClient, paginateScan } from '@aws-sdk/client-dynamodb';
import { unmarshall } from '@aws-sdk/util-dynamodb';
import { ATTRIBUTES, type Counted } from './tally.ts';

/** At once. A page has up to 1 MB. */
const PARTS = 8;

type Names = Record<string, string>;
const NAMES: Names = Object.fromEntries(ATTRIBUTES.map((name) => [`#${name}`, name]));

/**
 * Calls `take` for the items of each page. The reads are strongly consistent, so that no item of a table that is at rest is
 * missed.
 */
export const scanTable = async (
  client: DynamoDBClient,
  TableName: string,
  take: (items: Counted[]) => void,
): Promise<void> => {
  const scanPart = async (Segment: number): Promise<void> => {
    const pages = paginateScan(
      { client },
      {
        TableName,
        Segment,
        TotalSegments: PARTS,
        ConsistentRead: true,
        ProjectionExpression: Object.keys(NAMES).join(', '),
        ExpressionAttributeNames: NAMES,
      },
    );
    for await (const { Items = [] } of pages) take(Items.map((item) => unmarshall(item) as Counted));
  };
  await Promise.all(Array.from({ length: PARTS }, (_, part) => scanPart(part)));
};
