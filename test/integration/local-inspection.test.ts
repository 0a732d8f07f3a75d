/** What an operator asks of AWS beside items and values: the stand-in tells it, and lets it be broken. */
import {
  DescribeContinuousBackupsCommand,
  DescribeTableCommand,
  DescribeTimeToLiveCommand,
  DynamoDBClient,
  UpdateContinuousBackupsCommand,
  UpdateTableCommand,
  UpdateTimeToLiveCommand,
} from '@aws-sdk/client-dynamodb';
import {
  DeleteEventBusCommand,
  DescribeEventBusCommand,
  EventBridgeClient,
} from '@aws-sdk/client-eventbridge';
import {
  DeleteParameterCommand,
  GetParameterCommand,
  PutParameterCommand,
  SSMClient,
} from '@aws-sdk/client-ssm';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Aws, startAws } from '../../local/aws/server.ts';

const TableName = 'local-inspection-test';

let aws: Aws;
let dynamo: DynamoDBClient;
let ssm: SSMClient;
let events: EventBridgeClient;

beforeAll(async () => {
  aws = await startAws({ port: 0, tableName: TableName, parameters: { '/key': 'first' } });
  const credentials = { accessKeyId: 'local', secretAccessKey: 'local' };
  const client = { endpoint: aws.url, region: 'eu-west-1', credentials, maxAttempts: 1 };
  dynamo = new DynamoDBClient(client);
  ssm = new SSMClient(client);
  events = new EventBridgeClient(client);
});
afterAll(() => aws.close());

describe('the table of the stand-in', () => {
  it('has the stream, the TTL and the backups of infra/table.yml', async () => {
    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
    expect(Table?.StreamSpecification).toEqual({ StreamEnabled: true, StreamViewType: 'NEW_AND_OLD_IMAGES' });
    expect(Table?.GlobalSecondaryIndexes).toHaveLength(3);
    const { TimeToLiveDescription: ttl } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(ttl).toEqual({ TimeToLiveStatus: 'ENABLED', AttributeName: 'expires' });
    const { ContinuousBackupsDescription: backups } = await dynamo.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('ENABLED');
  });

  it('tells when they were switched off', async () => {
    const TimeToLiveSpecification = { AttributeName: 'expires', Enabled: false };
    await dynamo.send(new UpdateTimeToLiveCommand({ TableName, TimeToLiveSpecification }));
    const PointInTimeRecoverySpecification = { PointInTimeRecoveryEnabled: false };
    await dynamo.send(new UpdateContinuousBackupsCommand({ TableName, PointInTimeRecoverySpecification }));
    await dynamo.send(new UpdateTableCommand({ TableName, StreamSpecification: { StreamEnabled: false } }));

    const { Table } = await dynamo.send(new DescribeTableCommand({ TableName }));
    expect(Table).toMatchObject({ TableName });
    expect(Table?.StreamSpecification).toBeUndefined();
    const { TimeToLiveDescription: ttl } = await dynamo.send(new DescribeTimeToLiveCommand({ TableName }));
    expect(ttl).toEqual({ TimeToLiveStatus: 'DISABLED' });
    const { ContinuousBackupsDescription: backups } = await dynamo.send(
      new DescribeContinuousBackupsCommand({ TableName }),
    );
    expect(backups?.PointInTimeRecoveryDescription?.PointInTimeRecoveryStatus).toBe('DISABLED');
  });

  it('is the only one of which they are told', async () => {
    const elsewhere = dynamo.send(new DescribeTimeToLiveCommand({ TableName: 'another-table' }));
    await expect(elsewhere).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});

describe('a parameter of the stand-in', () => {
  it('keeps the type of its first value', async () => {
    await ssm.send(new PutParameterCommand({ Name: '/plain', Value: 'text', Type: 'String' }));
    await ssm.send(new PutParameterCommand({ Name: '/plain', Value: 'other', Overwrite: true }));
    const { Parameter } = await ssm.send(new GetParameterCommand({ Name: '/plain' }));
    expect(Parameter).toMatchObject({ Type: 'String', Value: 'other', Version: 2 });
  });

  it('is gone once it was deleted', async () => {
    await ssm.send(new DeleteParameterCommand({ Name: '/key' }));
    const read = ssm.send(new GetParameterCommand({ Name: '/key' }));
    await expect(read).rejects.toMatchObject({ name: 'ParameterNotFound' });
    const again = ssm.send(new DeleteParameterCommand({ Name: '/key' }));
    await expect(again).rejects.toMatchObject({ name: 'ParameterNotFound' });
  });
});

describe('an event bus of the stand-in', () => {
  it('is there until it is deleted', async () => {
    expect((await events.send(new DescribeEventBusCommand({ Name: 'bus' }))).Name).toBe('bus');
    await events.send(new DeleteEventBusCommand({ Name: 'bus' }));
    const gone = events.send(new DescribeEventBusCommand({ Name: 'bus' }));
    await expect(gone).rejects.toMatchObject({ name: 'ResourceNotFoundException' });
  });
});
