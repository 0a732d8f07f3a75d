/**
 * The alarms that roll a release back. None of them rises because LipaChat or DynamoDB is down: then the API responds
 * with 503, deliveries are enqueued again, and what throws does so in the old version too.
 */

const { alarm, expression, MINUTE, upper } = require('./alarm.cjs');
const { ALIAS, functionOf } = require('./aliases.cjs');

/** At least so many errors of the new version in a minute, and a share that exceeds twice the old one's by so many percent. */
const WORSE = { atLeast: 2, percent: 10 };
/** More than so many in a minute. */
const CRASHES = 1;
const RECORDS = 5;
const NAMESPACE = 'LipaFlow/Releases';

/** `errors` and `calls` are those of the new version; `all…` are those of both versions. */
const SHARE_OF_OLD = '100 * (allErrors - errors) / IF(allCalls > calls, allCalls - calls, 1)';
const EXCESS = `IF(errors >= ${WORSE.atLeast}, 100 * errors / calls - 2 * ${SHARE_OF_OLD}, 0)`;

const worse = (name, version) => {
  const metric = (MetricName, ...more) => ({
    Namespace: 'AWS/Lambda',
    MetricName,
    Dimensions: [
      { Name: 'FunctionName', Value: { Ref: functionOf(name) } },
      { Name: 'Resource', Value: { 'Fn::Sub': `\${${functionOf(name)}}:${ALIAS}` } },
      ...more,
    ],
  });
  const executed = { Name: 'ExecutedVersion', Value: { 'Fn::GetAtt': [version, 'Version'] } };
  const metrics = {
    calls: metric('Invocations', executed),
    errors: metric('Errors', executed),
    allCalls: metric('Invocations'),
    allErrors: metric('Errors'),
  };
  return alarm(
    `The new version of ${name} fails more often than the old one. A deployment under way is rolled back. Check its log, then the release.`,
    {
      Threshold: WORSE.percent,
      Metrics: expression(EXCESS, 'errors beyond the old, in percent', metrics, MINUTE),
    },
  );
};

const counted = (MetricName, threshold, description) =>
  alarm(description, { Namespace: NAMESPACE, MetricName, Period: MINUTE, Threshold: threshold });

const filter = (LogGroupName, FilterPattern, MetricName) => ({
  Type: 'AWS::Logs::MetricFilter',
  Properties: {
    LogGroupName,
    FilterPattern,
    MetricTransformations: [{ MetricNamespace: NAMESPACE, MetricName, MetricValue: '1' }],
  },
});

/** 500, and each 5xx that the function did not write itself: a crash or a time-out. Our own 503 are others' outages. */
const CRASHED = '{ ($.status = "500") || (($.status = "5*") && ($.integrationError != "-")) }';

/** A record that threw. A batch reports it and the function succeeds, so Lambda counts no error. */
const FAILED = '{ $.message = "record.failed" }';

const shared = (stage, consumers) => {
  const [crashes, records] = ['api.crashed', 'record.failed'].map((name) => `lipaflow-${stage}.${name}`);
  const filters = consumers.map((name) => [
    `${upper(name)}RecordsFilter`,
    filter({ Ref: `${upper(name)}LogGroup` }, FAILED, records),
  ]);
  return {
    filters: {
      CrashesFilter: filter({ Ref: 'HttpApiLogGroup' }, CRASHED, crashes),
      ...Object.fromEntries(filters),
    },
    alarms: {
      CrashesReleaseAlarm: counted(
        crashes,
        CRASHES,
        'Functions of the API crash, or respond with 500. A deployment under way is rolled back. Check the routes in the API access log.',
      ),
      RecordsReleaseAlarm: counted(
        records,
        RECORDS,
        'Over five records of queues failed in a minute through faults of ours. A deployment under way is rolled back. Check the log entries "record.failed".',
      ),
    },
  };
};

/**
 * Resources that judge a release: `of` has the alarm's logical id of each function, `everywhere` those of the alarms that
 * judge all of them. `consumers` are the functions that take records from queues.
 */
const releaseAlarms = ({ stage, versions, consumers }) => {
  const { filters, alarms } = shared(stage, consumers);
  const own = Object.entries(versions).map(([name, version]) => [
    name,
    `${upper(name)}ReleaseAlarm`,
    version,
  ]);
  const made = own.map(([name, id, version]) => [id, worse(name, version)]);
  return {
    resources: { ...filters, ...alarms, ...Object.fromEntries(made) },
    of: Object.fromEntries(own.map(([name, id]) => [name, id])),
    everywhere: Object.keys(alarms),
  };
};

module.exports = { releaseAlarms };
