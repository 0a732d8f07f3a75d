/** A table's stream, TTL and backup settings, which the engine doesn't support: describing and changing them. */

import type { TableSettings } from './table.ts';
import type { AwsAnswer, AwsCall } from './wire.ts';

type Call = (call: AwsCall) => Promise<AwsAnswer>;

/** The fields of the inputs that we read. */
type Input = {
  TableName?: string;
  TimeToLiveSpecification?: { AttributeName: string; Enabled: boolean };
  PointInTimeRecoverySpecification?: { PointInTimeRecoveryEnabled: boolean };
  StreamSpecification?: { StreamEnabled: boolean };
};
type Table = Record<string, unknown> & { TableArn?: string };

const reply = (body: object): AwsAnswer => ({
  status: 200,
  headers: { 'content-type': 'application/x-amz-json-1.0' },
  body: JSON.stringify(body),
});

const onOff = (on: boolean): 'ENABLED' | 'DISABLED' => (on ? 'ENABLED' : 'DISABLED');

/**
 * Passes calls on and adds these settings to the responses of DescribeTable and the other Describe operations.
 * UpdateTimeToLive, UpdateContinuousBackups and an UpdateTable of the stream change only what they report.
 */
export const withTableSettings = (call: Call, given: TableSettings): Call => {
  let settings = given;

  const withStream = (answer: AwsAnswer): AwsAnswer => {
    const { streamViewType: view } = settings;
    if (answer.status !== 200 || !view) return answer;
    const { Table: table } = JSON.parse(answer.body) as { Table: Table };
    const StreamSpecification = { StreamEnabled: true, StreamViewType: view };
    return reply({
      Table: { ...table, StreamSpecification, LatestStreamArn: `${table.TableArn}/stream/local` },
    });
  };

  const timeToLive = () => ({
    TimeToLiveStatus: onOff(settings.ttlAttribute !== undefined),
    ...(settings.ttlAttribute ? { AttributeName: settings.ttlAttribute } : {}),
  });

  const backups = () => ({
    ContinuousBackupsStatus: 'ENABLED',
    PointInTimeRecoveryDescription: { PointInTimeRecoveryStatus: onOff(settings.pointInTimeRecovery) },
  });

  const change = (changes: Partial<TableSettings>): void => {
    settings = { ...settings, ...changes };
  };

  const own = new Map<string, (input: Input) => AwsAnswer>([
    ['DescribeTimeToLive', () => reply({ TimeToLiveDescription: timeToLive() })],
    [
      'UpdateTimeToLive',
      ({ TimeToLiveSpecification: ttl }) => {
        change({ ttlAttribute: ttl?.Enabled ? ttl.AttributeName : undefined });
        return reply({ TimeToLiveSpecification: ttl });
      },
    ],
    ['DescribeContinuousBackups', () => reply({ ContinuousBackupsDescription: backups() })],
    [
      'UpdateContinuousBackups',
      ({ PointInTimeRecoverySpecification: recovery }) => {
        change({ pointInTimeRecovery: recovery?.PointInTimeRecoveryEnabled ?? false });
        return reply({ ContinuousBackupsDescription: backups() });
      },
    ],
  ]);

  const describe = (request: AwsCall, tableName: string | undefined): Promise<AwsAnswer> =>
    call({
      headers: { ...request.headers, 'x-amz-target': 'DynamoDB_20120810.DescribeTable' },
      body: Buffer.from(JSON.stringify({ TableName: tableName })),
    });

  return async (request) => {
    const operation = String(request.headers['x-amz-target']).split('.')[1] ?? '';
    if (operation === 'DescribeTable') return withStream(await call(request));
    const answer = own.get(operation);
    if (!answer && operation !== 'UpdateTable') return call(request);
    const input = JSON.parse(request.body.toString()) as Input;
    if (answer) {
      const table = await describe(request, input.TableName);
      return table.status === 200 ? answer(input) : table;
    }
    if (!input.StreamSpecification) return call(request);
    change({ streamViewType: input.StreamSpecification.StreamEnabled ? 'NEW_AND_OLD_IMAGES' : undefined });
    return withStream(await describe(request, input.TableName));
  };
};
