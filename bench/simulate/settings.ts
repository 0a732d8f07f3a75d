/** What a run is of: a deployment, an account, a load, and how long each part takes. */
import { type Deployment, readDeployment } from './deployment.ts';
import type { Polling } from './queue.ts';

/** Quotas of the account in its region. The defaults are AWS's. */
export interface Account {
  readonly concurrency: number;
  /** Requests a second through API Gateway, and at once. */
  readonly apiRate: number;
  readonly apiBurst: number;
  /** GetParameter calls a second. */
  readonly parameters: number;
  /** Events a second. */
  readonly putEvents: number;
}

export interface Load {
  /** Sends a second, once the ramp is over. */
  readonly sends: number;
  /** Of the sends: accepted with a 202 and sent by the worker; called directly, not through the API. */
  readonly queueShare: number;
  readonly directShare: number;
  /** LipaChat's time for a call. */
  readonly latencySeconds: number;
  /** Callbacks for each send. */
  readonly callbacks: number;
  /** Statuses a second that match no message at any lookup. */
  readonly unmatched: number;
  /** Recipients a second of a campaign. */
  readonly campaign: number;
  readonly seconds: number;
  /** Over so many seconds the load grows from nothing. */
  readonly rampSeconds: number;
  /** Instead of random times: when sends arrive, in ms. */
  readonly trace?: { readonly answered: readonly number[]; readonly accepted: readonly number[] };
}

/**
 * How long each part takes, in milliseconds, without waiting. On AWS these are assumptions: those of docs/cost.md, and of
 * docs/performance.md where it measures them.
 */
export interface Times {
  /** The spread of LipaChat's time: the standard deviation of its logarithm. */
  readonly latencySpread: number;
  readonly sendOverheadMs: number;
  /** A send that is only accepted. */
  readonly acceptMs: number;
  readonly webhookMs: number;
  /** A batch of callbacks: this, and so much for each. */
  readonly callbacksBaseMs: number;
  readonly callbackMs: number;
  /** Of a batch of sends in the worker: so much for each more, since one environment has a part of one CPU. */
  readonly workerBaseMs: number;
  readonly workerJobMs: number;
  readonly watchMs: number;
  readonly coldStartMs: number;
  readonly publisherBaseMs: number;
  readonly putEventsMs: number;
  /** From the start of a send to the callback of each status, as a mean. */
  readonly callbackDelaysMs: readonly number[];
  /** Whether the delays are random (exponential) or always the mean. */
  readonly isDelayRandom: boolean;
  readonly polling: Polling | undefined;
}

export interface Settings {
  readonly deployment: Deployment;
  readonly account: Account;
  readonly load: Load;
  readonly times: Times;
  readonly seed: number;
}

export const ACCOUNT: Account = {
  concurrency: 1_000,
  apiRate: 10_000,
  apiBurst: 5_000,
  parameters: 40,
  putEvents: 10_000,
};

export const LOAD: Load = {
  sends: 0,
  queueShare: 0,
  directShare: 0,
  latencySeconds: 0.8,
  callbacks: 3,
  unmatched: 0,
  campaign: 0,
  seconds: 300,
  rampSeconds: 60,
};

export const TIMES: Times = {
  latencySpread: 0.25,
  sendOverheadMs: 25,
  acceptMs: 20,
  webhookMs: 10,
  callbacksBaseMs: 37.5,
  callbackMs: 12.5,
  workerBaseMs: 25,
  workerJobMs: 33,
  watchMs: 30,
  coldStartMs: 310,
  publisherBaseMs: 30,
  putEventsMs: 20,
  callbackDelaysMs: [500, 2_000, 8_000],
  isDelayRandom: true,
  polling: undefined,
};

/** Settings with the defaults for all that is left out. */
export function settingsOf(given: {
  readonly deployment?: Deployment;
  readonly account?: Partial<Account>;
  readonly load: Partial<Load>;
  readonly times?: Partial<Times>;
  readonly seed?: number;
}): Settings {
  return {
    deployment: given.deployment ?? readDeployment(),
    account: { ...ACCOUNT, ...given.account },
    load: { ...LOAD, ...given.load },
    times: { ...TIMES, ...given.times },
    seed: given.seed ?? 1,
  };
}
