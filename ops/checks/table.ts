/** Compares the table with infra/table.yml. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { readTable, readTableSettings } from '../../local/aws/table.ts';
import { isNamed } from '../explain.ts';
import { type Finding, judge } from './finding.ts';

const DEPLOY = 'deploy the stack again';

const describe = async (client: DynamoDBClient, TableName: string): Promise<TableDescription | undefined> => {
  try {
    return (await client.send(new DescribeTableCommand({ TableName }))).Table;
  } catch (error) {
    if (isNamed(error, 'ResourceNotFoundException')) return undefined;
    throw error;
  }
};

type Index = {
  IndexName?: string | undefined;
  KeySchema?: { AttributeName?: string | undefined }[] | undefined;
};
const keysOf = ({ KeySchema = [] }: Index): string =>
  KeySchema.map(({ AttributeName }) => AttributeName).join(',');

const indexFinding = (table: TableDescription, wanted: Index): Finding[] => {
  const is = judge('table indexes');
  const found = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === wanted.IndexName);
  if (!found) return [is.fault(`the index ${wanted.IndexName} is missing`, DEPLOY)];
  if (keysOf(found) !== keysOf(wanted))
    return [is.fault(`the index ${wanted.IndexName} has other keys`, DEPLOY)];
  if ((found.IndexStatus ?? 'ACTIVE') === 'ACTIVE') return [];
  return [is.warning(`the index ${wanted.IndexName} is ${found.IndexStatus}`, 'wait until it is ACTIVE')];
};

const indexFindings = (table: TableDescription): Finding[] => {
  const wanted = readTable('').GlobalSecondaryIndexes ?? [];
  const findings = wanted.flatMap((index) => indexFinding(table, index));
  return findings.length > 0 ? findings : [judge('table indexes').ok(`all ${wanted.length} as defined`)];
};

const ttlFinding = async (client: DynamoDBClient, TableName: string): Promise<Finding> => {
  const is = judge('table TTL');
  const { ttlAttribute: wanted } = readTableSettings();
  const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  const on = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
  if (on && ttl?.AttributeName === wanted) return is.ok(`by ${wanted}`);
  return is.fault('it is off, or on another attribute: nothing is ever deleted', DEPLOY);
};

const backupFinding = async (client: DynamoDBClient, TableName: string): Promise<Finding> => {
  const is = judge('table backups');
  const command = new DescribeContinuousBackupsCommand({ TableName });
  const { ContinuousBackupsDescription: backups } = await client.send(command);
  const isOn = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
  return isOn ? is.ok('point-in-time recovery is on') : is.fault('point-in-time recovery is off', DEPLOY);
};

const streamFinding = ({ StreamSpecification: stream }: TableDescription): Finding => {
  const is = judge('table stream');
  const isOn = stream?.StreamEnabled && stream.StreamViewType === readTableSettings().streamViewType;
  return isOn
    ? is.ok('with old and new images')
    : is.fault('it is off, or has no images: no events go out', DEPLOY);
};

export const checkTable = async (client: DynamoDBClient, tableName: string): Promise<Finding[]> => {
  const is = judge('table');
  const table = tableName ? await describe(client, tableName) : undefined;
  if (!table) return [is.fault(`there is no table ${tableName}`, DEPLOY)];
  const isActive = table.TableStatus === 'ACTIVE' || table.TableStatus === 'UPDATING';
  const itself = isActive
    ? is.ok(tableName)
    : is.fault(`${tableName} is ${table.TableStatus}`, 'wait, then run doctor again');
  const [ttl, backups] = await Promise.all([ttlFinding(client, tableName), backupFinding(client, tableName)]);
  return [itself, ...indexFindings(table), streamFinding(table), ttl, backups];
};
