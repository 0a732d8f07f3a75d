/** Reads the scheduled functions from infra/schedules.yml. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { Schedule } from './schedules.ts';

const getArn = z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal('Arn')]) });

// Strict: the local system doesn't fire other kinds of targets or events.
const rule = z.strictObject({
  Description: z.string(),
  ScheduleExpression: z.string(),
  State: z.literal('ENABLED'),
  Targets: z.tuple([
    z.strictObject({
      Id: z.string(),
      Arn: getArn,
      // Locally, a timer calls the function directly, so there is no delivery to retry.
      RetryPolicy: z.unknown(),
      DeadLetterConfig: z.strictObject({ Arn: getArn }),
    }),
  ]),
});

const template = z.object({
  Resources: z.record(z.string(), z.looseObject({ Type: z.string(), Properties: z.unknown() })),
});

const UNIT_MS: Record<string, number> = { minute: 60_000, hour: 3_600_000, day: 86_400_000 };

export const everyMs = (rate: string): number => {
  const [, count, unit = ''] = /^rate\((\d+) (minute|hour|day)s?\)$/.exec(rate) ?? [];
  const unitMs = UNIT_MS[unit];
  if (!count || !unitMs)
    throw new Error(`the local system supports only rate(n minutes|hours|days), not ${rate}`);
  return Number(count) * unitMs;
};

/** Serverless gives the function `sweeper` the logical id SweeperLambdaFunction. */
const functionOf = (logicalId: string): string => {
  const name = logicalId.replace(/LambdaFunction$/, '');
  return name.charAt(0).toLowerCase() + name.slice(1);
};

const scheduleOf = (properties: unknown): Schedule => {
  const { ScheduleExpression, Targets } = rule.parse(properties);
  return { functionName: functionOf(Targets[0].Arn['Fn::GetAtt'][0]), everyMs: everyMs(ScheduleExpression) };
};

/** All rules of the file. Throws if one has no local counterpart. */
export const readSchedules = (): Schedule[] => {
  const source = readFileSync(new URL('../infra/schedules.yml', import.meta.url), 'utf8');
  return Object.values(template.parse(parse(source)).Resources)
    .filter(({ Type }) => Type === 'AWS::Events::Rule')
    .map(({ Properties }) => scheduleOf(Properties));
};
