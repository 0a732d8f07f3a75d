/** The CloudWatch dashboard: messages of the day, campaigns, LipaChat, queues and cost. */

const deployedFunctions = require('./deployed-functions.cjs');

const HOUR = 3600;

/**
 * USD prices of eu-west-1 in 2026, for an order of magnitude; only the bill is exact. Units: Lambda, a millisecond on arm64
 * at 512 MB and an invocation; DynamoDB on demand, a write or read unit; HTTP API, a request; SQS, a request.
 */
const PRICE = {
  ms: 0.5 * 0.0000133334e-3,
  invocation: 0.2e-6,
  write: 0.705e-6,
  read: 0.141e-6,
  api: 1.11e-6,
  sqs: 0.4e-6,
};
const upper = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const DEAD_LETTERS = [
  ...['DeliveryDeadLetterQueue', 'CallbackDeadLetterQueue', 'CampaignDeadLetterQueue', 'PlanDeadLetterQueue'],
  ...['PublisherFailureQueue', 'InvocationFailureQueue'],
];
const QUEUES = ['DeliveryQueue', 'CallbackQueue', 'CampaignQueue', 'PlanQueue'];
const FAILURES = [
  ...['stop-number', 'wait', 'pair-too-fast', 'window-shut', 'undeliverable', 'held-for-user', 'opted-out'],
  ...['bad-request', 'content-held', 'content-blocked', 'cannot-tell', 'other'],
];
const OUTCOMES = [
  'accepted',
  'rejected',
  'sessionClosed',
  'throttled',
  'credentials',
  'misconfigured',
  'notSent',
  'ambiguous',
];

const RECIPIENTS = ['sent', 'parked', 'queued', 'unknown', 'failed', 'opted-out', 'window-shut'];

// biome-ignore-start lint/suspicious/noTemplateCurlyInString: CloudFormation resolves them.
const widget = (title, metrics, more = {}) => ({
  type: 'metric',
  width: 12,
  height: 6,
  properties: {
    title,
    metrics,
    region: '${AWS::Region}',
    stat: 'Sum',
    period: 300,
    view: 'timeSeries',
    ...more,
  },
});

const heading = (markdown) => ({ type: 'text', width: 24, height: 1, properties: { markdown } });

/** Places widgets two to a row, and each heading on its own row. */
const laidOut = (widgets) => {
  let [x, y] = [0, 0];
  return widgets.map((one) => {
    if (x + one.width > 24) [x, y] = [0, y + 6];
    const placed = { ...one, x, y };
    x += one.width;
    if (one.type === 'text') [x, y] = [0, y + 1];
    return placed;
  });
};

const story = (stage) => {
  const own = (names, more = {}) =>
    names.map((name) => ['LipaFlow', name, 'service', `lipaflow-${stage}`, { label: name, ...more }]);
  return [
    heading('## Messages'),
    widget(
      'Sent, delivered, read, replied',
      own(['message.sent', 'message.delivered', 'message.read', 'flow.replied']),
    ),
    widget(
      'So far today',
      own(['message.sent', 'message.delivered', 'message.read', 'flow.replied', 'message.failed']),
      {
        view: 'singleValue',
        period: 24 * HOUR,
      },
    ),
    widget(
      'Session windows opened, messages waiting, opt-outs',
      own(['session.opened', 'message.parked', 'message.expired', 'contact.opted-out']),
    ),
    widget('Failed, by class', own(FAILURES.map((name) => `failed.${name}`)), { stacked: true }),
    heading('## Campaigns'),
    widget('Recipients, by outcome', own(RECIPIENTS.map((name) => `campaign.${name}`))),
    widget(
      'State changes',
      own([
        'campaign.started',
        'campaign.completed',
        'campaign.paused',
        'campaign.paused-itself',
        'campaign.slowed',
      ]),
    ),
    heading('## LipaChat'),
    widget('Time until LipaChat accepts a message', [
      ...own(['gateway.accepted'], { stat: 'p50', label: 'p50' }),
      ...own(['gateway.accepted'], { stat: 'p99', label: 'p99' }),
    ]),
    widget(
      'Calls, by outcome',
      own(
        OUTCOMES.map((name) => `gateway.${name}`),
        { stat: 'SampleCount' },
      ),
      { stacked: true },
    ),
    widget(
      'Needs attention',
      own([
        'message.unknown',
        'gateway.alert',
        'callback.unrecognised',
        'callback.unplaced',
        'callback.poison',
        'callback.field.unread',
        'callback.forged',
        'reply.unreadable',
      ]),
    ),
  ];
};

const standing = () => [
  heading('## Queues and dead letters'),
  widget(
    'Messages in queues',
    QUEUES.map((id) => [
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      'QueueName',
      `\${${id}.QueueName}`,
      { label: id },
    ]),
    { stat: 'Maximum' },
  ),
  widget(
    'Dead letters',
    DEAD_LETTERS.map((id) => [
      'AWS/SQS',
      'ApproximateNumberOfMessagesVisible',
      'QueueName',
      `\${${id}.QueueName}`,
      { label: id },
    ]),
    { stat: 'Maximum' },
  ),
];

/** Hidden metrics, and their sum at the prices above. */
const cost = (functions) => {
  const hidden = (id, ...metric) => [...metric, { id, visible: false }];
  const ofFunctions = (prefix, name) =>
    functions.map((one, n) =>
      hidden(`${prefix}${n}`, 'AWS/Lambda', name, 'FunctionName', `\${${upper(one)}LambdaFunction}`),
    );
  const sum = (prefix) => functions.map((_, n) => `FILL(${prefix}${n}, 0)`).join(' + ');
  const terms = [
    `(${sum('d')}) * ${PRICE.ms}`,
    `(${sum('i')}) * ${PRICE.invocation}`,
    `FILL(w, 0) * ${PRICE.write} + FILL(r, 0) * ${PRICE.read}`,
    `FILL(a, 0) * ${PRICE.api}`,
    `(${QUEUES.map((_, n) => `FILL(q${n}, 0)`).join(' + ')}) * ${PRICE.sqs}`,
  ];
  return [
    heading('## Estimated cost of Lambda, DynamoDB, the API and SQS, without LipaChat and WhatsApp'),
    widget(
      'USD per hour',
      [
        [{ expression: terms.join(' + '), label: 'USD', id: 'usd' }],
        ...ofFunctions('d', 'Duration'),
        ...ofFunctions('i', 'Invocations'),
        hidden('w', 'AWS/DynamoDB', 'ConsumedWriteCapacityUnits', 'TableName', '${Table}'),
        hidden('r', 'AWS/DynamoDB', 'ConsumedReadCapacityUnits', 'TableName', '${Table}'),
        hidden('a', 'AWS/ApiGateway', 'Count', 'ApiId', '${HttpApi}'),
        ...QUEUES.map((id, n) =>
          hidden(`q${n}`, 'AWS/SQS', 'NumberOfMessagesSent', 'QueueName', `\${${id}.QueueName}`),
        ),
      ],
      { period: HOUR },
    ),
    widget('API requests and errors', [
      ['AWS/ApiGateway', 'Count', 'ApiId', '${HttpApi}'],
      ['AWS/ApiGateway', '4xx', 'ApiId', '${HttpApi}'],
      ['AWS/ApiGateway', '5xx', 'ApiId', '${HttpApi}'],
    ]),
  ];
};
// biome-ignore-end lint/suspicious/noTemplateCurlyInString: CloudFormation resolves them.

module.exports = async (variables) => {
  const { resolveVariable } = variables;
  const functions = await deployedFunctions(variables);
  const stage = await resolveVariable('sls:stage');
  const widgets = laidOut([...story(stage), ...standing(), ...cost(functions)]);
  return {
    Resources: {
      Dashboard: {
        Type: 'AWS::CloudWatch::Dashboard',
        Properties: {
          // Dashboards are global in an account: the region keeps the stacks of one stage apart.
          DashboardName: { 'Fn::Sub': `lipaflow-${stage}-\${AWS::Region}` },
          DashboardBody: { 'Fn::Sub': JSON.stringify({ start: '-PT24H', widgets }) },
        },
      },
    },
  };
};
