/**
 * The alarms and their SNS topic. Alarms are generated for every function and queue, so that a new one is never left out.
 * Each description says what happened and what to do first; docs/runbook.md has a section for each kind of alarm.
 * `serverless` loads this file into the stack's resources.
 */

const { alarm, expression, LASTING, MINUTE, topic, upper } = require('./alarm.cjs');
const { capacityAlarms } = require('./capacity-alarms.cjs');
const deployedFunctions = require('./deployed-functions.cjs');

const CHECK_WORKER = 'Check worker for errors and throttles; if there are none, LipaChat is slow.';
/** SQS delays a message by at most 15 minutes, and the delay counts towards its age. */
const QUEUES = {
  DeliveryQueue: { oldestSeconds: 1800, first: CHECK_WORKER },
  CampaignQueue: { oldestSeconds: 1800, first: CHECK_WORKER },
  CallbackQueue: {
    oldestSeconds: 300,
    first:
      'Check callbacks for errors and throttles. Until they are handled, windows stay shut and opt-outs are not seen.',
  },
  PlanQueue: { oldestSeconds: 5400, first: 'Check campaignPlanner for errors and throttles.' },
};
const DEAD_LETTERS = {
  DeliveryDeadLetterQueue:
    'A delivery failed five times. Its message is safe: the sweeper enqueues it again. Find the cause in the log of worker, fix it, then redrive the queue.',
  CampaignDeadLetterQueue:
    'A campaign recipient failed five times. The campaign enqueues it again. Find the cause in the log of worker, fix it, then redrive the queue.',
  CallbackDeadLetterQueue:
    'A callback of LipaChat failed for two hours. Find the cause in the log of callbacks, fix it, then redrive the queue.',
  PlanDeadLetterQueue:
    'Planning a campaign failed three times. Find the cause in the log of campaignPlanner, fix it, then redrive the queue or plan the campaign again.',
  PublisherFailureQueue:
    'Outbound events are missing: table changes could not be published. Look for events.refused in the log of publisher, fix the bus, then tell consumers about the gap.',
  InvocationFailureQueue:
    'A flow or a campaign that came as an event failed three times, or a tick could not be delivered. Read the queue, fix the cause, then invoke the function with the payload.',
};

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

const functionAlarms = (name) => [
  [
    `${upper(name)}ErrorsAlarm`,
    alarm(
      `${name} keeps throwing errors. Check its log for ERROR entries; "bad settings" names a wrong setting. Fix the setting or go back to the last release.`,
      { ...ofFunction(name, 'Errors'), ...LASTING },
    ),
  ],
  [
    `${upper(name)}ThrottlesAlarm`,
    alarm(
      `Lambda keeps throttling ${name}: the account's concurrency is used up. Raise the quota, or lower the param slowestSend or accountConcurrency, and deploy.`,
      { ...ofFunction(name, 'Throttles'), ...LASTING },
    ),
  ],
];

const deadLetterAlarm = ([id, text]) => [
  `${id}Alarm`,
  alarm(`${id}: ${text}`, { ...ofQueue(id, 'ApproximateNumberOfMessagesVisible'), Period: MINUTE }),
];

const ageAlarm = ([id, { oldestSeconds, first }]) => [
  `${id}AgeAlarm`,
  alarm(`The oldest message in ${id} is over ${oldestSeconds / 60} minutes old. ${first}`, {
    ...ofQueue(id, 'ApproximateAgeOfOldestMessage'),
    Threshold: oldestSeconds,
  }),
];

const TICKS = {
  sweeper: 'Messages that a crash left are not finished, and parked flows do not expire.',
  campaignTick: 'Campaigns do not start or advance.',
};

/** A tick that never runs has no errors, so only missing invocations show it. */
const NO_DATA = { ComparisonOperator: 'LessThanThreshold', Threshold: 1, TreatMissingData: 'breaching' };
const silentAlarm = ([name, effect]) => [
  `${upper(name)}SilentAlarm`,
  alarm(
    `${name} has not run for five minutes. ${effect} Check that its EventBridge rule is enabled, then check ${name} for errors and throttles.`,
    { ...ofFunction(name, 'Invocations'), ...NO_DATA },
  ),
];

/** At least so many callbacks, and over this share of all, in percent: a gateway may send something new now and then. */
const NOT_UNDERSTOOD = { atLeast: 3, percent: 5 };

const notUnderstood = (own) => {
  const { atLeast, percent } = NOT_UNDERSTOOD;
  const metrics = ['unrecognised', 'unplaced', 'poison', 'field.unread', 'entries'].map((name, n) => {
    const { Namespace, MetricName, Dimensions } = own(`callback.${name}`);
    return [`m${n}`, { Namespace, MetricName, Dimensions }];
  });
  const odd = 'FILL(m0, 0) + FILL(m1, 0) + FILL(m2, 0) + FILL(m3, 0)';
  const share = `IF((${odd}) >= ${atLeast}, 100 * (${odd}) / m4, 0)`;
  const label = 'not understood, in percent';
  return alarm(
    `Over ${percent} % of LipaChat's callbacks of an hour were not understood, or only in part. Windows may stay shut, and statuses may be missed. Read them with "npm run ops -- callbacks list".`,
    {
      Threshold: percent,
      Metrics: expression(share, label, Object.fromEntries(metrics), 60 * MINUTE),
    },
  );
};

const ownAlarms = (stage) => {
  const own = (MetricName) => ({
    Namespace: 'LipaFlow',
    MetricName,
    Dimensions: [{ Name: 'service', Value: `lipaflow-${stage}` }],
  });
  return {
    UnknownAlarm: alarm(
      'More than five messages became unknown in 15 minutes: they may have been sent, but no readable response came. Check LipaChat for an outage. Do not send these messages under new messageIds.',
      { ...own('message.unknown'), Period: 15 * MINUTE, Threshold: 5 },
    ),
    CredentialsAlarm: alarm(
      `LipaChat rejected the apiKey. Sends get 503 and campaigns pause. Unless a key rotation is under way, store a valid key with "npm run ops -- setup --stage ${stage}", then resume the paused campaigns.`,
      { ...own('gateway.credentials'), Statistic: 'SampleCount' },
    ),
    MisconfiguredAlarm: alarm(
      'LipaChat cannot be used as configured: a wrong LIPACHAT_BASE_URL, a firewall, no balance, or a closed account. Sends get 503 and campaigns pause. Read the response in the reason of a paused campaign or in the detail of a 503, fix the cause, then resume the paused campaigns.',
      { ...own('gateway.misconfigured'), Statistic: 'SampleCount' },
    ),
    GatewayAlertAlarm: alarm(
      'WhatsApp stopped a number or holds back a template or a flow, or a campaign could not read its plan. Check "Failed, by class" on the dashboard, fix the cause in WhatsApp Manager, then resume the paused campaigns.',
      own('gateway.alert'),
    ),
    SlowGatewayAlarm: alarm(
      'LipaChat keeps taking more than ten seconds for one send in a hundred. Ask LipaChat. To reduce the load, pause running campaigns.',
      { ...own('gateway.accepted'), ...LASTING, ExtendedStatistic: 'p99', Threshold: 10_000 },
    ),
    CampaignPausedAlarm: alarm(
      'A campaign paused itself. Find its ID as campaign.paused in the logs of worker and campaignTick, read its reason with GET /v1/campaigns/{campaignId}, fix that, then resume the campaign.',
      own('campaign.paused-itself'),
    ),
    UnplacedAlarm: alarm(
      'A customer wrote, and the customer or the business number is unreadable. The window stays shut, and a STOP in the message is not honoured. Read it with "npm run ops -- callbacks list".',
      own('callback.unplaced'),
    ),
    NotUnderstoodAlarm: notUnderstood(own),
    EventsAgeAlarm: alarm(
      'Outbound events are more than five minutes late. Check publisher for errors and throttles. The stream keeps changes for 24 hours.',
      { ...ofFunction('publisher', 'IteratorAge'), Statistic: 'Maximum', Threshold: 5 * MINUTE * 1000 },
    ),
    ApiFaultsAlarm: alarm(
      'The API returned more than five 5xx responses in five minutes. LipaChat outages count as 503. Check "Calls, by outcome" on the dashboard, then the routes in the API access log.',
      {
        Namespace: 'AWS/ApiGateway',
        MetricName: '5xx',
        Dimensions: [
          { Name: 'ApiId', Value: { Ref: 'HttpApi' } },
          { Name: 'Stage', Value: '$default' },
        ],
        Threshold: 5,
      },
    ),
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
          // infra/budget.cjs
          {
            Sid: 'BudgetsOfThisAccount',
            Effect: 'Allow',
            Principal: { Service: 'budgets.amazonaws.com' },
            Action: 'sns:Publish',
            Resource: { Ref: 'AlarmTopic' },
            Condition: { StringEquals: { 'aws:SourceAccount': { Ref: 'AWS::AccountId' } } },
          },
        ],
      },
    },
  },
};

module.exports = async (variables) => {
  const { resolveVariable } = variables;
  const functions = await deployedFunctions(variables);
  const stage = await resolveVariable('sls:stage');
  return {
    Resources: {
      ...topicResources,
      ...Object.fromEntries(functions.flatMap(functionAlarms)),
      ...Object.fromEntries(Object.entries(DEAD_LETTERS).map(deadLetterAlarm)),
      ...Object.fromEntries(Object.entries(QUEUES).map(ageAlarm)),
      ...Object.fromEntries(Object.entries(TICKS).map(silentAlarm)),
      ...ownAlarms(stage),
      ...capacityAlarms(Number(await resolveVariable('param:accountConcurrency'))),
    },
  };
};
