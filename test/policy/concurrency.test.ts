/** What the packaged template takes from a stage's params: batches at once, reserved concurrency, warm throughput. */
import { createRequire } from 'node:module';
import { beforeAll, describe, expect, it } from 'vitest';
import { PAUSES_S } from '../../src/lib/callbacks/unmatched-status.ts';
import { idIn, type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const { concurrencyFor } = createRequire(import.meta.url)('../../infra/concurrency.cjs') as {
  concurrencyFor: (params: Record<string, number>) => Record<string, number>;
};
const DEFAULTS = { numbers: 1, slowestSend: 10, accountConcurrency: 1_000 };

const mapped = (packaged: Packaged) =>
  Object.fromEntries(
    ofType(packaged, 'AWS::Lambda::EventSourceMapping')
      .filter(([, { ScalingConfig }]) => ScalingConfig)
      .map(([, { EventSourceArn, ScalingConfig }]) => [
        idIn(EventSourceArn),
        (ScalingConfig as Json)['MaximumConcurrency'],
      ]),
  );
const reserved = (packaged: Packaged) =>
  Object.fromEntries(
    ofType(packaged, 'AWS::Lambda::Function')
      .map(([id, { ReservedConcurrentExecutions: own }]) => [id, own] as const)
      .filter(([, own]) => own !== undefined && !Object.hasOwn(own as object, 'Ref')),
  );

describe('the batches of a queue at once', () => {
  it('hold the pace of the numbers while each send takes as long as the param says', () => {
    for (const numbers of [1, 2, 3])
      for (const slowestSend of [0.8, 2.8, 10, 20]) {
        const found = concurrencyFor({ ...DEFAULTS, numbers, slowestSend });
        const most = (needed: number) => Math.min(250, needed);
        expect(found['campaigns']).toBeGreaterThanOrEqual(most((numbers * 72 * slowestSend) / 10));
        expect(found['deliveries']).toBeGreaterThanOrEqual(most((numbers * 80 * slowestSend) / 10));
        expect(found['callbacks']).toBeGreaterThanOrEqual(20);
      }
  });

  it('together fit into an account, however many numbers there are, and into a new one', () => {
    for (const accountConcurrency of [10, 100, 1_000, 10_000]) {
      const all = concurrencyFor({ numbers: 50, slowestSend: 20, accountConcurrency });
      const sum = Object.values(all).reduce((a, b) => a + b);
      expect(sum).toBeLessThan(accountConcurrency);
      expect(Math.min(...Object.values(all))).toBeGreaterThanOrEqual(2);
      expect(Math.max(...Object.values(all))).toBeLessThanOrEqual(1_000);
    }
  });
});

describe('the packaged template', () => {
  it('has an alarm of the callback queue that no lookup of a status raises: its delay counts as age', () => {
    const [[, { Threshold }] = ['', {}]] = ofType(plain, 'AWS::CloudWatch::Alarm').filter(
      ([id]) => id === 'CallbackQueueAgeAlarm',
    );
    expect(Threshold).toBeGreaterThan(Math.max(...PAUSES_S) + 30);
  });

  let plain: Packaged;
  let sized: Packaged;
  beforeAll(async () => {
    [plain, sized] = await Promise.all([
      packageFor('prod'),
      packageFor('dev', {
        ...{ numbers: '2', slowestSend: '5', accountConcurrency: '400' },
        ...{ webhookConcurrency: '50', callbackConcurrency: '60', sendConcurrency: '200' },
      }),
    ]);
  }, 120_000);

  it('has what infra/concurrency.cjs derives from the params', () => {
    expect(mapped(plain)).toEqual({
      ...{ DeliveryQueue: 80, CampaignQueue: 83, CallbackQueue: 24, PlanQueue: 5 },
    });
    expect(mapped(sized)).toEqual({
      ...{ DeliveryQueue: 80, CampaignQueue: 94, CallbackQueue: 48, PlanQueue: 5 },
    });
  });

  it('reserves concurrency only where a param says so', () => {
    expect(reserved(plain)).toEqual({});
    expect(reserved(sized)).toEqual({
      ...{ WebhookLambdaFunction: '50', CallbacksLambdaFunction: '60', SendFlowLambdaFunction: '200' },
    });
  });

  it('asks for no throughput beforehand unless a param says so', () => {
    const [[, { WarmThroughput, GlobalSecondaryIndexes }] = ['', {}]] = ofType(plain, 'AWS::DynamoDB::Table');
    const asked = [
      WarmThroughput,
      ...(GlobalSecondaryIndexes as Json[]).map((index) => index['WarmThroughput']),
    ];
    expect(asked).toEqual(Array(4).fill({ Ref: 'AWS::NoValue' }));
  });

  it('is not made if more numbers send than the webhook’s rate has callbacks for', async () => {
    const said = expect.stringContaining(
      '5 numbers bring 1200 callbacks a second: raise the params webhookRate',
    );
    await expect(packageFor('dev', { numbers: '5' })).rejects.toMatchObject({ stdout: said });
    await expect(packageFor('dev', { numbers: '5', webhookRate: '1200' })).resolves.toBeDefined();
  });

  it.each(['numbers', 'slowestSend', 'accountConcurrency'])(
    'is not made if %s is no number',
    async (name) => {
      const said = expect.stringContaining(`the param ${name} must be a number above 0`);
      await expect(packageFor('dev', { [name]: 'many' })).rejects.toMatchObject({ stdout: said });
    },
  );
});
