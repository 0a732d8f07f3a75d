/** The alarms of what the account and the table can take. infra/alarms.cjs adds them to the others. */

const { alarm, expression, LASTING, upper } = require('./alarm.cjs');

/** The table's indexes, as infra/table.yml names them. */
const INDEXES = ['due', 'waId', 'pair'];

/** DynamoDB counts an index apart from its table. A throttled index throttles the table's writes too. */
const throttles = (what, dimensions) => {
  const metric = (MetricName) => ({
    Namespace: 'AWS/DynamoDB',
    MetricName,
    Dimensions: [{ Name: 'TableName', Value: { Ref: 'Table' } }, ...dimensions],
  });
  return alarm(
    `DynamoDB keeps throttling ${what}. Requests repeat, then get 503. Check the dashboard for a campaign or a caller at full pace, and slow it; a new table takes 4,000 write units a second.`,
    {
      ...LASTING,
      Metrics: expression('FILL(w, 0) + FILL(r, 0)', 'throttled', {
        w: metric('WriteThrottleEvents'),
        r: metric('ReadThrottleEvents'),
      }),
    },
  );
};

const ofIndex = (name) => [
  `${upper(name)}IndexThrottledAlarm`,
  throttles(`the index ${name}`, [{ Name: 'GlobalSecondaryIndexName', Value: name }]),
];

/** In percent of the account's quota. */
const FULL = 80;

/** `accountConcurrency` is the account's quota of concurrent executions, in this region. */
const capacityAlarms = (accountConcurrency) => ({
  TableThrottledAlarm: throttles('the table', []),
  ...Object.fromEntries(INDEXES.map(ofIndex)),
  ConcurrencyAlarm: alarm(
    `All functions of the account together use over ${FULL} % of its concurrent executions. Past the quota, Lambda throttles. Find the function in "Concurrent executions" of Lambda's console, then raise the quota or lower the param slowestSend or accountConcurrency, and deploy.`,
    {
      Namespace: 'AWS/Lambda',
      MetricName: 'ConcurrentExecutions',
      Statistic: 'Maximum',
      Threshold: (accountConcurrency * FULL) / 100,
    },
  ),
});

module.exports = { capacityAlarms };
