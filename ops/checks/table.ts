/** Compares the table with infra/table.yml and the stage's params. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  type DynamoDBClient,
  ListTagsOfResourceCommand,
  type TableDescription,
} from '@aws-sdk/client-dynamodb';
import { readTable, readTableSettings } from '../../local/aws/table.ts';
import { isNamed } from '../explain.ts';
import type { Place } from '../place.ts';
import { type Finding, judge } from './finding.ts';

const DEPLOY = 'deploy the stack again';

/**
 * The command that sets what is missing. A deployment would not: CloudFormation has no adopted table, and sees no change
 * where only its own table has changed.
 */
type Mend = (verb: string, ...args: string[]) => string;

const mendOf =
  ({ tableName, connection }: Place): Mend =>
  (verb, ...args) =>
    `run \`aws dynamodb ${[verb, '--table-name', tableName, ...args, '--region', connection.region].join(' ')}\``;

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

/** A command for one index of an adopted table. CloudFormation makes those of the stack's own. */
const indexCommand = (change: 'Create' | 'Delete', wanted: Index, mend: Mend): string => {
  const index = change === 'Create' ? wanted : { IndexName: wanted.IndexName };
  const keys = wanted.KeySchema?.map(({ AttributeName }) => AttributeName);
  const defined = readTable('').AttributeDefinitions?.filter(({ AttributeName }) =>
    keys?.includes(AttributeName),
  );
  const attributes = ['--attribute-definitions', `'${JSON.stringify(defined)}'`];
  const updates = ['--global-secondary-index-updates', `'${JSON.stringify([{ [change]: index }])}'`];
  return mend('update-table', ...(change === 'Create' ? attributes : []), ...updates);
};

const indexFinding = (table: TableDescription, wanted: Index, mend: Mend | undefined): Finding[] => {
  const is = judge('table indexes');
  const found = table.GlobalSecondaryIndexes?.find(({ IndexName }) => IndexName === wanted.IndexName);
  const todo = (change: 'Create' | 'Delete') => (mend ? indexCommand(change, wanted, mend) : DEPLOY);
  if (!found) return [is.fault(`the index ${wanted.IndexName} is missing`, todo('Create'))];
  if (keysOf(found) !== keysOf(wanted))
    return [is.fault(`the index ${wanted.IndexName} has other keys`, todo('Delete'))];
  if ((found.IndexStatus ?? 'ACTIVE') === 'ACTIVE') return [];
  return [is.warning(`the index ${wanted.IndexName} is ${found.IndexStatus}`, 'wait until it is ACTIVE')];
};

const indexFindings = (table: TableDescription, mend: Mend | undefined): Finding[] => {
  const wanted = readTable('').GlobalSecondaryIndexes ?? [];
  const findings = wanted.flatMap((index) => indexFinding(table, index, mend));
  return findings.length > 0 ? findings : [judge('table indexes').ok(`all ${wanted.length} as defined`)];
};

const ttlFinding = async (client: DynamoDBClient, TableName: string, mend: Mend): Promise<Finding> => {
  const is = judge('table TTL');
  const { ttlAttribute: wanted } = readTableSettings();
  const { TimeToLiveDescription: ttl } = await client.send(new DescribeTimeToLiveCommand({ TableName }));
  const on = ttl?.TimeToLiveStatus === 'ENABLED' || ttl?.TimeToLiveStatus === 'ENABLING';
  if (on && ttl?.AttributeName === wanted) return is.ok(`by ${wanted}`);
  return is.fault(
    'it is off, or on another attribute: nothing is ever deleted',
    mend('update-time-to-live', '--time-to-live-specification', `AttributeName=${wanted},Enabled=true`),
  );
};

const backupFinding = async (client: DynamoDBClient, TableName: string, mend: Mend): Promise<Finding> => {
  const is = judge('table backups');
  const command = new DescribeContinuousBackupsCommand({ TableName });
  const { ContinuousBackupsDescription: backups } = await client.send(command);
  const isOn = backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus === 'ENABLED';
  if (isOn) return is.ok('point-in-time recovery is on');
  const on = ['--point-in-time-recovery-specification', 'PointInTimeRecoveryEnabled=true'];
  return is.fault('point-in-time recovery is off', mend('update-continuous-backups', ...on));
};

const streamFinding = (description: TableDescription, { table }: Place, mend: Mend): Finding => {
  const is = judge('table stream');
  const { StreamSpecification: stream, LatestStreamArn: latest = '' } = description;
  const { streamViewType: wanted } = readTableSettings();
  if (!stream?.StreamEnabled || stream.StreamViewType !== wanted) {
    const on = ['--stream-specification', `StreamEnabled=true,StreamViewType=${wanted}`];
    return is.fault('it is off, or has no images: no events go out', mend('update-table', ...on));
  }
  // Switched off and on again, a table has a new stream.
  if (table?.adoptedStream !== undefined && table.adoptedStream !== latest) {
    const todo = `put "existingTableStream: ${latest}" under the stage's params in serverless.yml, and deploy`;
    return is.fault('the stack reads an earlier stream: no events go out', todo);
  }
  return is.ok('with old and new images');
};

const protectionFinding = (description: TableDescription, { table }: Place, mend: Mend): Finding[] => {
  const is = judge('table protection');
  if (!table?.isProtected) return [];
  if (description.DeletionProtectionEnabled) return [is.ok('it cannot be deleted')];
  return [is.fault('it can be deleted', mend('update-table', '--deletion-protection-enabled'))];
};

const keyFinding = ({ SSEDescription: sse }: TableDescription, { table }: Place, mend: Mend): Finding[] => {
  const is = judge('table key');
  const key = sse?.KMSMasterKeyArn;
  if (sse?.InaccessibleEncryptionDateTime) {
    const todo = `run \`aws kms enable-key --key-id ${key}\`, after \`aws kms cancel-key-deletion --key-id ${key}\` if its deletion is scheduled: after 7 days without it, DynamoDB archives the table`;
    return [is.fault(`DynamoDB cannot use ${key}: the table is unreadable`, todo)];
  }
  if (!table?.hasOwnKey) return [];
  if (key) return [is.ok(key)];
  const own = ['--sse-specification', 'Enabled=true,SSEType=KMS,KMSMasterKeyId=<key id>'];
  return [is.warning("it is encrypted by DynamoDB's own key, not by yours", mend('update-table', ...own))];
};

/** CloudFormation tags its own table. */
const tagFinding = async (
  client: DynamoDBClient,
  { TableArn: ResourceArn }: TableDescription,
  { table, connection }: Place,
): Promise<Finding[]> => {
  if (table?.adoptedStream === undefined) return [];
  const is = judge('table tags');
  const { Tags = [] } = await client.send(new ListTagsOfResourceCommand({ ResourceArn }));
  const missing = Object.entries(table.tags).filter(
    ([name, value]) => !Tags.some(({ Key, Value }) => Key === name && Value === value),
  );
  if (missing.length === 0) return [is.ok('service and stage')];
  const tags = missing.map(([name, value]) => `Key=${name},Value=${value}`).join(' ');
  const todo = `run \`aws dynamodb tag-resource --resource-arn ${ResourceArn} --tags ${tags} --region ${connection.region}\``;
  return [is.warning(`missing: ${missing.map(([name]) => name).join(', ')}`, todo)];
};

export const checkTable = async (client: DynamoDBClient, place: Place): Promise<Finding[]> => {
  const { tableName } = place;
  const is = judge('table');
  const mend = mendOf(place);
  const table = tableName ? await describe(client, tableName) : undefined;
  if (!table) return [is.fault(`there is no table ${tableName}`, DEPLOY)];
  const isActive = table.TableStatus === 'ACTIVE' || table.TableStatus === 'UPDATING';
  const itself = isActive
    ? is.ok(tableName)
    : is.fault(`${tableName} is ${table.TableStatus}`, 'wait, then run doctor again');
  const [ttl, backups, tags] = await Promise.all([
    ttlFinding(client, tableName, mend),
    backupFinding(client, tableName, mend),
    tagFinding(client, table, place),
  ]);
  const key = keyFinding(table, place, mend);
  const protection = protectionFinding(table, place, mend);
  return [
    itself,
    ...indexFindings(table, place.table?.adoptedStream === undefined ? undefined : mend),
    streamFinding(table, place, mend),
    ttl,
    backups,
    ...key,
    ...protection,
    ...tags,
  ];
};
