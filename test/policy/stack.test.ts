/** The packaged template, judged: by cdk-nag, and by rules of our own. Each stage is packaged once, at the same time. */
import { beforeAll, describe, expect, it } from 'vitest';
import { ACKNOWLEDGED } from './acknowledged.ts';
import { findingsIn } from './findings.ts';
import * as rules from './own-rules.ts';
import { functionNames, idIn, type Json, ofType, type Packaged, packageFor, type Stage } from './packaged.ts';

const STAGES: Stage[] = ['dev', 'prod'];
const packaged = new Map<Stage, Packaged>();
let withParams: Packaged;

beforeAll(async () => {
  const [other, ...all] = await Promise.all([
    packageFor('dev', { tracing: 'true', packMessages: 'false' }),
    ...STAGES.map((stage) => packageFor(stage)),
  ]);
  withParams = other;
  for (const one of all) packaged.set(one.stage, one);
}, 120_000);

const of = (stage: Stage): Packaged => {
  const found = packaged.get(stage);
  if (!found) throw new Error(`${stage} was not packaged`);
  return found;
};

/** A finding as the acknowledgements name it. */
const plain = (rule: string, at: string, stage: Stage): string => {
  const name = at.replace(/Role$/, '');
  const ofRole = `lipaflow-${stage}-${name.charAt(0).toLowerCase()}${name.slice(1)}:`;
  const general = rule
    .replace(ofRole, 'lipaflow-<stage>-<function>:')
    .replace(`/lipaflow/${stage}/`, '/lipaflow/<stage>/');
  return `${general} at ${at}`;
};

describe.each(STAGES)('cdk-nag on %s', (stage) => {
  const acknowledged = ACKNOWLEDGED.filter((one) => one.stage === undefined || one.stage === stage).flatMap(
    // Prod has no page of the API.
    ({ rule, at }) =>
      at.filter((id) => stage !== 'prod' || !id.includes('Docs')).map((id) => `${rule} at ${id}`),
  );

  it('finds what is acknowledged with its reason, no more and no less', () => {
    const found = findingsIn(of(stage)).map(({ rule, at }) => plain(rule, at, stage));
    expect([...new Set(found)].toSorted()).toEqual(acknowledged.toSorted());
  });
});

describe.each(STAGES)('our own rules on %s', (stage) => {
  it.each([
    ['no role may do all of a service', rules.wildcardActions],
    ['no role reaches everything, but for what has no resource', rules.wildcardResources],
    ['a role names the indexes that its function queries', rules.wildcardIndexes],
    ['each function has a role of its own', rules.sharedRoles],
    ['no function is traced', rules.traced],
    ['no role may write traces', rules.tracers],
    ['each log group is there and has an end', rules.endlessLogs],
    [
      'each queue takes TLS only, is encrypted, keeps for 14 days and has a place for what fails',
      rules.looseQueues,
    ],
    ['each event source takes back single records', rules.wholeBatches],
    ['no function sets heap limits that Lambda overrides', rules.deadHeapLimits],
    ['no chain through a queue is taken for a runaway loop', rules.cutLoops],
    ['each schedule is repeated, and kept where it fails', rules.lostTicks],
  ])('%s', (_, broken) => {
    expect(broken(of(stage))).toEqual([]);
  });

  it("Lambda's own lines are those of failures, and none of our metrics is dropped", () => {
    const functions = ofType(of(stage), 'AWS::Lambda::Function');
    for (const [, { LoggingConfig }] of functions)
      expect(LoggingConfig).toEqual({
        LogFormat: 'JSON',
        SystemLogLevel: 'WARN',
        ApplicationLogLevel: 'INFO',
      });
  });

  it('events gather for a second at most, and nothing else waits for a batch', () => {
    const windows = ofType(of(stage), 'AWS::Lambda::EventSourceMapping').map(([id, properties]) => [
      id,
      properties['MaximumBatchingWindowInSeconds'] ?? 0,
    ]);
    expect(windows.filter(([, seconds]) => seconds !== 0)).toEqual([
      ['PublisherEventSourceMappingDynamodbTable', 1],
    ]);
    expect(windows).toHaveLength(5);
  });

  it('the access log says what was asked for by its route, and nothing that the caller wrote', () => {
    const [[, { AccessLogSettings }] = ['', {}]] = ofType(of(stage), 'AWS::ApiGatewayV2::Stage');
    const { Format } = AccessLogSettings as { Format: string };
    const fields = [...Format.matchAll(/\$context\.([\w.]+)/g)].map(([, field]) => field);
    expect(fields.toSorted()).toEqual(
      [
        ...['authorizer.error', 'integrationErrorMessage'],
        ...['integrationStatus', 'requestId', 'responseLatency', 'routeKey', 'status'],
      ].toSorted(),
    );
    expect(Object.keys(JSON.parse(Format) as Json)).toHaveLength(fields.length);
  });

  it('the API has a limit of its own', () => {
    const [[, { DefaultRouteSettings }] = ['', {}]] = ofType(of(stage), 'AWS::ApiGatewayV2::Stage');
    const { ThrottlingRateLimit: rate, ThrottlingBurstLimit: burst } = DefaultRouteSettings as Record<
      string,
      number
    >;
    expect([rate, burst]).toEqual([1000, 2000]);
  });

  it('the outputs say where things are, and no secret', () => {
    const { Outputs } = of(stage).template;
    for (const name of [
      'ApiUrl',
      'WebhookUrl',
      'TableName',
      'EventBusName',
      'AlarmTopicArn',
      'DashboardName',
    ]) {
      expect(Outputs).toHaveProperty(name);
    }
    const queues = ofType(of(stage), 'AWS::SQS::Queue').map(([id]) => `${id}Url`);
    expect(Object.keys(Outputs)).toEqual(expect.arrayContaining(queues));
    expect(JSON.stringify(Outputs['WebhookUrl'])).toMatch(/\/v1\/webhooks\/lipachat"/);
    expect(JSON.stringify(Outputs)).not.toMatch(/resolve:|api-key|webhook\/secret|\{secret\}/);
  });
});

describe('the params', () => {
  it('turn X-Ray on: each function is traced, and its role may write traces, and nothing more', () => {
    const functions = functionNames(withParams);
    expect(rules.traced(withParams).toSorted()).toEqual(
      functions.map((name) => `${name}LambdaFunction`).toSorted(),
    );
    expect(rules.tracers(withParams).toSorted()).toEqual(functions.map((name) => `${name}Role`).toSorted());
    expect(rules.wildcardResources(withParams)).toEqual([]);
    // Lambda refuses a traced function while its role may not write traces.
    const { Resources } = withParams.template;
    for (const name of functions)
      expect(Resources[`${name}LambdaFunction`]?.DependsOn).toContain('TracePolicy');
    const known = findingsIn(of('dev')).map(({ rule, at }) => `${rule} at ${at}`);
    const more = findingsIn(withParams).map(({ rule, at }) => `${rule} at ${at}`);
    expect(more.filter((one) => !known.includes(one))).toEqual([
      'AwsSolutions-IAM5[Resource::*] at TracePolicy',
    ]);
  });

  it.each(STAGES)('have %s store messages packed, unless the deployment over 0.1 says otherwise', (stage) => {
    const settings = (one: Packaged) =>
      ofType(one, 'AWS::Lambda::Function').map(
        ([, { Environment }]) => (Environment as { Variables: Json }).Variables['PACK_MESSAGES'],
      );
    expect(new Set(settings(of(stage)))).toEqual(new Set(['true']));
    expect(new Set(settings(withParams))).toEqual(new Set(['false']));
  });
});

describe.each(STAGES)('the alarms of %s', (stage) => {
  const alarms = () => ofType(of(stage), 'AWS::CloudWatch::Alarm');
  const watched = (metric: string) =>
    alarms()
      .filter(([, { MetricName }]) => MetricName === metric)
      .map(([, { Dimensions }]) => idIn((Dimensions as { Value: unknown }[])[0]?.Value));

  it.each(['Errors', 'Throttles'])('watch the %s of each function', (metric) => {
    const functions = functionNames(of(stage)).map((name) => `${name}LambdaFunction`);
    expect(watched(metric).toSorted()).toEqual(functions.toSorted());
  });

  it('watch each queue: what was given up, or how old the oldest is', () => {
    const queues = ofType(of(stage), 'AWS::SQS::Queue').map(([id]) => id);
    expect(watched('ApproximateNumberOfMessagesVisible').toSorted()).toEqual(
      queues.filter(rules.isLast).toSorted(),
    );
    expect(watched('ApproximateAgeOfOldestMessage').toSorted()).toEqual(
      queues.filter((id) => !rules.isLast(id)).toSorted(),
    );
  });

  it('go to the topic, when they rise and when they end, and name the runbook', () => {
    for (const [, { AlarmActions, OKActions, AlarmDescription }] of alarms()) {
      expect([AlarmActions, OKActions]).toEqual([[{ Ref: 'AlarmTopic' }], [{ Ref: 'AlarmTopic' }]]);
      expect(AlarmDescription).toContain('docs/runbook.md');
    }
  });
});

describe('the table', () => {
  const table = (stage: Stage) => of(stage).template.Resources['Table'];

  it('of prod outlives its stack, can be restored, and has a key of its own', () => {
    expect(table('prod')).toMatchObject({
      DeletionPolicy: 'Retain',
      UpdateReplacePolicy: 'Retain',
      Properties: {
        DeletionProtectionEnabled: true,
        PointInTimeRecoverySpecification: { PointInTimeRecoveryEnabled: true },
        SSESpecification: {
          SSEEnabled: true,
          SSEType: 'KMS',
          KMSMasterKeyId: { 'Fn::GetAtt': ['TableKey', 'Arn'] },
        },
      },
    });
  });

  it('of another stage goes with its stack', () => {
    expect(table('dev')).toMatchObject({
      DeletionPolicy: 'Delete',
      UpdateReplacePolicy: 'Delete',
      Properties: { DeletionProtectionEnabled: false, SSESpecification: { SSEEnabled: false } },
    });
  });
});
