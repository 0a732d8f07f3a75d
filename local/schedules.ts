/** Fires the functions of the stack's schedules, as EventBridge does. */
import { randomUUID } from 'node:crypto';
import type { ScheduledEvent } from 'aws-lambda';
import { ACCOUNT_ID, invoke, type LambdaFunction, REGION } from './lambda.ts';

export type Schedule = { functionName: string; everyMs: number };

type SchedulesOptions = { schedules: Schedule[]; functions: Record<string, LambdaFunction> };

/** What EventBridge fires a function with. */
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

/** Fires `lambda`, but not while its last run is still going: a slow run must not become a pile of them. */
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

/** Each schedule fires once its time is over for the first time, then at its rate. Keeps no process alive. */
export const startSchedules = ({ schedules, functions }: SchedulesOptions): { close: () => void } => {
  const timers = schedules.map(({ functionName, everyMs }) => {
    const lambda = functions[functionName];
    if (!lambda) throw new Error(`a schedule names the function ${functionName}, which is not there`);
    return setInterval(createTick(lambda), everyMs).unref();
  });
  return { close: () => timers.forEach(clearInterval) };
};
