/**
 * Findings of cdk-nag that stand, each with its reason. One that is not there any more has to go from this list: a
 * reason that nothing needs would hide the next finding of its kind.
 */
import type { Stage } from './packaged.ts';

export type Acknowledgement = {
  /** cdk-nag's name; `<stage>` and `<function>` stand for those of the template and of the role. */
  rule: string;
  /** Logical ids. */
  at: string[];
  /** Both, where it is absent. */
  stage?: Stage;
  reason: string;
};

const FUNCTIONS = [
  ...[
    'Authorizer',
    'SendFlow',
    'ReadApi',
    'Webhook',
    'Callbacks',
    'Contacts',
    'Worker',
    'Publisher',
    'Sweeper',
  ],
  ...['Campaigns', 'CampaignPlanner', 'CampaignTick', 'Docs'],
];
const ROLES = FUNCTIONS.map((name) => `${name}Role`);
const LAST_QUEUES = ['PublisherFailureQueue', 'InvocationFailureQueue'];

const arn = (service: string, rest: string) =>
  `arn:<AWS::Partition>:${service}:<AWS::Region>:<AWS::AccountId>:${rest}`;

export const ACKNOWLEDGED: Acknowledgement[] = [
  {
    rule: `AwsSolutions-IAM5[Resource::${arn('logs', 'log-group:/aws/lambda/lipaflow-<stage>-<function>:*')}]`,
    at: ROLES,
    reason: "The streams of the function's own log group, which Lambda names as it likes.",
  },
  {
    rule: `AwsSolutions-IAM5[Resource::${arn('ssm', 'parameter/lipaflow/<stage>/webhook/*')}]`,
    at: ['WebhookRole', 'CallbacksRole'],
    reason: 'The secret, and the HMAC key, whose name WEBHOOK_HMAC_PARAMETER may set within this path.',
  },
  {
    rule: `AwsSolutions-IAM5[Resource::${arn('ssm', 'parameter/lipaflow/<stage>/lipachat/numbers/*')}]`,
    at: ['SendFlowRole', 'WorkerRole', 'SweeperRole'],
    reason: 'The apiKeys of business numbers, which the template does not know, and nothing else.',
  },
  {
    rule: `AwsSolutions-IAM5[Resource::${arn('cloudwatch', 'alarm:*')}]`,
    at: ['DeployRole'],
    stage: 'prod',
    reason: 'IAM judges DescribeAlarms by all alarms of the region.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::<RecipientsBucket.Arn>/*]',
    at: ['CampaignsRole', 'CampaignPlannerRole', 'CampaignTickRole', 'ContactsRole'],
    reason: "The objects of the stack's own bucket, which holds campaigns' files and nothing else.",
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::<RecipientsBucket.Arn>/plans/*]',
    at: ['WorkerRole'],
    reason: 'Plans have an id in their name.',
  },
  {
    rule: 'AwsSolutions-IAM5[Resource::<RecipientsBucket.Arn>/schedules/*]',
    at: ['CampaignsRole', 'CampaignTickRole'],
    reason: 'Files of schedules have an id in their name.',
  },
  {
    rule: 'AwsSolutions-APIG4',
    at: [
      ...['HttpApiRouteGetV1Health', 'HttpApiRoutePostV1WebhooksLipachatSecretVar'],
      ...['HttpApiRouteGetV1WebhooksLipachatSecretVar', 'HttpApiRouteHeadV1WebhooksLipachatSecretVar'],
      ...['HttpApiRouteGetDocs', 'HttpApiRouteGetDocsFileVar'],
    ],
    reason:
      'Health tells nothing but the version, and the documentation what is in this repository. LipaChat cannot send a token: the webhook itself checks the secret of its ' +
      'path, in constant time, and the signature where there is one.',
  },
  {
    rule: 'AwsSolutions-S1',
    at: ['ServerlessDeploymentBucket', 'RecipientsBucket'],
    reason:
      'Server access logs hold object keys and requesters in a second bucket that would need the same care. Only roles of ' +
      'the account reach these buckets; whoever must know who read what has CloudTrail data events.',
  },
  {
    rule: 'AwsSolutions-SQS3',
    at: LAST_QUEUES,
    reason: 'They are dead-letter queues, of the stream and of events, which the rule does not know as ones.',
  },
  {
    rule: 'Serverless-SQSRedrivePolicy',
    at: [
      ...[
        'DeliveryDeadLetterQueue',
        'CallbackDeadLetterQueue',
        'CampaignDeadLetterQueue',
        'PlanDeadLetterQueue',
      ],
      ...LAST_QUEUES,
    ],
    reason: 'A dead-letter queue has none of its own: an alarm stands over each.',
  },
  {
    rule: 'Serverless-LambdaDLQ',
    at: FUNCTIONS.map((name) => `${name}LambdaFunction`),
    reason:
      'Functions that take events have a failure destination, which says more than a dead-letter queue. The others are ' +
      'called by somebody who sees the failure: the API, a queue or a stream.',
  },
  {
    rule: 'Serverless-LambdaTracing',
    at: FUNCTIONS.map((name) => `${name}LambdaFunction`),
    reason:
      "X-Ray costs more than all the rest of a quiet stage, and Lambda's sampling can't be set. The param `tracing` turns it on.",
  },
  {
    rule: 'Serverless-LambdaAsyncFailureDestination',
    at: ['SweeperLambdaEvConf', 'CampaignTickLambdaEvConf'],
    reason: 'A tick carries nothing: the next one, a minute later, does the work of one that failed.',
  },
  {
    rule: 'Serverless-LambdaAsyncFailureDestination',
    at: ['SweeperLambdaEvConfLive', 'CampaignTickLambdaEvConfLive'],
    stage: 'prod',
    reason: 'The same ticks, through the aliases.',
  },
  {
    rule: 'Serverless-LambdaEventSourceMappingDestination',
    at: [
      'WorkerEventSourceMappingSQSDeliveryQueue',
      'WorkerEventSourceMappingSQSCampaignQueue',
      'CampaignPlannerEventSourceMappingSQSPlanQueue',
      'CallbacksEventSourceMappingSQSCallbackQueue',
    ],
    reason: 'A queue as a source has no failure destination: its own redrive policy gives the message up.',
  },
];
