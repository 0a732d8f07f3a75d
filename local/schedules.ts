/** Invokes the functions of the stack's schedules, as EventBridge does. */
import { randomUUID } from 'node:crypto';
import type { ScheduledEvent } from 'aws-lambda';
import { ACCOUNT_ID, invoke, type LambdaFunction, REGION } from './lambda.ts';

export type Schedule = { functionName: string; everyMs: number };

type SchedulesOptions = { schedules: Schedule[]; functions: Record<string, LambdaFunction> };

/** The event that EventBridge sends to a scheduled function. */
export const scheduledEvent = (functionName: string): ScheduledEvent => ({
  version: '0',
  id: randomUUID(),
  'detail-type': 'Scheduled Event',
  source: 'aws.events',
  account: ACCOUNT_ID,
  // EventBridge's times have no fractions of a second.
  time: new Date().toISOString().replace(/\.\d+Z$/, 'Z'),
  region: REGION,
  resources: [`arn:aws:events:${REGION}:${ACCOUNT_ID}:rule/${functionName}`],
  detail: {},
});

/** Invokes `lambda` unless its last run is still in progress, so that slow runs don't pile up. */
const createTick = (lambda: LambdaFunction) => {
  let running = false;
  return async (): Promise<void> => {
    if (running) return;
    running = true;
    try {
      await invoke(lambda, scheduledEvent(lambda.name));
    } catch (error) {
      console.error(`${lambda.name}:`, error);
    } finally {
      running = false;
    }
  };
};

/** Each schedule first fires after one interval, then at its rate. The timers don't keep the process alive. */
export const startSchedules = ({ schedules, functions }: SchedulesOptions): { close: () => void } => {
  const timers = schedules.map(({ functionName, everyMs }) => {
    const lambda = functions[functionName];
    if (!lambda) throw new Error(`a schedule names the function ${functionName}, which does not exist`);
    return setInterval(createTick(lambda), everyMs).unref();
  });
  return { close: () => timers.forEach(clearInterval) };
};
