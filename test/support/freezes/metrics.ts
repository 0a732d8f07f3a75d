/** Metrics as CloudWatch reads them out of a function's output. */

type Embedded = { _aws: { CloudWatchMetrics: { Metrics: { Name: string; Unit: string }[] }[] } } & Record<
  string,
  unknown
>;

const embedded = (line: string): Embedded[] => {
  if (!line.includes('"CloudWatchMetrics"')) return [];
  return [JSON.parse(line) as Embedded];
};

/** By name: the sum of what was counted, and the number of durations that were measured. */
export const metricsIn = (output: string): Record<string, number> => {
  const totals: Record<string, number> = {};
  for (const line of output.split('\n').flatMap(embedded)) {
    for (const { Name, Unit } of line._aws.CloudWatchMetrics.flatMap(({ Metrics }) => Metrics)) {
      totals[Name] = (totals[Name] ?? 0) + (Unit === 'Count' ? Number(line[Name]) : 1);
    }
  }
  return totals;
};

/** Sums by name. */
export const added = (all: readonly Record<string, number>[]): Record<string, number> => {
  const totals: Record<string, number> = {};
  for (const [name, n] of all.flatMap((one) => Object.entries(one))) totals[name] = (totals[name] ?? 0) + n;
  return totals;
};
