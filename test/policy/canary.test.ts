/** Deployments in steps (ADR 031): which alarms bring the last version back, and which do not. */
import { runInNewContext } from 'node:vm';
import { beforeAll, describe, expect, it } from 'vitest';
import { calledIn, functionNames, idIn, type Json, ofType, type Packaged, packageFor } from './packaged.ts';

const CANARY = 'LambdaCanary10Percent5Minutes';
const made = new Map<string, Packaged>();
const of = (name: string): Packaged => {
  const found = made.get(name);
  if (!found) throw new Error(`${name} was not packaged`);
  return found;
};

beforeAll(async () => {
  const [prod, canary, atOnce] = await Promise.all([
    packageFor('prod'),
    packageFor('dev', { canary: CANARY }),
    packageFor('dev', { canary: 'LambdaAllAtOnce' }),
  ]);
  for (const [name, one] of Object.entries({ prod, canary, atOnce })) made.set(name, one);
}, 120_000);

/** The properties of the resource with this logical id. */
const propertiesOf = (name: string, id: string): Json => {
  const found = of(name).template.Resources[id];
  if (!found) throw new Error(`${name} has no ${id}`);
  return found.Properties;
};

const aliasesOf = (packaged: Packaged) => ofType(packaged, 'AWS::Lambda::Alias');

type Group = {
  DeploymentConfigName: string;
  AlarmConfiguration: { Enabled: boolean; IgnorePollAlarmFailure: boolean; Alarms: { Name: unknown }[] };
  AutoRollbackConfiguration: { Enabled: boolean; Events: string[] };
};
const groupOf = (packaged: Packaged, alias: string): Group => {
  const { CodeDeployLambdaAliasUpdate: update } = (packaged.template.Resources[alias]?.UpdatePolicy ??
    {}) as {
    CodeDeployLambdaAliasUpdate?: { DeploymentGroupName: unknown };
  };
  return packaged.template.Resources[idIn(update?.DeploymentGroupName ?? {})]?.Properties as Group;
};

describe.each(['canary', 'prod'])('a deployment to %s', (name) => {
  it('moves each alias in the steps of the param, and goes back when it fails or an alarm rises', () => {
    for (const [id] of aliasesOf(of(name))) {
      const group = groupOf(of(name), id);
      expect(group.DeploymentConfigName).toBe(`CodeDeployDefault.${CANARY}`);
      expect(group.AutoRollbackConfiguration).toEqual({
        Enabled: true,
        Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
      });
      expect(group.AlarmConfiguration).toMatchObject({ Enabled: true, IgnorePollAlarmFailure: false });
      const alarms = group.AlarmConfiguration.Alarms.map(({ Name }) => idIn(Name));
      const own = id.replace(/LiveAlias$/, 'ReleaseAlarm');
      // CodeDeploy takes ten at most.
      expect(alarms).toEqual([own, 'CrashesReleaseAlarm', 'RecordsReleaseAlarm']);
      for (const alarm of alarms)
        expect(of(name).template.Resources[alarm]?.Type).toBe('AWS::CloudWatch::Alarm');
    }
  });

  it('judges each function by its new version, beside the old one under the same alias', () => {
    for (const [id, { FunctionName, FunctionVersion }] of aliasesOf(of(name))) {
      const alarm = propertiesOf(name, id.replace(/LiveAlias$/, 'ReleaseAlarm'));
      const { Metrics } = alarm as { Metrics: (Json & { Id: string })[] };
      const alias = [
        { Name: 'FunctionName', Value: FunctionName },
        { Name: 'Resource', Value: { 'Fn::Sub': `\${${idIn(FunctionName)}}:live` } },
      ];
      const executed = [...alias, { Name: 'ExecutedVersion', Value: FunctionVersion }];
      const watched = Metrics.flatMap(({ Id, MetricStat }) =>
        MetricStat ? [[Id, (MetricStat as { Metric: Json }).Metric] as const] : [],
      );
      expect(Object.fromEntries(watched)).toEqual({
        calls: { Namespace: 'AWS/Lambda', MetricName: 'Invocations', Dimensions: executed },
        errors: { Namespace: 'AWS/Lambda', MetricName: 'Errors', Dimensions: executed },
        allCalls: { Namespace: 'AWS/Lambda', MetricName: 'Invocations', Dimensions: alias },
        allErrors: { Namespace: 'AWS/Lambda', MetricName: 'Errors', Dimensions: alias },
      });
    }
  });

  it('is judged by no metric of the gateway, whose outage must not bring back an old release', () => {
    const judges = new Set(
      aliasesOf(of(name)).flatMap(([id]) =>
        groupOf(of(name), id).AlarmConfiguration.Alarms.map(({ Name }) => idIn(Name)),
      ),
    );
    const text = [...judges].map((id) => JSON.stringify(of(name).template.Resources[id])).join('\n');
    expect(judges.size).toBe(functionNames(of(name)).length + 2);
    expect(text).not.toMatch(/gateway\.|message\.unknown|"5xx"|campaign\./);
  });

  it('counts crashes in the access log, and failed records in the logs of all that queues feed', () => {
    const filters = ofType(of(name), 'AWS::Logs::MetricFilter').map(([, properties]) => properties);
    const patterns = new Map(filters.map((one) => [idIn(one['LogGroupName']), one['FilterPattern']]));
    // A 503 that the function wrote itself has "-" as its integration error: an outage of LipaChat or of DynamoDB.
    expect(patterns.get('HttpApiLogGroup')).toBe(
      '{ ($.status = "500") || (($.status = "5*") && ($.integrationError != "-")) }',
    );
    const fed = ofType(of(name), 'AWS::Lambda::EventSourceMapping')
      .filter(([, { EventSourceArn }]) => idIn(EventSourceArn).endsWith('Queue'))
      .map(([, { FunctionName }]) => calledIn(of(name), FunctionName).replace(/LambdaFunction$/, 'LogGroup'));
    expect([...patterns.keys()].toSorted()).toEqual(['HttpApiLogGroup', ...new Set(fed)].toSorted());
    const counted = filters.flatMap((one) => one['MetricTransformations'] as Json[]);
    const alarms = ['CrashesReleaseAlarm', 'RecordsReleaseAlarm'].map(
      (id) => of(name).template.Resources[id]?.Properties,
    );
    expect(new Set(counted.map((one) => `${one['MetricNamespace']} ${one['MetricName']}`))).toEqual(
      new Set(alarms.map((one) => `${one?.['Namespace']} ${one?.['MetricName']}`)),
    );
  });

  it('is made by a role that moves these aliases, reads alarms, and no more', () => {
    const { Policies } = propertiesOf(name, 'DeployRole') as {
      Policies: { PolicyDocument: { Statement: { Action: string[]; Resource: unknown }[] } }[];
    };
    const statements = Policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement);
    expect(statements.flatMap(({ Action }) => Action)).toEqual([
      ...['lambda:GetAlias', 'lambda:UpdateAlias'],
      ...['lambda:GetProvisionedConcurrencyConfig', 'cloudwatch:DescribeAlarms'],
    ]);
    const functions = functionNames(of(name)).map((one) => `${one}LambdaFunction`);
    expect(statements[0]?.Resource).toEqual(functions.map((id) => ({ 'Fn::GetAtt': [id, 'Arn'] })));
    expect(statements[1]?.Resource).toEqual(functions.map((id) => ({ 'Fn::Sub': `\${${id}.Arn}:live` })));
  });
});

/** The value of a metric expression of numbers, by CloudWatch's IF. */
const computed = (expression: string): number =>
  Number(runInNewContext(expression, { IF: (is: boolean, yes: number, no: number) => (is ? yes : no) }));

describe('the alarm of a new version', () => {
  type Minute = { calls: number; errors: number; allCalls: number; allErrors: number };
  const inMinute = (minute: Minute): boolean => {
    const { Metrics, Threshold } = propertiesOf('canary', 'SendFlowReleaseAlarm') as {
      Metrics: { Expression?: string }[];
      Threshold: number;
    };
    const numbers = (Metrics[0]?.Expression ?? '').replace(/\b[a-zA-Z]+\b(?!\()/g, (name) =>
      String(minute[name as keyof Minute]),
    );
    return computed(numbers) > Threshold;
  };

  it.each([
    ['rises when each call of the new version fails', true, [10, 10, 100, 10]],
    ['rises when half of them fail, beside an old one that fails now and then', true, [10, 5, 100, 7]],
    ['rises when all calls go to the new version', true, [50, 20, 50, 20]],
    ['stays when both fail alike, as in an outage', false, [10, 8, 100, 80]],
    ['stays when the old version fails more often: then the new one is the fix', false, [10, 2, 100, 80]],
    ['stays for one error, and for a small share of them', false, [3, 1, 40, 1]],
    ['stays for a small share of errors', false, [100, 5, 1000, 6]],
    ['stays when nothing fails', false, [10, 0, 100, 0]],
  ])('%s', (_, rises, [calls = 0, errors = 0, allCalls = 0, allErrors = 0]) => {
    expect(inMinute({ calls, errors, allCalls, allErrors })).toBe(rises);
  });
});

describe('a deployment at once', () => {
  it('move all at once, and without alarms, for a fix of what raised them', () => {
    for (const [id] of aliasesOf(of('atOnce'))) {
      const { DeploymentConfigName, AlarmConfiguration } = groupOf(of('atOnce'), id);
      expect([DeploymentConfigName, AlarmConfiguration.Enabled]).toEqual([
        'CodeDeployDefault.LambdaAllAtOnce',
        false,
      ]);
    }
  });
});
