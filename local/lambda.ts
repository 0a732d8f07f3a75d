/** One invocation as on Lambda: JSON in, JSON out, a context and a timeout. */
import { randomUUID } from 'node:crypto';
import type { Context } from 'aws-lambda';

// Lambda's newer runtimes have no callbacks, so they are left out here.
export type LambdaContext = Omit<Context, 'done' | 'fail' | 'succeed'>;
export type LambdaHandler = (event: unknown, context: LambdaContext) => unknown;
export type LambdaFunction = { name: string; timeoutMs: number; handler: LambdaHandler };

export const REGION = 'eu-west-1';
export const ACCOUNT_ID = '000000000000';

type ContextOptions = { functionName: string; timeoutMs: number; awsRequestId?: string };

/** The handler's context. The remaining time counts from now. */
const lambdaContext = ({ functionName, timeoutMs, awsRequestId }: ContextOptions): LambdaContext => {
  const endsAt = performance.now() + timeoutMs;
  return {
    functionName,
    functionVersion: '$LATEST',
    invokedFunctionArn: `arn:aws:lambda:${REGION}:${ACCOUNT_ID}:function:${functionName}`,
    memoryLimitInMB: '512',
    awsRequestId: awsRequestId ?? randomUUID(),
    logGroupName: `/aws/lambda/${functionName}`,
    logStreamName: 'local',
    callbackWaitsForEmptyEventLoop: true,
    getRemainingTimeInMillis: () => Math.max(0, Math.round(endsAt - performance.now())),
  };
};

const asJson = (value: unknown): unknown => (value === undefined ? null : JSON.parse(JSON.stringify(value)));

/** The promise's outcome, or a rejection with `message` after `ms`. A later outcome is ignored. */
export const within = async <Value>(ms: number, promise: Promise<Value>, message: string): Promise<Value> => {
  let timer: NodeJS.Timeout | undefined;
  const over = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error(message)), ms);
  });
  try {
    return await Promise.race([promise, over]);
  } finally {
    clearTimeout(timer);
  }
};

const run = async (handler: LambdaHandler, event: unknown, context: LambdaContext): Promise<unknown> =>
  asJson(await handler(asJson(event), context));

/**
 * Calls the function and returns its result after a JSON round trip. Rejects with the handler's error, or with
 * Lambda's own message on a timeout.
 */
export const invoke = (
  { name, timeoutMs, handler }: LambdaFunction,
  event: unknown,
  awsRequestId: string = randomUUID(),
): Promise<unknown> => {
  const context = lambdaContext({ functionName: name, timeoutMs, awsRequestId });
  const timedOut = `${awsRequestId} Task timed out after ${(timeoutMs / 1000).toFixed(2)} seconds`;
  return within(timeoutMs, run(handler, event, context), timedOut);
};
