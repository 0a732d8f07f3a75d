/** The command line of `npm run simulate`. */
import { parseArgs } from 'node:util';
import { type Deployment, deploymentBefore, readDeployment, withParams } from './deployment.ts';
import { type Settings, settingsOf } from './settings.ts';

/** A wrong command line; the message names the flag. */
export class BadArgument extends Error {}

interface Flag {
  readonly help: string;
  readonly least: number;
  readonly most: number;
  readonly isWhole?: true;
}

const perSecond = (help: string): Flag => ({ help, least: 0, most: 20_000 });
const share = (help: string): Flag => ({ help, least: 0, most: 1 });
const units = (help: string): Flag => ({ help, least: 1, most: 100_000, isWhole: true });

const FLAGS = {
  sends: perSecond('sends a second (default 1000)'),
  latency: { help: 'LipaChat’s time for a call, in seconds (0.8)', least: 0.001, most: 60 },
  callbacks: { help: 'callbacks for each send (3)', least: 0, most: 20, isWhole: true },
  unmatched: perSecond('statuses a second that match no message (0)'),
  campaign: perSecond('recipients a second of a campaign (0)'),
  queue: share('share of the sends that are accepted with a 202 and sent by the worker (0)'),
  direct: share('share of the sends that invoke the function, past the API (0)'),
  seconds: { help: 'length of the load (300)', least: 1, most: 3_600, isWhole: true },
  ramp: { help: 'seconds in which the load grows from nothing (60)', least: 0, most: 3_600 },
  seed: { help: 'of the random numbers (1)', least: 0, most: 4_294_967_295, isWhole: true },
  concurrency: units('the account’s concurrent executions (1000)'),
  parameters: units('GetParameter calls a second (40)'),
  'put-events': units('events a second that EventBridge takes (10000)'),
  'api-rate': units('param apiRate; its burst is twice that'),
  'webhook-rate': units('param webhookRate; its burst is three times that'),
  'table-writes': units('param tableWrites (4000)'),
  numbers: units('param numbers'),
  'slowest-send': { help: 'param slowestSend', least: 1, most: 30 },
  'send-concurrency': units('param sendConcurrency'),
  'callback-concurrency': units('param callbackConcurrency'),
  'webhook-concurrency': units('param webhookConcurrency'),
} as const satisfies Record<string, Flag>;

/** What the local system carries on two cores. */
const LOCAL_SENDS = 10;

type FlagName = keyof typeof FLAGS;
type Given = Partial<Record<FlagName, number>>;

const SWITCHES = {
  before: 'the version before the limits were computed',
  'against-local': 'runs the local system at a fraction of the load and compares',
  json: 'prints the figures as JSON',
  help: 'prints this',
} as const;

export type Arguments =
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'local'; readonly sends: number }
  | {
      readonly kind: 'run';
      readonly settings: Settings;
      readonly isBefore: boolean;
      readonly isJson: boolean;
    };

const isFlag = (name: string): name is FlagName => name in FLAGS;

function numberOf(name: FlagName, text: string): number {
  const { least, most, ...flag }: Flag = FLAGS[name];
  const value = text.trim() === '' ? Number.NaN : Number(text);
  const isWhole = flag.isWhole ?? false;
  if (!Number.isFinite(value) || value < least || value > most || (isWhole && !Number.isInteger(value)))
    throw new BadArgument(
      `--${name} must be a ${isWhole ? 'whole ' : ''}number from ${least} to ${most}, not "${text}"`,
    );
  return value;
}

function parsed(args: readonly string[]): { values: Record<string, string | boolean | undefined> } {
  const options = Object.fromEntries([
    ...Object.keys(FLAGS).map((name) => [name, { type: 'string' }] as const),
    ...Object.keys(SWITCHES).map((name) => [name, { type: 'boolean' }] as const),
  ]);
  try {
    return parseArgs({ args: [...args], options }) as {
      values: Record<string, string | boolean | undefined>;
    };
  } catch (error) {
    // Node's message names the flag.
    throw new BadArgument(error instanceof Error ? error.message : String(error));
  }
}

/** Throws BadArgument. */
export function readArguments(args: readonly string[]): Arguments {
  const { values } = parsed(args);
  if (values['help']) return { kind: 'help', text: helpText() };
  const given: Given = {};
  for (const [name, text] of Object.entries(values))
    if (isFlag(name) && typeof text === 'string') given[name] = numberOf(name, text);
  if (values['against-local']) return { kind: 'local', sends: given.sends ?? LOCAL_SENDS };
  const isBefore = values['before'] === true;
  return { kind: 'run', settings: settingsFor(given, isBefore), isBefore, isJson: values['json'] === true };
}

/** Leaves out what was not given. */
function present<Values extends Record<string, number | undefined>>(values: Values) {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<keyof Values, number>;
}

function settingsFor(given: Given, isBefore: boolean): Settings {
  const { concurrency, parameters } = given;
  const isCampaignOnly = given.sends === undefined && given.campaign !== undefined;
  return settingsOf({
    deployment: deploymentFor(given, isBefore),
    account: present({ concurrency, parameters, putEvents: given['put-events'] }),
    load: {
      ...present({
        sends: given.sends ?? (isCampaignOnly ? 0 : 1_000),
        latencySeconds: given.latency,
        callbacks: given.callbacks,
        unmatched: given.unmatched,
        campaign: given.campaign,
        queueShare: given.queue,
        directShare: given.direct,
        seconds: given.seconds,
        rampSeconds: given.ramp,
      }),
    },
    seed: given.seed ?? 1,
  });
}

/** Params that the version before did not have. */
const NEW_PARAMS: readonly FlagName[] = [
  'numbers',
  'slowest-send',
  'table-writes',
  'send-concurrency',
  'callback-concurrency',
];

function deploymentFor(given: Given, isBefore: boolean): Deployment {
  const unknown = isBefore && NEW_PARAMS.find((name) => given[name] !== undefined);
  if (unknown) throw new BadArgument(`--${unknown} is a param that the version of --before does not have`);
  const base = isBefore ? deploymentBefore() : readDeployment();
  const { numbers } = given;
  const sized = isBefore
    ? base
    : withParams(
        base,
        present({ numbers, slowestSend: given['slowest-send'], accountConcurrency: given.concurrency }),
      );
  const [api, webhook] = [given['api-rate'], given['webhook-rate']];
  return {
    ...sized,
    ...(api === undefined ? {} : { apiRate: api, apiBurst: 2 * api }),
    ...(webhook === undefined ? {} : { webhookRate: webhook, webhookBurst: 3 * webhook }),
    tableWrites: given['table-writes'] ?? sized.tableWrites,
    reserved: present({
      sendFlow: given['send-concurrency'],
      callbacks: given['callback-concurrency'],
      webhook: given['webhook-concurrency'],
    }),
  };
}

function helpText(): string {
  const rows = [
    ...Object.entries(FLAGS).map(([name, { help }]) => [`--${name} N`, help] as const),
    ...Object.entries(SWITCHES).map(([name, help]) => [`--${name}`, help] as const),
  ];
  return [
    'npm run simulate -- [flags]',
    '',
    ...rows.map(([flag, help]) => `  ${flag.padEnd(26)}${help}`),
  ].join('\n');
}
