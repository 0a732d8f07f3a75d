/**
 * The permission to write X-Ray traces, for every function's role, if the stage's params set `tracing: true`. Lambda accepts a
 * traced function only if its role may write traces, so each function waits for the policy. `serverless` loads this file into
 * the stack's resources.
 */

const deployedFunctions = require('./deployed-functions.cjs');

const upper = (name) => name.charAt(0).toUpperCase() + name.slice(1);

const policyFor = (functions) => ({
  Type: 'AWS::IAM::Policy',
  Properties: {
    PolicyName: 'trace',
    Roles: functions.map((name) => ({ Ref: `${upper(name)}Role` })),
    PolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        {
          Sid: 'Trace',
          Effect: 'Allow',
          Action: ['xray:PutTraceSegments', 'xray:PutTelemetryRecords'],
          Resource: '*',
        },
      ],
    },
  },
});

module.exports = async (variables) => {
  const { resolveConfigurationProperty } = variables;
  if (!(await resolveConfigurationProperty(['provider', 'tracing', 'lambda']))) return {};
  const functions = await deployedFunctions(variables);
  const waits = functions.map((name) => [`${upper(name)}LambdaFunction`, { DependsOn: ['TracePolicy'] }]);
  return { Resources: { TracePolicy: policyFor(functions) }, extensions: Object.fromEntries(waits) };
};
