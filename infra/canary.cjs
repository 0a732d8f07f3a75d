/**
 * A plugin of `serverless`: aliases, and deployments in steps that alarms roll back (ADR 031). The params `canary` and
 * `provisionedConcurrency` turn it on. It is a plugin because only packaging knows the version that a function gets.
 */

const { addAliases, ALIAS, aliasOf, functionOf } = require('./aliases.cjs');
const { releaseAlarms } = require('./release-alarms.cjs');

/** The functions that a caller waits for. */
const PROVISIONED = ['sendFlow', 'authorizer'];
/** Versions that stay, besides the one in use. */
const KEPT = 10;
/** The configuration for a fix: without alarms, because those that the broken version raises would stop it. */
const AT_ONCE = 'LambdaAllAtOnce';

const statement = (Sid, Action, Resource) => ({ Sid, Effect: 'Allow', Action, Resource });

const role = (names) => ({
  Type: 'AWS::IAM::Role',
  Properties: {
    AssumeRolePolicyDocument: {
      Version: '2012-10-17',
      Statement: [
        { Effect: 'Allow', Principal: { Service: 'codedeploy.amazonaws.com' }, Action: 'sts:AssumeRole' },
      ],
    },
    Policies: [
      {
        PolicyName: 'own',
        PolicyDocument: {
          Version: '2012-10-17',
          Statement: [
            statement(
              'Shift',
              ['lambda:GetAlias', 'lambda:UpdateAlias'],
              names.map((name) => ({ 'Fn::GetAtt': [functionOf(name), 'Arn'] })),
            ),
            statement(
              'AwaitProvisioned',
              ['lambda:GetProvisionedConcurrencyConfig'],
              names.map((name) => ({ 'Fn::Sub': `\${${functionOf(name)}.Arn}:${ALIAS}` })),
            ),
            // IAM knows no narrower resource for it.
            statement('Judge', ['cloudwatch:DescribeAlarms'], {
              // biome-ignore lint/suspicious/noTemplateCurlyInString: CloudFormation resolves it.
              'Fn::Sub': 'arn:${AWS::Partition}:cloudwatch:${AWS::Region}:${AWS::AccountId}:alarm:*',
            }),
          ],
        },
      },
    ],
  },
});

const group = (name, config, alarms) => ({
  Type: 'AWS::CodeDeploy::DeploymentGroup',
  Properties: {
    ApplicationName: { Ref: 'DeployApplication' },
    DeploymentGroupName: name,
    ServiceRoleArn: { 'Fn::GetAtt': ['DeployRole', 'Arn'] },
    DeploymentConfigName: `CodeDeployDefault.${config}`,
    DeploymentStyle: { DeploymentType: 'BLUE_GREEN', DeploymentOption: 'WITH_TRAFFIC_CONTROL' },
    AlarmConfiguration: {
      Enabled: config !== AT_ONCE,
      IgnorePollAlarmFailure: false,
      Alarms: alarms.map((id) => ({ Name: { Ref: id } })),
    },
    AutoRollbackConfiguration: {
      Enabled: true,
      Events: ['DEPLOYMENT_FAILURE', 'DEPLOYMENT_STOP_ON_ALARM', 'DEPLOYMENT_STOP_ON_REQUEST'],
    },
  },
});

/** Changes `template`, which has the aliases: CodeDeploy moves each of them. */
const addSteps = (template, { stage, config, versions, consumers }) => {
  const { Resources } = template;
  const { resources, of, everywhere } = releaseAlarms({ stage, versions, consumers });
  const names = Object.keys(versions);
  Object.assign(Resources, resources, {
    DeployApplication: {
      Type: 'AWS::CodeDeploy::Application',
      Properties: { ApplicationName: `lipaflow-${stage}`, ComputePlatform: 'Lambda' },
    },
    DeployRole: role(names),
  });
  for (const name of names) {
    const groupId = `${aliasOf(name)}Group`;
    Resources[groupId] = group(name, config, [of[name], ...everywhere]);
    Resources[aliasOf(name)].UpdatePolicy = {
      CodeDeployLambdaAliasUpdate: {
        ApplicationName: { Ref: 'DeployApplication' },
        DeploymentGroupName: { Ref: groupId },
      },
    };
  }
};

class Canary {
  constructor(serverless) {
    const { service } = serverless;
    const settings = () => {
      const { canary, provisionedConcurrency } = service.custom;
      const provisioned = Number(provisionedConcurrency);
      return {
        config: canary === 'off' ? undefined : canary,
        provisioned,
        on: canary !== 'off' || provisioned > 0,
      };
    };

    this.hooks = {
      'before:package:compileFunctions': () => {
        if (!settings().on) return;
        service.provider.versionFunctions = true;
        service.provider.pruneFunctionVersions = { number: KEPT };
      },
      'after:aws:package:finalize:mergeCustomProviderResources': () => {
        const { on, config, provisioned } = settings();
        if (!on) return;
        const template = service.provider.compiledCloudFormationTemplate;
        const functions = Object.entries(service.functions);
        const versions = Object.fromEntries(functions.map(([name, one]) => [name, one.versionLogicalId]));
        const ready = PROVISIONED.map((name) => [name, provisioned]);
        // One that a rollback takes back has to go, or a second try of the same code finds that its version exists.
        for (const id of Object.values(versions))
          template.Resources[id].DeletionPolicy = 'RetainExceptOnCreate';
        addAliases(template, versions, Object.fromEntries(ready));
        if (config === undefined) return;
        const consumers = functions
          .filter(([, { events = [] }]) => events.some(({ sqs }) => sqs))
          .map(([name]) => name);
        addSteps(template, { stage: serverless.getProvider('aws').getStage(), config, versions, consumers });
      },
    };
  }
}

module.exports = Canary;
