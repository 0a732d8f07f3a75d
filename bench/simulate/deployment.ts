/**
 * What limits a deployment, read from serverless.yml, infra/ and the code, and the same of the version before these
 * limits were computed.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { readQueues } from '../../local/aws/queues.ts';
import { readStack } from '../../local/stack.ts';
import { concurrencyOf, concurrencyParams } from '../../local/stack-concurrency.ts';
import { pauseBeforeLookup } from '../../src/lib/callbacks/unmatched-status.ts';
import { NEW_TABLE_WRITES } from './table.ts';

type QueueName = 'DeliveryQueue' | 'CallbackQueue' | 'CampaignQueue';

interface Mapping {
  readonly batchSize: number;
  readonly maximumConcurrency: number;
  readonly visibilitySeconds: number;
  readonly maxReceives: number;
}

export interface Deployment {
  readonly apiRate: number;
  readonly apiBurst: number;
  readonly webhookRate: number;
  readonly webhookBurst: number;
  /** By function, in units of concurrency. */
  readonly reserved: Readonly<Record<string, number | undefined>>;
  readonly queues: Readonly<Record<QueueName, Mapping>>;
  readonly publisher: {
    readonly batchSize: number;
    readonly windowSeconds: number;
    readonly lanes: number;
    readonly callsAtOnce: number;
  };
  readonly dueShards: number;
  readonly tableWrites: number;
  /** Pauses before the lookups of an unmatched status, in seconds; undefined: the sweeper takes `perTick` a minute, one by one. */
  readonly lookups: { readonly pauses: readonly number[] } | { readonly perTick: number };
  /** The longest that a send waits for LipaChat. */
  readonly gatewayDeadlineSeconds: number;
}

const ROOT = new URL('../../', import.meta.url);
const textOf = (file: string): string => readFileSync(new URL(file, ROOT), 'utf8');

/** The number that a source file gives to a constant. */
export function constantIn(file: string, name: string): number {
  const [, digits] = new RegExp(`const ${name} = ([\\d_]+)`).exec(textOf(file)) ?? [];
  if (digits === undefined) throw new Error(`${file} has no constant ${name}`);
  return Number(digits.replaceAll('_', ''));
}

interface Template {
  readonly params: { readonly default: Readonly<Record<string, unknown>> };
}

const readParams = () => (parse(textOf('serverless.yml')) as Template).params.default;
type ConcurrencyParams = Parameters<typeof concurrencyOf>[0];
const concurrencyDefaults = (): ConcurrencyParams => concurrencyParams.parse(readParams());
const numberOr = (value: unknown, fallback: number): number => (typeof value === 'number' ? value : fallback);

function mappingOf(name: QueueName): Mapping {
  const mapping = readStack().queues.find(({ queueName }) => queueName === name);
  const attributes = readQueues().find((queue) => queue.name === name)?.attributes ?? {};
  if (!mapping) throw new Error(`no function takes from ${name}`);
  const { batchSize, maximumConcurrency } = mapping;
  const { maxReceiveCount } = JSON.parse(attributes['RedrivePolicy'] ?? '{}') as { maxReceiveCount: number };
  return {
    batchSize,
    maximumConcurrency,
    visibilitySeconds: Number(attributes['VisibilityTimeout']),
    maxReceives: maxReceiveCount,
  };
}

/** 20, 60, 300 and 900 seconds, until the code gives a status up. */
function lookupPauses(): number[] {
  const pauses: number[] = [];
  for (;;) {
    const lookups = pauses.length;
    const pause = pauseBeforeLookup({ waKey: '', report: { status: 'sent', at: new Date(0) }, lookups });
    if (pause === undefined) return pauses;
    pauses.push(pause);
  }
}

const PUBLISH = 'src/lib/events/publish.ts';

/** The working tree, with the params of a stage that sets none. */
export function readDeployment(): Deployment {
  const params = readParams();
  const [stream] = readStack().streams;
  if (!stream) throw new Error('no function reads the stream of the table');
  const deployment: Deployment = {
    apiRate: numberOr(params['apiRate'], Number.NaN),
    apiBurst: numberOr(params['apiBurst'], Number.NaN),
    webhookRate: numberOr(params['webhookRate'], Number.NaN),
    webhookBurst: numberOr(params['webhookBurst'], Number.NaN),
    reserved: {},
    queues: {
      DeliveryQueue: mappingOf('DeliveryQueue'),
      CallbackQueue: mappingOf('CallbackQueue'),
      CampaignQueue: mappingOf('CampaignQueue'),
    },
    publisher: {
      batchSize: stream.batchSize,
      windowSeconds: numberOr(params['eventWindow'], 1),
      lanes: stream.parallelizationFactor,
      callsAtOnce: constantIn(PUBLISH, 'CALLS_AT_ONCE'),
    },
    dueShards: constantIn('src/lib/messages/dynamo-message-keys.ts', 'DUE_SHARDS'),
    tableWrites: NEW_TABLE_WRITES,
    lookups: { pauses: lookupPauses() },
    gatewayDeadlineSeconds: 20,
  };
  return withParams(deployment, {});
}

/** The values of the version before, which no file has any more. */
export function deploymentBefore(): Deployment {
  const now = readDeployment();
  const twenty = (mapping: Mapping): Mapping => ({ ...mapping, maximumConcurrency: 20 });
  const { DeliveryQueue, CallbackQueue, CampaignQueue } = now.queues;
  return {
    ...now,
    apiRate: 1_000,
    apiBurst: 2_000,
    webhookRate: 1_000,
    webhookBurst: 3_000,
    reserved: {},
    queues: {
      DeliveryQueue: twenty(DeliveryQueue),
      CallbackQueue: twenty(CallbackQueue),
      CampaignQueue: twenty(CampaignQueue),
    },
    publisher: { ...now.publisher, lanes: 2, callsAtOnce: 1 },
    dueShards: 4,
    tableWrites: NEW_TABLE_WRITES,
    lookups: { perTick: 300 },
  };
}

/** The same with other params of infra/concurrency.cjs. */
export function withParams(deployment: Deployment, given: Partial<ConcurrencyParams>): Deployment {
  const { deliveries, callbacks, campaigns } = concurrencyOf({ ...concurrencyDefaults(), ...given });
  const { DeliveryQueue, CallbackQueue, CampaignQueue } = deployment.queues;
  const sized = (mapping: Mapping, units: number | undefined): Mapping => ({
    ...mapping,
    maximumConcurrency: units ?? mapping.maximumConcurrency,
  });
  return {
    ...deployment,
    queues: {
      DeliveryQueue: sized(DeliveryQueue, deliveries),
      CallbackQueue: sized(CallbackQueue, callbacks),
      CampaignQueue: sized(CampaignQueue, campaigns),
    },
  };
}
