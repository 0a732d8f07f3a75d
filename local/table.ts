/** The table as infra/table.yml defines it, in the words of DynamoDB's CreateTable. */
import { readFileSync } from 'node:fs';
import type { CreateTableCommandInput } from '@aws-sdk/client-dynamodb';
import { parse } from 'yaml';
import * as z from 'zod';

const keySchema = z.array(z.object({ AttributeName: z.string(), KeyType: z.enum(['HASH', 'RANGE']) }));

const template = z.object({
  Resources: z.object({
    Table: z.object({
      Properties: z.object({
        BillingMode: z.literal('PAY_PER_REQUEST'),
        AttributeDefinitions: z.array(
          z.object({ AttributeName: z.string(), AttributeType: z.enum(['S', 'N', 'B']) }),
        ),
        KeySchema: keySchema,
        GlobalSecondaryIndexes: z.array(
          z.object({
            IndexName: z.string(),
            KeySchema: keySchema,
            Projection: z.object({ ProjectionType: z.enum(['ALL', 'KEYS_ONLY', 'INCLUDE']) }),
          }),
        ),
      }),
    }),
  }),
});

/** What creates the table under `tableName`: keys, indexes, on demand. Throws when the file has another form. */
export const readTable = (tableName: string): CreateTableCommandInput => {
  const source = readFileSync(new URL('../infra/table.yml', import.meta.url), 'utf8');
  return { TableName: tableName, ...template.parse(parse(source)).Resources.Table.Properties };
};
