/**
 * The alarms, and the topic that they go to: one list for all functions and queues, which no new one is left out of.
 * docs/runbook.md has a section for each kind. `serverless` loads this file and puts it among the resources.
 */

const MINUTE = 60;
/** SQS holds a message back for 15 minutes at most, and that counts as its age. */
const OLDEST_S = { DeliveryQueue: 1800, CampaignQueue: 1800, PlanQueue: 5400 };
const DEAD_LETTERS = [
  'DeliveryDeadLetterQueue',
  'CampaignDeadLetterQueue',
  'PlanDeadLetterQueue',
  'PublisherFailureQueue',
  'InvocationFailureQueue',
];

const upper = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const topic = [{ Ref: 'AlarmTopic' }];

/** By default: an alarm as soon as one period of five minutes is over `threshold`. */
const alarm = (description, properties) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: `${description} See docs/runbook.md.`,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    Period: 5 * MINUTE,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: topic,
    OKActions: topic,
    ...(properties.ExtendedStatistic ? {} : { Statistic: 'Sum' }),
    ...properties,
  },
});

const ofFunction = (name, MetricName) => ({
  Namespace: 'AWS/Lambda',
  MetricName,
  Dimensions: [{ Name: 'FunctionName', Value: { Ref: `${upper(name)}LambdaFunction` } }],
});

const ofQueue = (id, MetricName) => ({
  Namespace: 'AWS/SQS',
  MetricName,
  Dimensions: [{ Name: 'QueueName', Value: { 'Fn::GetAtt': [id, 'QueueName'] } }],
  Statistic: 'Maximum',
});

/** One that came once in a while is Lambda's own affair; two of three periods are not. */
const LASTING = { EvaluationPeriods: 3, DatapointsToAlarm: 2 };

const functionAlarms = (name) => [
  [`${upper(name)}ErrorsAlarm`, alarm(`${name} fails.`, { ...ofFunction(name, 'Errors'), ...LASTING })],
  [
    `${upper(name)}ThrottlesAlarm`,
    alarm(`${name} is throttled by Lambda.`, { ...ofFunction(name, 'Throttles'), ...LASTING }),
  ],
];

const deadLetterAlarm = (id) => [
  `${id}Alarm`,
  alarm(`Something was given up: ${id}.`, {
    ...ofQueue(id, 'ApproximateNumberOfMessagesVisible'),
    Period: MINUTE,
  }),
];

const ageAlarm = ([id, seconds]) => [
  `${id}AgeAlarm`,
  alarm(`The oldest message of ${id} waits for too long.`, {
    ...ofQueue(id, 'ApproximateAgeOfOldestMessage'),
    Threshold: seconds,
  }),
];

/** Nothing else would tell: a tick that never comes has no errors. */
const silentAlarm = (name) => [
  `${upper(name)}SilentAlarm`,
  alarm(`${name} has not run for five minutes.`, {
    ...ofFunction(name, 'Invocations'),
    ComparisonOperator: 'LessThanThreshold',
    Threshold: 1,
    TreatMissingData: 'breaching',
  }),
];

const ownAlarms = (stage) => {
  const own = (MetricName) => ({
    Namespace: 'LipaFlow',
    MetricName,
    Dimensions: [{ Name: 'service', Value: `lipaflow-${stage}` }],
  });
  return {
    UnknownAlarm: alarm('Of several messages nobody can tell whether they went out.', {
      ...own('message.unknown'),
      Period: 15 * MINUTE,
      Threshold: 5,
    }),
    CredentialsAlarm: alarm('LipaChat refuses the apiKey.', {
      ...own('gateway.credentials'),
      Statistic: 'SampleCount',
    }),
    GatewayAlertAlarm: alarm(
      'WhatsApp has stopped a number, or holds a template or a flow back.',
      own('gateway.alert'),
    ),
    SlowGatewayAlarm: alarm('LipaChat takes longer than ten seconds for one send in a hundred.', {
      ...own('gateway.accepted'),
      ...LASTING,
      ExtendedStatistic: 'p99',
      Threshold: 10_000,
    }),
    CampaignPausedAlarm: alarm('A campaign has paused by itself.', own('campaign.paused-itself')),
    EventsAgeAlarm: alarm('Events come late, or not at all.', {
      ...ofFunction('publisher', 'IteratorAge'),
      Statistic: 'Maximum',
      Threshold: 5 * MINUTE * 1000,
    }),
    ApiFaultsAlarm: alarm('The API answers 5xx.', {
      Namespace: 'AWS/ApiGateway',
      MetricName: '5xx',
      Dimensions: [
        { Name: 'ApiId', Value: { Ref: 'HttpApi' } },
        { Name: 'Stage', Value: '$default' },
      ],
      Threshold: 5,
    }),
  };
};

const topicResources = {
  AlarmTopic: { Type: 'AWS::SNS::Topic', Properties: { DisplayName: 'LipaFlow alarms' } },
  AlarmTopicPolicy: {
    Type: 'AWS::SNS::TopicPolicy',
    Properties: {
      Topics: topic,
      PolicyDocument: {
        Version: '2012-10-17',
        Statement: [
          {
            Sid: 'TlsOnly',
            Effect: 'Deny',
            Principal: '*',
            Action: 'sns:Publish',
            Resource: { Ref: 'AlarmTopic' },
            Condition: { Bool: { 'aws:SecureTransport': 'false' } },
          },
          {
            Sid: 'AlarmsOfThisAccount',
            Effect: 'Allow',
            Principal: { Service: 'cloudwatch.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: { Ref: 'AlarmTopic' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    },
  },
};

module.exports = async ({ resolveConfigurationProperty, resolveVariable }) => {
  const functions = Object.keys(await resolveConfigurationProperty(['functions']));
  const stage = await resolveVariable('sls:stage');
  return {
    Resources: {
      ...topicResources,
      ...Object.fromEntries(functions.flatMap(functionAlarms)),
      ...Object.fromEntries(DEAD_LETTERS.map(deadLetterAlarm)),
      ...Object.fromEntries(Object.entries(OLDEST_S).map(ageAlarm)),
      ...Object.fromEntries(['sweeper', 'campaignTick'].map(silentAlarm)),
      ...ownAlarms(stage),
    },
  };
};
