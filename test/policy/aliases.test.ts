/** Aliases (ADR 031): every caller of the stack reaches a function by its alias, where the params ask for aliases. */
import { beforeAll, describe, expect, it } from 'vitest';
import { functionNames, idIn, ofType, type Packaged, packageFor } from './packaged.ts';

const made = new Map<string, Packaged>();
const of = (name: string): Packaged => {
  const found = made.get(name);
  if (!found) throw new Error(`${name} was not packaged`);
  return found;
};

beforeAll(async () => {
  const [dev, prod, canary, ready] = await Promise.all([
    packageFor('dev'),
    packageFor('prod'),
    packageFor('dev', { canary: 'LambdaCanary10Percent5Minutes' }),
    packageFor('dev', { provisionedConcurrency: '3' }),
  ]);
  for (const [name, one] of Object.entries({ dev, prod, canary, ready })) made.set(name, one);
}, 120_000);

/** The resources that call a function, or let others call it. */
const CALLERS = [
  ...['AWS::Lambda::Permission', 'AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule'],
  ...['AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Authorizer'],
];

/** The logical ids of functions and aliases in a value, at any depth. */
const namedIn = (value: unknown): string[] =>
  [...JSON.stringify(value).matchAll(/"(\w+(?:LambdaFunction|LiveAlias))"/g)].map(([, id = '']) => id);

const callers = (packaged: Packaged) =>
  CALLERS.flatMap((type) => ofType(packaged, type)).map(
    ([id, properties]) => [id, namedIn(properties)] as const,
  );

const aliasesOf = (packaged: Packaged) => ofType(packaged, 'AWS::Lambda::Alias');

describe.each(['canary', 'prod', 'ready'])('the aliases of %s', (name) => {
  it('are one for each function, each of the version that this deployment makes', () => {
    const functions = functionNames(of(name));
    expect(aliasesOf(of(name)).map(([id]) => id)).toEqual(
      expect.arrayContaining(functions.map((one) => `${one}LiveAlias`)),
    );
    expect(aliasesOf(of(name))).toHaveLength(functions.length);
    for (const [id, { FunctionName, FunctionVersion, Name }] of aliasesOf(of(name))) {
      expect([Name, idIn(FunctionName)]).toEqual(['live', id.replace(/LiveAlias$/, 'LambdaFunction')]);
      const version = of(name).template.Resources[idIn(FunctionVersion)];
      expect([version?.Type, idIn(version?.Properties['FunctionName'])]).toEqual([
        'AWS::Lambda::Version',
        idIn(FunctionName),
      ]);
      // A version of the last release has to outlive the deployment, or nothing could go back to it.
      expect(version?.DeletionPolicy).toBe('RetainExceptOnCreate');
    }
  });

  it('are what every caller names, and none names a function itself', () => {
    const bare = callers(of(name)).filter(([, ids]) => !ids.every((id) => id.endsWith('LiveAlias')));
    expect(bare).toEqual([]);
    // The rest invokes nothing: an API's own permission names no function.
    expect(callers(of(name)).filter(([, ids]) => ids.length === 0)).toEqual([]);
    const reached = new Set(callers(of(name)).flatMap(([, ids]) => ids));
    expect([...reached].toSorted()).toEqual(
      aliasesOf(of(name))
        .map(([id]) => id)
        .toSorted(),
    );
  });

  it('may be called before they are: the API waits for the permission', () => {
    const { Resources } = of(name).template;
    const permissions = ofType(of(name), 'AWS::Lambda::Permission');
    for (const type of ['AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Authorizer'])
      for (const [id, properties] of ofType(of(name), type)) {
        const [alias] = namedIn(properties);
        const [permission] = permissions.find(([, { FunctionName }]) => idIn(FunctionName) === alias) ?? [];
        expect([id, [Resources[id]?.DependsOn].flat()]).toEqual([id, expect.arrayContaining([permission])]);
      }
  });

  it('have the settings of asynchronous events that their function has', () => {
    const settings = ofType(of(name), 'AWS::Lambda::EventInvokeConfig').map(([, properties]) => properties);
    const own = settings.filter(({ Qualifier }) => Qualifier === '$LATEST');
    const ofAliases = settings.filter(({ Qualifier }) => Qualifier === 'live');
    expect(own.length).toBeGreaterThanOrEqual(4);
    expect(ofAliases).toEqual(own.map((one) => ({ ...one, Qualifier: 'live' })));
  });

  it('are in the outputs, for those who invoke a function themselves', () => {
    const { Outputs } = of(name).template;
    expect([Outputs['SendFlowArn']?.Value, Outputs['CampaignsArn']?.Value]).toEqual([
      { Ref: 'SendFlowLiveAlias' },
      { Ref: 'CampaignsLiveAlias' },
    ]);
  });
});

describe('the params', () => {
  it('make nothing, where they are off', () => {
    const { Resources } = of('dev').template;
    const types = new Set(Object.values(Resources).map(({ Type }) => Type));
    expect(
      [...types].filter((type) => /CodeDeploy|Alias|Version$|MetricFilter|DomainName/.test(type)),
    ).toEqual([]);
    expect(Object.keys(Resources).filter((id) => /Live|Release/.test(id))).toEqual([]);
  });

  it('keep environments ready where a caller waits, with nothing of CodeDeploy', () => {
    const ready = aliasesOf(of('ready')).flatMap(([id, { ProvisionedConcurrencyConfig: config }]) =>
      config ? [[id, config]] : [],
    );
    expect(Object.fromEntries(ready)).toEqual({
      SendFlowLiveAlias: { ProvisionedConcurrentExecutions: 3 },
      AuthorizerLiveAlias: { ProvisionedConcurrentExecutions: 3 },
    });
    expect(of('ready').text).not.toMatch(/CodeDeploy|ReleaseAlarm/);
  });

  it('change no queue, table, bus or bucket: an old stage keeps them', () => {
    const kept = /^AWS::(SQS|DynamoDB|S3|KMS)::|EventBus$/;
    const holding = (name: string) =>
      Object.entries(of(name).template.Resources).filter(([, { Type }]) => kept.test(Type));
    expect(holding('dev').length).toBeGreaterThan(20);
    expect(holding('canary')).toEqual(holding('dev'));
    expect(holding('ready')).toEqual(holding('dev'));
  });
});
