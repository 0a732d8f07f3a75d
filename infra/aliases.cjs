/** Gives each function an alias in the packaged template, and leads all callers of the stack to the aliases. */

const { upper } = require('./alarm.cjs');

const ALIAS = 'live';
const aliasOf = (name) => `${upper(name)}LiveAlias`;
const functionOf = (name) => `${upper(name)}LambdaFunction`;

/** The resources that invoke a function, or allow something to. */
const CALLERS = [
  ...['AWS::Lambda::Permission', 'AWS::Lambda::EventSourceMapping', 'AWS::Events::Rule'],
  ...['AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Authorizer', 'AWS::Scheduler::Schedule'],
];
const OF_API = ['AWS::ApiGatewayV2::Integration', 'AWS::ApiGatewayV2::Authorizer'];

/** Replaces each reference to a function, at any depth, by one to its alias. The names of both are ARNs. */
const leadTo = (aliases, value) => {
  if (Array.isArray(value)) return value.map((one) => leadTo(aliases, one));
  if (typeof value !== 'object' || value === null) return value;
  const { Ref, 'Fn::GetAtt': get } = value;
  const id = Ref ?? (get?.[1] === 'Arn' ? get[0] : undefined);
  if (aliases.has(id)) return { Ref: aliases.get(id) };
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, leadTo(aliases, one)]));
};

const refersTo = (value, id) => JSON.stringify(value).includes(`"Ref":"${id}"`);

/** Until the alias has its permission, a call of the API would fail: on the way to the first alias, for seconds. */
const waitFor = (permissions, resource) => {
  const needed = permissions
    .filter(([, { Properties }]) => refersTo(resource.Properties, Properties.FunctionName.Ref))
    .map(([id]) => id);
  resource.DependsOn = [...new Set([resource.DependsOn ?? [], needed].flat())];
};

const leadCallers = ({ Resources, Outputs }, aliases) => {
  const all = Object.entries(Resources);
  for (const [, resource] of all)
    if (CALLERS.includes(resource.Type)) resource.Properties = leadTo(aliases, resource.Properties);
  for (const output of Object.values(Outputs)) output.Value = leadTo(aliases, output.Value);
  const permissions = all.filter(
    ([, { Type, Properties }]) =>
      Type === 'AWS::Lambda::Permission' && Properties.Principal === 'apigateway.amazonaws.com',
  );
  for (const [, resource] of all) if (OF_API.includes(resource.Type)) waitFor(permissions, resource);
};

/** The settings of asynchronous invocations belong to a qualifier. Those of the function itself stay for who names it. */
const copyEventSettings = (Resources, aliases) => {
  for (const [id, { Type, Properties, DependsOn }] of Object.entries(Resources)) {
    if (Type !== 'AWS::Lambda::EventInvokeConfig') continue;
    const alias = aliases.get(Properties.FunctionName.Ref);
    Resources[`${id}Live`] = {
      Type,
      DependsOn: [DependsOn ?? [], alias].flat(),
      Properties: { ...Properties, Qualifier: ALIAS },
    };
  }
};

const aliasFor = (name, version, provisioned) => ({
  Type: 'AWS::Lambda::Alias',
  Properties: {
    Name: ALIAS,
    FunctionName: { Ref: functionOf(name) },
    FunctionVersion: { 'Fn::GetAtt': [version, 'Version'] },
    ...(provisioned > 0
      ? { ProvisionedConcurrencyConfig: { ProvisionedConcurrentExecutions: provisioned } }
      : {}),
  },
});

/**
 * Changes `template`. `versions` has the logical id of each function's version, by the function's name, and
 * `provisioned` the environments that Lambda keeps ready for some of them.
 */
const addAliases = (template, versions, provisioned) => {
  const names = Object.keys(versions);
  leadCallers(template, new Map(names.map((name) => [functionOf(name), aliasOf(name)])));
  copyEventSettings(template.Resources, new Map(names.map((name) => [functionOf(name), aliasOf(name)])));
  for (const name of names)
    template.Resources[aliasOf(name)] = aliasFor(name, versions[name], provisioned[name] ?? 0);
};

module.exports = { ALIAS, addAliases, aliasOf, functionOf };
