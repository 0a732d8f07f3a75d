/** The runs that docs/capacity.md shows. */
import { type Deployment, deploymentBefore, readDeployment, withParams } from './deployment.ts';
import { type Account, type Load, type Settings, settingsOf, type Times } from './settings.ts';

export interface Scenario {
  readonly title: string;
  /** Params and quotas that differ from the defaults. */
  readonly with: string;
  readonly settings: Settings;
}

interface Given {
  readonly deployment: Deployment;
  readonly account?: Partial<Account>;
  readonly load: Partial<Load>;
  readonly times?: Partial<Times>;
}

const scenario = (title: string, given: string, settings: Given): Scenario => ({
  title,
  with: given,
  settings: settingsOf(settings),
});

const FULL: Partial<Load> = { sends: 1_000, callbacks: 3, latencySeconds: 0.8, seconds: 90 };
/** Thirteen numbers of 80 messages a second. */
const NUMBERS = 13;
const CONCURRENCY = 2_000;
const RATES = { apiRate: 1_500, apiBurst: 3_000, webhookRate: 4_500, webhookBurst: 9_000 };
const TABLE_WRITES = 8_000;

const now = readDeployment();
const before = deploymentBefore();
const sized = withParams(now, { numbers: NUMBERS, accountConcurrency: CONCURRENCY });
const raised: Deployment = { ...sized, ...RATES, tableWrites: TABLE_WRITES };
const account = { concurrency: CONCURRENCY };

/** What 1,000 sends a second need, in words. */
export const RAISED: readonly string[] = [
  `- params: \`numbers: ${NUMBERS}\`, \`accountConcurrency: ${CONCURRENCY}\`, \`apiRate: ${RATES.apiRate}\`, \`apiBurst: ${RATES.apiBurst}\`, \`webhookRate: ${RATES.webhookRate}\`,`,
  `  \`webhookBurst: ${RATES.webhookBurst}\`, and \`tableThroughput\` and \`indexThroughput\` with \`WriteUnitsPerSecond: ${TABLE_WRITES}\``,
  `- quota: ${CONCURRENCY} concurrent executions`,
];

export const COMMITTED = scenario('1,000 sends/s, raised', 'raised', {
  deployment: raised,
  account,
  load: FULL,
});

export const AT_FULL_LOAD: readonly Scenario[] = [
  scenario('as shipped, 300 sends/s', 'defaults', { deployment: now, load: { ...FULL, sends: 300 } }),
  scenario('as shipped', 'defaults', { deployment: now, load: FULL }),
  COMMITTED,
  scenario('a new table', 'raised, without the two throughputs', {
    deployment: { ...raised, tableWrites: now.tableWrites },
    account,
    load: FULL,
  }),
  scenario('all at once', 'raised, without a ramp', {
    deployment: raised,
    account,
    load: { ...FULL, rampSeconds: 0 },
  }),
  scenario('all at once, faster parameters', 'raised, no ramp, 1,000 GetParameter calls a second', {
    deployment: raised,
    account: { ...account, parameters: 1_000 },
    load: { ...FULL, rampSeconds: 0 },
  }),
  scenario('the version before', 'the same quotas, rates and table', {
    deployment: { ...before, ...RATES, tableWrites: TABLE_WRITES },
    account,
    load: { ...FULL, seconds: 150 },
  }),
  scenario('the version before, a new table', 'the same quotas and rates', {
    deployment: { ...before, ...RATES },
    account,
    load: FULL,
  }),
];

/** Every call of LipaChat ends at the deadline. */
const hanging = (sends: number): Partial<Load> => ({
  sends,
  latencySeconds: 30,
  seconds: 120,
  rampSeconds: 10,
});
const RESERVED = { sendFlow: 600, webhook: 50, callbacks: 50 };

export const HANGING_GATEWAY: readonly (readonly [Scenario, Scenario])[] = [50, 75].map((sends) => [
  scenario(`${sends} sends/s`, 'before', { deployment: before, load: hanging(sends) }),
  scenario(`${sends} sends/s`, 'now', { deployment: { ...now, reserved: RESERVED }, load: hanging(sends) }),
]);

const campaign = (latencySeconds: number): Partial<Load> => ({
  campaign: 72,
  latencySeconds,
  seconds: 180,
  rampSeconds: 0,
});
/** Each call takes the same: the params’ own figure for a slow LipaChat. */
const STEADY = { latencySpread: 0 };

export const CAMPAIGNS: readonly (readonly [Scenario, Scenario])[] = [2.8, 10].map((seconds) => [
  scenario(`${seconds} s`, 'before', { deployment: before, load: campaign(seconds), times: STEADY }),
  scenario(`${seconds} s`, 'now', { deployment: now, load: campaign(seconds), times: STEADY }),
]);
/** As above, with LipaChat's time spread as in the other runs. */
export const SPREAD_CAMPAIGN = scenario('10 s on average', 'now', { deployment: now, load: campaign(10) });

export const UNMATCHED = {
  before: { perSecond: 5, perTick: 300, minutes: 60 },
  after: scenario('1,000 unmatched statuses a second', 'raised', {
    deployment: raised,
    account,
    load: { sends: 0, unmatched: 1_000, seconds: 60 },
  }),
} as const;

const due = (deployment: Deployment): Scenario =>
  scenario('2,500 accepted sends a second', 'raised', {
    deployment: {
      ...raised,
      dueShards: deployment.dueShards,
      apiRate: 3_000,
      apiBurst: 6_000,
      webhookRate: 10_000,
      webhookBurst: 20_000,
      tableWrites: 40_000,
    },
    account: { concurrency: 10_000, parameters: 1_000 },
    load: { sends: 2_500, queueShare: 1, callbacks: 0, seconds: 60, rampSeconds: 30 },
  });
export const ACCEPTED = { before: due(before), after: due(now) } as const;

export const NEW_ACCOUNT: readonly Scenario[] = [5, 10].map((sends) =>
  scenario(`${sends} sends/s`, 'concurrency 10', {
    deployment: withParams(now, { accountConcurrency: 10 }),
    account: { concurrency: 10 },
    load: { sends, seconds: 120, rampSeconds: 10 },
  }),
);
