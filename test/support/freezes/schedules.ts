/** A life of a Lambda environment: loaded, frozen, thawed for an event, frozen again, and reclaimed in the end. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { RunChance } from '../fleet/chance.ts';
import { definitionOf } from '../worker.ts';
import { type LambdaEnvironment, type Outcome, type Stop, startEnvironment } from './environment.ts';
import { added, metricsIn } from './metrics.ts';
import { LOSSES, type Loss, wired } from './wires.ts';

export type Freeze = {
  /** When the process stops. */
  stop: Stop;
  ms: number;
  loss: Loss;
  /** The event arrives while the process is still frozen, or right after the thaw. */
  event: 'before the thaw' | 'after the thaw';
};

/** One freeze before each event; the process is reclaimed in the one after the last. */
export type Schedule = { freezes: readonly Freeze[]; last: Stop };

/** An event, and what must have come of it. */
export type Happening = {
  event: unknown;
  /** What is wrong about the outcome that a caller sees; undefined if it is right. */
  faultOf: (outcome: Outcome) => string | undefined;
  /** The metrics that it must leave. */
  metrics: Record<string, number>;
  /** What is wrong in the world afterwards. */
  effects: () => Promise<string | undefined>;
};

const SHORTEST_MS = 200;
const LONGEST_MS = Number(process.env['FREEZES_LONGEST_MS'] ?? 3_000);
const EVENTS = 2;
/** Two of three freezes are short. */
const SHORT_MS = 1_000;

const stopBy = ({ between, pick }: RunChance): Stop => {
  const turns = pick([0, 0, 1, between(2, 6)]);
  return { turns, ms: turns < 2 ? 0 : between(0, 12) };
};

const freezeBy = (random: RunChance): Freeze => ({
  stop: stopBy(random),
  ms: random.between(SHORTEST_MS, random.happens(2 / 3) ? SHORT_MS : LONGEST_MS),
  loss: random.pick(LOSSES),
  event: random.pick(['before the thaw', 'after the thaw']),
});

/** Drawn before any of them runs, so that a seed gives the same ones again. */
export const schedulesBy = (random: RunChance, count: number): Schedule[] =>
  Array.from({ length: count }, () => ({
    freezes: Array.from({ length: EVENTS }, () => freezeBy(random)),
    last: stopBy(random),
  }));

export type ScheduleRun = {
  functionName: string;
  environment: Record<string, string>;
  schedule: Schedule;
  happening: () => Promise<Happening>;
};

/** Loading takes all of a core, and would slow down the others beyond the time limits of their calls. */
const LOADED_AT_ONCE = 2;
const loading = new Set<Promise<unknown>>();

const startInTurn = async (...args: Parameters<typeof startEnvironment>): Promise<LambdaEnvironment> => {
  while (loading.size >= LOADED_AT_ONCE) await Promise.race(loading);
  const started = startEnvironment(...args);
  loading.add(started);
  return started.finally(() => loading.delete(started));
};

/** Runs one: what went wrong, in words, and what the process wrote. */
export const runSchedule = async (run: ScheduleRun): Promise<{ faults: string[]; output: string }> => {
  const { freezes, last } = run.schedule;
  const happenings = await Promise.all(freezes.map(() => run.happening()));
  const net = await wired(run.environment);
  const [first] = freezes;
  const lambda = await startInTurn(definitionOf(run.functionName), net.environment, first?.stop ?? last);
  const faults: string[] = [];
  for (const [n, { ms, loss, event: when }] of freezes.entries()) {
    const happening = happenings[n];
    if (!happening) continue;
    await lambda.frozen();
    if (n === 0 && net.connections() > 0) faults.push('connections were begun at init');
    net.lose(loss);
    await sleep(ms);
    if (when === 'after the thaw') lambda.thaw();
    const answered = lambda.invoke(happening.event, freezes[n + 1]?.stop ?? last);
    lambda.thaw();
    const outcome = await answered;
    const fault = happening.faultOf(outcome);
    if (fault) faults.push(`event ${n + 1}: ${fault}`);
  }
  await lambda.frozen();
  const output = await lambda.reclaim();
  net.close();
  const wrong = [...faults, ...(await aftermath(happenings, output))];
  return { faults: wrong.length === 0 ? [] : [...wrong, ...errorsIn(output)], output };
};

/** What the process has logged about faults. */
const errorsIn = (output: string): string[] =>
  output.split('\n').filter((line) => line.includes('"level":"ERROR"') || line.includes('"level":"WARN"'));

/** What is missing in the end: effects, and metrics. */
const aftermath = async (happenings: readonly Happening[], output: string): Promise<string[]> => {
  const effects = await Promise.all(happenings.map(({ effects: of }) => of()));
  const wanted = added(happenings.map(({ metrics }) => metrics));
  const printed = metricsIn(output);
  const names = [...new Set([...Object.keys(wanted), ...Object.keys(printed)])];
  const wrong = names.filter((name) => (wanted[name] ?? 0) !== (printed[name] ?? 0));
  return [
    ...effects.filter((effect) => effect !== undefined),
    ...wrong.map((name) => `metric ${name}: ${printed[name] ?? 0} printed, ${wanted[name] ?? 0} happened`),
  ];
};
