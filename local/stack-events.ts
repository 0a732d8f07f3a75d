/** The triggers of the functions in serverless.yml: routes, schedules, queues and streams. */
import * as z from 'zod';
import type { Route } from './gateway/routes.ts';
import type { QueueSourceOptions } from './queue-source.ts';
import type { Schedule } from './schedules.ts';
import { type Concurrency, concurrencyReference } from './stack-concurrency.ts';
import { everyMs } from './stack-schedules.ts';
import type { StreamSourceOptions } from './stream-source.ts';

/** The function that consumes a queue. Queue names are logical ids. */
export type QueueMapping = { functionName: string } & Pick<
  QueueSourceOptions,
  'queueName' | 'batchSize' | 'maximumConcurrency'
>;

/** The function that consumes the table's stream, and the queue for notes about records it gave up. */
export type StreamMapping = { functionName: string; failureQueueName: string } & Pick<
  StreamSourceOptions,
  | 'batchSize'
  | 'parallelizationFactor'
  | 'maximumRetryAttempts'
  | 'maximumRecordAgeInSeconds'
  | 'bisectBatchOnFunctionError'
>;

// Strict: an event that nothing here fires, or an option that nothing here honours, must not pass silently.
const httpApi = z.strictObject({
  method: z.string(),
  path: z.string(),
  authorizer: z.strictObject({ name: z.string() }).optional(),
});

const attributeOf = <Attribute extends string>(attribute: Attribute) =>
  z.strictObject({ 'Fn::GetAtt': z.tuple([z.string(), z.literal(attribute)]) });

const sqs = z.strictObject({
  arn: attributeOf('Arn'),
  batchSize: z.number().max(10),
  maximumConcurrency: concurrencyReference,
  functionResponseType: z.literal('ReportBatchItemFailures'),
});

const stream = z.strictObject({
  type: z.literal('dynamodb'),
  // There is only one table.
  arn: z.strictObject({ 'Fn::GetAtt': z.tuple([z.literal('Table'), z.literal('StreamArn')]) }),
  startingPosition: z.literal('TRIM_HORIZON'),
  batchSize: z.number(),
  // Not honoured: here, events follow at once.
  batchWindow: z.string(),
  parallelizationFactor: z.number(),
  bisectBatchOnFunctionError: z.boolean(),
  maximumRetryAttempts: z.number(),
  maximumRecordAgeInSeconds: z.number(),
  functionResponseType: z.literal('ReportBatchItemFailures'),
  destinations: z.strictObject({
    onFailure: z.strictObject({ type: z.literal('sqs'), arn: attributeOf('Arn') }),
  }),
});

export const functionSchema = z.object({
  handler: z.string(),
  timeout: z.number().optional(),
  memorySize: z.number().optional(),
  environment: z.record(z.string(), z.string()).optional(),
  events: z
    .array(
      z.strictObject({
        httpApi: httpApi.optional(),
        schedule: z.strictObject({ rate: z.string() }).optional(),
        sqs: sqs.optional(),
        stream: stream.optional(),
      }),
    )
    .default([]),
});

type FunctionEntry = [name: string, definition: z.output<typeof functionSchema>];

export const routesOf = ([functionName, { events }]: FunctionEntry): Route[] =>
  events.flatMap((event) => {
    if (!event.httpApi) return [];
    const { method, path, authorizer } = event.httpApi;
    return [{ method: method.toUpperCase(), path, functionName, authorizer: authorizer?.name ?? null }];
  });

export const schedulesOf = ([functionName, { events }]: FunctionEntry): Schedule[] =>
  events.flatMap(({ schedule }) => (schedule ? [{ functionName, everyMs: everyMs(schedule.rate) }] : []));

export const queuesOf = (
  [functionName, { events }]: FunctionEntry,
  concurrency: Concurrency,
): QueueMapping[] =>
  events.flatMap((event) => {
    if (!event.sqs) return [];
    const { arn, batchSize, maximumConcurrency: name } = event.sqs;
    const maximumConcurrency = concurrency[name];
    if (maximumConcurrency === undefined) throw new Error(`infra/concurrency.cjs has no ${name}`);
    return [{ functionName, queueName: arn['Fn::GetAtt'][0], batchSize, maximumConcurrency }];
  });

export const streamsOf = ([functionName, { events }]: FunctionEntry): StreamMapping[] =>
  events.flatMap((event) => {
    if (!event.stream) return [];
    const { batchSize, parallelizationFactor, maximumRetryAttempts, destinations } = event.stream;
    const { maximumRecordAgeInSeconds, bisectBatchOnFunctionError } = event.stream;
    return [
      {
        functionName,
        failureQueueName: destinations.onFailure.arn['Fn::GetAtt'][0],
        batchSize,
        parallelizationFactor,
        maximumRetryAttempts,
        maximumRecordAgeInSeconds,
        bisectBatchOnFunctionError,
      },
    ];
  });
