/** What the files of alarms share. */

const MINUTE = 60;

const upper = (name) => name.charAt(0).toUpperCase() + name.slice(1);
const topic = [{ Ref: 'AlarmTopic' }];

/** Occasional faults pass by themselves. Two of three periods mean that one lasts. */
const LASTING = { EvaluationPeriods: 3, DatapointsToAlarm: 2 };

/** By default, the alarm rises as soon as one five-minute period exceeds `Threshold`. */
const alarm = (description, properties) => ({
  Type: 'AWS::CloudWatch::Alarm',
  Properties: {
    AlarmDescription: `${description} See docs/runbook.md.`,
    ComparisonOperator: 'GreaterThanThreshold',
    Threshold: 0,
    EvaluationPeriods: 1,
    TreatMissingData: 'notBreaching',
    AlarmActions: topic,
    OKActions: topic,
    ...(properties.Metrics ? {} : { Period: 5 * MINUTE }),
    ...(properties.Metrics || properties.ExtendedStatistic ? {} : { Statistic: 'Sum' }),
    ...properties,
  },
});

/**
 * The `Metrics` of an alarm that watches an expression. `metrics` has the metrics by the ids that the expression uses.
 */
const expression = (Expression, Label, metrics, Period = 5 * MINUTE) => [
  { Id: 'result', Label, Expression, ReturnData: true },
  ...Object.entries(metrics).map(([Id, Metric]) => ({
    Id,
    ReturnData: false,
    MetricStat: { Metric, Period, Stat: 'Sum' },
  })),
];

module.exports = { alarm, expression, LASTING, MINUTE, topic, upper };
