/** The parts that all loads share, and what is counted of them. */
import { type Bucket, makeBucket, retrying } from './bucket.ts';
import { type Engine, makeEngine } from './engine.ts';
import { type Lambda, makeLambda, type Refusal } from './lambda.ts';
import { makeCounts, makeSamples } from './measure.ts';
import { makePublisher, type Publisher } from './publisher.ts';
import type { Settings } from './settings.ts';
import { makeTable, partitionsOf, type Table } from './table.ts';

/** Why a request got no result. The first two are 429s of API Gateway, the next three Lambda's. */
export type Reason = 'route limit' | 'account API limit' | Refusal | 'apiKey unread' | 'table';

export interface World {
  readonly settings: Settings;
  readonly engine: Engine;
  readonly lambda: Lambda;
  readonly table: Table;
  readonly publisher: Publisher;
  /** Lets a request through API Gateway, or says which limit refuses it. */
  readonly admit: (route: 'api' | 'webhook') => Reason | undefined;
  /** Reads a parameter at a cold start, with the SDK's retries. */
  readonly readParameter: (end: (done: boolean) => void) => void;
  readonly count: ReturnType<typeof makeWorldCounts>;
  /** Over the last second: what was refused or throttled. */
  readonly noteThrottle: () => void;
  readonly throttlesSince: () => number;
}

function makeWorldCounts() {
  return {
    sends: { arrived: 0, answered: 0, accepted: 0, delivered: 0, unknown: 0, unsettled: 0 },
    refusedSends: makeCounts<Reason>(),
    callbacks: { arrived: 0, effective: 0, lookups: 0, unmatched: 0, retried: 0 },
    refusedCallbacks: makeCounts<Reason>(),
    callbackAges: makeSamples(),
    campaign: { due: 0, sent: 0 },
    campaignDelays: makeSamples(),
  };
}

/** The SDK's attempts, and its first pause after a throttled one. */
const TRIES = 3;
const PAUSE_MS = 500;

function makeGateway(engine: Engine, { deployment, account }: Settings) {
  const whole = makeBucket(engine, account.apiRate, account.apiBurst);
  const routes: Record<'api' | 'webhook', Bucket> = {
    api: makeBucket(engine, deployment.apiRate, deployment.apiBurst),
    webhook: makeBucket(engine, deployment.webhookRate, deployment.webhookBurst),
  };
  return (route: 'api' | 'webhook'): Reason | undefined => {
    if (!routes[route].take()) return 'route limit';
    return whole.take() ? undefined : 'account API limit';
  };
}

export function makeWorld(settings: Settings): World {
  const { deployment, account, times, seed } = settings;
  const engine = makeEngine(seed);
  const lambda = makeLambda(engine, { concurrency: account.concurrency, reserved: deployment.reserved });
  const parameters = makeBucket(engine, account.parameters);
  let throttles = 0;
  return {
    settings,
    engine,
    lambda,
    table: makeTable(engine, deployment),
    publisher: makePublisher(engine, lambda, {
      shards: partitionsOf(deployment.tableWrites),
      lanes: deployment.publisher.lanes,
      batchSize: deployment.publisher.batchSize,
      windowMs: deployment.publisher.windowSeconds * 1000,
      callsAtOnce: deployment.publisher.callsAtOnce,
      putEvents: account.putEvents,
      baseMs: times.publisherBaseMs,
      callMs: times.putEventsMs,
    }),
    admit: makeGateway(engine, settings),
    readParameter: (end) => retrying(engine, { take: parameters.take, tries: TRIES, pauseMs: PAUSE_MS }, end),
    count: makeWorldCounts(),
    noteThrottle: () => {
      throttles += 1;
    },
    throttlesSince: () => {
      const since = throttles;
      throttles = 0;
      return since;
    },
  };
}

/** Starts an environment and reads its parameter if it has none. `begin` gets whether the parameter is known. */
export function withEnvironment(
  { lambda, engine, readParameter, settings }: World,
  name: string,
  begin: (knowsSecret: boolean) => void,
): Refusal | undefined {
  const environment = lambda.start(name);
  if (typeof environment === 'string') return environment;
  if (environment.knowsSecret) begin(true);
  else engine.after(environment.isCold ? settings.times.coldStartMs : 0, () => readParameter(begin));
  return undefined;
}
