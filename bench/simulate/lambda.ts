/**
 * Lambda: the account's concurrency, reserved concurrency, the request rate of ten a second for each unit of concurrency,
 * the scaling rate of a function, and cold starts.
 */
import { type Bucket, makeBucket } from './bucket.ts';
import type { Engine } from './engine.ts';

export type Refusal = 'concurrency' | 'request rate' | 'scaling rate';

/** A started environment. `isCold`: it still has to start. `knowsSecret`: it has read its parameter before. */
export interface Environment {
  readonly isCold: boolean;
  readonly knowsSecret: boolean;
}

export interface LambdaOptions {
  readonly concurrency: number;
  /** By function; undefined: the function shares what is not reserved. */
  readonly reserved: Readonly<Record<string, number | undefined>>;
}

/** New environments of a function: 1,000 every 10 seconds, refilled continuously. */
export const SCALING = { environments: 1_000, seconds: 10 } as const;
/** Requests a second for each unit of concurrency. */
export const REQUESTS_PER_UNIT = 10;

interface State {
  running: number;
  peak: number;
  /** Idle environments, with their secret and without. */
  readonly idle: { knowing: number; blank: number };
  readonly scaling: Bucket;
  readonly own: Pool | undefined;
}

interface Pool {
  readonly limit: number;
  running: number;
  readonly requests: Bucket;
}

export type Lambda = ReturnType<typeof makeLambda>;

export function makeLambda(engine: Engine, { concurrency, reserved }: LambdaOptions) {
  const states = new Map<string, State>();
  const poolOf = (limit: number): Pool => ({
    limit,
    running: 0,
    requests: makeBucket(engine, REQUESTS_PER_UNIT * limit),
  });
  const taken = Object.values(reserved).reduce<number>((sum, units) => sum + (units ?? 0), 0);
  const shared = poolOf(Math.max(0, concurrency - taken));

  function stateOf(name: string): State {
    const known = states.get(name);
    if (known) return known;
    const units = reserved[name];
    const state: State = {
      running: 0,
      peak: 0,
      idle: { knowing: 0, blank: 0 },
      scaling: makeBucket(engine, SCALING.environments / SCALING.seconds, SCALING.environments),
      own: units === undefined ? undefined : poolOf(units),
    };
    states.set(name, state);
    return state;
  }

  function takeEnvironment({ idle, scaling }: State): Environment | undefined {
    if (idle.knowing > 0) {
      idle.knowing -= 1;
      return { isCold: false, knowsSecret: true };
    }
    if (idle.blank > 0) {
      idle.blank -= 1;
      return { isCold: false, knowsSecret: false };
    }
    return scaling.take() ? { isCold: true, knowsSecret: false } : undefined;
  }

  /** Starts an invocation, or says why Lambda throttles it. Call `end` when it is over. */
  function start(name: string): Environment | Refusal {
    const state = stateOf(name);
    const pool = state.own ?? shared;
    if (pool.running >= pool.limit) return 'concurrency';
    if (!pool.requests.take()) return 'request rate';
    const environment = takeEnvironment(state);
    if (!environment) return 'scaling rate';
    pool.running += 1;
    state.running += 1;
    state.peak = Math.max(state.peak, state.running);
    return environment;
  }

  function end(name: string, knowsSecret = true): void {
    const state = stateOf(name);
    (state.own ?? shared).running -= 1;
    state.running -= 1;
    state.idle[knowsSecret ? 'knowing' : 'blank'] += 1;
  }

  return {
    start,
    end,
    running: (name: string) => stateOf(name).running,
    peaks: () => new Map([...states].map(([name, { peak }]) => [name, peak])),
  };
}
