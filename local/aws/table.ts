/** The table of infra/table.yml, as input of DynamoDB's CreateTable. */
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
        StreamSpecification: z.object({ StreamViewType: z.literal('NEW_AND_OLD_IMAGES') }),
        TimeToLiveSpecification: z.object({ AttributeName: z.string(), Enabled: z.boolean() }),
        PointInTimeRecoverySpecification: z.object({ PointInTimeRecoveryEnabled: z.boolean() }),
      }),
    }),
  }),
});

/** A table's stream, TTL and backups. */
export type TableSettings = {
  /** Absent: no stream. */
  streamViewType?: 'NEW_AND_OLD_IMAGES' | undefined;
  /** Absent: nothing expires. */
  ttlAttribute?: string | undefined;
  pointInTimeRecovery: boolean;
};

const properties = () => {
  const source = readFileSync(new URL('../../infra/table.yml', import.meta.url), 'utf8');
  return template.parse(parse(source)).Resources.Table.Properties;
};

/** The input to create the table `tableName`: keys, indexes, billing. Throws if the file has another form. */
export const readTable = (tableName: string): CreateTableCommandInput => {
  const { BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes } = properties();
  return { TableName: tableName, BillingMode, AttributeDefinitions, KeySchema, GlobalSecondaryIndexes };
};

/** The settings of the file's table that are not part of CreateTable here. */
export const readTableSettings = (): TableSettings => {
  const {
    StreamSpecification,
    TimeToLiveSpecification: ttl,
    PointInTimeRecoverySpecification,
  } = properties();
  return {
    streamViewType: StreamSpecification.StreamViewType,
    ttlAttribute: ttl.Enabled ? ttl.AttributeName : undefined,
    pointInTimeRecovery: PointInTimeRecoverySpecification.PointInTimeRecoveryEnabled,
  };
};
