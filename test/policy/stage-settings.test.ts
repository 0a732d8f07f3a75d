/** What a stage's params and the account decide: the limits of the account. */
import { beforeAll, describe, expect, it } from 'vitest';
import { type Json, ofType, type Packaged, packageFor } from './packaged.ts';

let dev: Packaged;
let own: Packaged;

beforeAll(async () => {
  [dev, own] = await Promise.all([
    packageFor('dev'),
    packageFor('dev', { accountConcurrency: '200' }),
  ]);
}, 120_000);

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
