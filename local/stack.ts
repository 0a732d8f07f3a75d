/** Reads from serverless.yml what the local system and the tests need. */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import * as z from 'zod';
import type { AuthorizerDefinition } from './gateway/authorizer.ts';
import type { Route } from './gateway/routes.ts';
import type { Schedule } from './schedules.ts';
import { concurrencyOf, concurrencyParams } from './stack-concurrency.ts';
import {
  functionSchema,
  type QueueMapping,
  queuesOf,
  routesOf,
  type StreamMapping,
  schedulesOf,
  streamsOf,
} from './stack-events.ts';
import { readSchedules } from './stack-schedules.ts';

export type FunctionDefinition = {
  name: string;
  /** As in the file, for example dist/sendFlow.handler */
  handler: string;
  timeoutMs: number;
  /** This function's own variables. `npm start` has one process, so it ignores them. */
  environment?: Record<string, string>;
};

type StackFunction = FunctionDefinition & { memoryMb: number };

export type StackEnvironment = {
  TABLE_NAME: string;
  DELIVERY_QUEUE_URL: string;
  CALLBACK_QUEUE_URL: string;
  CAMPAIGN_QUEUE_URL: string;
  PLAN_QUEUE_URL: string;
  RECIPIENTS_BUCKET: string;
  EVENT_BUS_NAME: string;
  API_KEY_PARAMETER: string;
  WEBHOOK_SECRET_PARAMETER: string;
  ERASURE_KEY_PARAMETER: string;
  [name: string]: string;
};

export type Stack = {
  /** The variables of stage `local` for every function, with the ports of the file. */
  environment: StackEnvironment;
  functions: Record<string, StackFunction>;
  routes: Route[];
  authorizers: Record<string, AuthorizerDefinition>;
  schedules: Schedule[];
  queues: QueueMapping[];
  streams: StreamMapping[];
};

const authorizer = z.object({
  functionName: z.string(),
  identitySource: z.array(z.string()),
  resultTtlInSeconds: z.number().default(0),
  // The local gateway supports only this form of response.
  enableSimpleResponses: z.literal(true),
  payloadVersion: z.literal('2.0'),
});

const environment = z
  .object({
    TABLE_NAME: z.string(),
    DELIVERY_QUEUE_URL: z.string(),
    CALLBACK_QUEUE_URL: z.string(),
    CAMPAIGN_QUEUE_URL: z.string(),
    PLAN_QUEUE_URL: z.string(),
    RECIPIENTS_BUCKET: z.string(),
    EVENT_BUS_NAME: z.string(),
    API_KEY_PARAMETER: z.string(),
    WEBHOOK_SECRET_PARAMETER: z.string(),
    ERASURE_KEY_PARAMETER: z.string(),
  })
  .catchall(z.string());

const serverless = z.object({
  params: z.object({
    default: concurrencyParams,
    local: concurrencyParams.partial().extend({ environment }),
  }),
  provider: z.object({
    timeout: z.number(),
    memorySize: z.number(),
    httpApi: z.object({ authorizers: z.record(z.string(), authorizer) }),
  }),
  functions: z.record(z.string(), functionSchema),
});

/** Reads serverless.yml. Throws, naming the place, if the file has something without a local counterpart. */
export const readStack = (): Stack => {
  const source = readFileSync(new URL('../serverless.yml', import.meta.url), 'utf8');
  const { params, provider, functions } = serverless.parse(parse(source));
  const entries = Object.entries(functions);
  const concurrency = concurrencyOf(concurrencyParams.parse({ ...params.default, ...params.local }));
  const definitions = entries.map(([name, { handler, timeout, memorySize, environment: own }]) => {
    const timeoutMs = (timeout ?? provider.timeout) * 1000;
    const memoryMb = memorySize ?? provider.memorySize;
    return [name, { name, handler, timeoutMs, memoryMb, ...(own ? { environment: own } : {}) }] as const;
  });
  return {
    environment: params.local.environment,
    functions: Object.fromEntries(definitions),
    routes: entries.flatMap(routesOf),
    authorizers: provider.httpApi.authorizers,
    schedules: [...readSchedules(), ...entries.flatMap(schedulesOf)],
    queues: entries.flatMap((entry) => queuesOf(entry, concurrency)),
    streams: entries.flatMap(streamsOf),
  };
};
