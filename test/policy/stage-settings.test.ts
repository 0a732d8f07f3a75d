/** What a stage's params and the account decide: names, limits, the domain, and the age of what waits. */
import { beforeAll, describe, expect, it } from 'vitest';
import { readStack } from '../../local/stack.ts';
import { ownKeyParameter } from '../../src/lib/lipachat/api-keys.ts';
import { readConfig } from '../../src/lib/platform/config.ts';
import { idIn, type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const CERTIFICATE = 'arn:aws:acm:eu-west-1:123456789012:certificate/6f1c2a44-9d0e-4b7c-8a55-3b1f0c9d7e21';
let dev: Packaged;
let own: Packaged;

beforeAll(async () => {
  [dev, own] = await Promise.all([
    packageFor('dev'),
    packageFor('dev', {
      accountConcurrency: '200',
      ownKeys: '254110090747,+254 110 090 748',
      domainName: 'flows.example.com',
      certificateArn: CERTIFICATE,
    }),
  ]);
}, 120_000);

describe('names', () => {
  it('tell the dashboards of two regions apart, which are global in an account', () => {
    expect(ofType(dev, 'AWS::CloudWatch::Dashboard').map(([, { DashboardName }]) => DashboardName)).toEqual([
      // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation resolves it.
      { 'Fn::Sub': 'lipaflow-dev-${AWS::Region}' },
    ]);
  });

  it('put the access log where API Gateway needs no resource policy of its own', () => {
    const [group] = ofType(dev, 'AWS::Logs::LogGroup').filter(([id]) => id === 'HttpApiLogGroup');
    expect(group?.[1]).toEqual({
      LogGroupName: '/aws/vendedlogs/http-api/lipaflow-dev',
      RetentionInDays: 30,
    });
  });
});

describe('asynchronous invocations', () => {
  const ages = (packaged: Packaged) =>
    Object.fromEntries(
      ofType(packaged, 'AWS::Lambda::EventInvokeConfig').map(([, properties]) => [
        idIn(properties['FunctionName']),
        properties['MaximumEventAgeInSeconds'],
      ]),
    );

  it('of a tick are dropped when the next tick is due, and those with work are tried for six hours', () => {
    const ticks = readStack().schedules.map(({ functionName, everyMs }) => [
      `${functionName.charAt(0).toUpperCase()}${functionName.slice(1)}LambdaFunction`,
      everyMs / 1000,
    ]);
    const work = ['SendFlowLambdaFunction', 'CampaignsLambdaFunction'].map((id) => [id, 6 * 3600]);
    expect(ages(dev)).toEqual(Object.fromEntries([...ticks, ...work]));
  });
});

describe('the numbers with a LipaChat account of their own', () => {
  const listOf = (packaged: Packaged, name: string) => {
    const { Environment } = packaged.template.Resources[`${name}LambdaFunction`]?.Properties ?? {};
    const { NUMBERS_WITH_OWN_KEY } = (Environment as { Variables: Record<string, string> }).Variables;
    return readConfig({ TABLE_NAME: 'table', NUMBERS_WITH_OWN_KEY }).NUMBERS_WITH_OWN_KEY;
  };

  it.each(['SendFlow', 'Worker', 'Sweeper'])('come from the param `ownKeys`, to the function %s', (name) => {
    expect(listOf(dev, name)).toEqual([]);
    expect(listOf(own, name)).toEqual(['254110090747', '254110090748']);
  });

  it('have their keys where the senders alone may read them', () => {
    const readers = ofType(dev, 'AWS::IAM::Role').filter(([, role]) =>
      JSON.stringify(role).includes('/lipachat/numbers/*'),
    );
    expect(readers.map(([id]) => id).toSorted()).toEqual(['SendFlowRole', 'SweeperRole', 'WorkerRole']);
    const pattern = ownKeyParameter('dev', '254110090747').replace('254110090747/api-key', '*');
    for (const [, role] of readers) expect(JSON.stringify(role)).toContain(`:parameter${pattern}"`);
  });
});

describe('the alarms of capacity', () => {
  const indexes = () => {
    const [[, table = {}] = []] = ofType(dev, 'AWS::DynamoDB::Table');
    return (table['GlobalSecondaryIndexes'] as { IndexName: string }[]).map(({ IndexName }) => IndexName);
  };

  it('watch reads and writes of the table and of each index, and only these', () => {
    const watched = ofType(dev, 'AWS::CloudWatch::Alarm').flatMap(([, { Metrics }]) =>
      ((Metrics ?? []) as { MetricStat?: { Metric: { MetricName: string; Dimensions: Json[] } } }[]).flatMap(
        ({ MetricStat }) =>
          MetricStat?.Metric.MetricName.endsWith('ThrottleEvents') ? [MetricStat.Metric] : [],
      ),
    );
    const table = { Name: 'TableName', Value: { Ref: 'Table' } };
    const ofIndex = (Value: string) => [table, { Name: 'GlobalSecondaryIndexName', Value }];
    const wanted = [[table], ...indexes().map(ofIndex)].flatMap((Dimensions) =>
      ['WriteThrottleEvents', 'ReadThrottleEvents'].map((MetricName) => ({
        Namespace: 'AWS/DynamoDB',
        MetricName,
        Dimensions,
      })),
    );
    expect(watched).toEqual(wanted);
    expect(wanted).toHaveLength(8);
  });

  it.each([
    ['by default', () => dev, 800],
    ['with the quota as a param', () => own, 160],
  ])('rise at four fifths of the account’s concurrency, %s', (_, packaged, threshold) => {
    const { Properties } = packaged().template.Resources['ConcurrencyAlarm'] ?? {};
    expect(Properties).toMatchObject({
      Namespace: 'AWS/Lambda',
      MetricName: 'ConcurrentExecutions',
      Statistic: 'Maximum',
      Threshold: threshold,
    });
    expect(Properties).not.toHaveProperty('Dimensions');
  });
});

describe('a domain of your own', () => {
  it('leads to the API, and its target is an output', () => {
    const { Resources, Outputs } = own.template;
    expect(Resources['Domain']?.Properties).toEqual({
      DomainName: 'flows.example.com',
      DomainNameConfigurations: [
        { CertificateArn: CERTIFICATE, EndpointType: 'REGIONAL', SecurityPolicy: 'TLS_1_2' },
      ],
    });
    expect(Resources['DomainMapping']?.Properties).toEqual({
      ApiId: { Ref: 'HttpApi' },
      DomainName: { Ref: 'Domain' },
      Stage: { Ref: 'HttpApiStage' },
    });
    expect(Outputs).toMatchObject({
      DomainUrl: { Value: 'https://flows.example.com' },
      DomainTarget: { Value: { 'Fn::GetAtt': ['Domain', 'RegionalDomainName'] } },
      DomainZoneId: { Value: { 'Fn::GetAtt': ['Domain', 'RegionalHostedZoneId'] } },
    });
  });

  it('is none without the param, and needs a certificate with it', async () => {
    expect(Object.keys(dev.template.Outputs).filter((name) => name.startsWith('Domain'))).toEqual([]);
    const stdout = expect.stringContaining('the param domainName needs the param certificateArn');
    await expect(packageFor('dev', { domainName: 'flows.example.com' })).rejects.toMatchObject({ stdout });
  });
});
