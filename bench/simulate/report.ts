/** The figures of a run, for people and for pages. */
import type { QueueResult, Result } from './run.ts';

export interface Figures {
  readonly sends: {
    readonly arrived: number;
    readonly answered: number;
    readonly refused: number;
    readonly why: string;
  };
  readonly callbacks: {
    readonly arrived: number;
    readonly refused: number;
    readonly why: string;
    readonly ageP99Seconds: number;
  };
  readonly campaign: { readonly due: number; readonly sent: number; readonly lateP99Seconds: number };
  readonly events: { readonly ageP99Seconds: number };
  /** Gave up after the last receive. */
  readonly dead: number;
  readonly goals: { readonly noLoss: boolean; readonly callbacksInTime: boolean };
}

/** The goal of the callbacks’ age, from arrival to effect. */
const GOAL_SECONDS = 60;

/** By reason, the most frequent first. */
function reasons(counts: ReadonlyMap<string, number>): string {
  return [...counts]
    .toSorted(([, a], [, b]) => b - a)
    .map(([reason, count]) => `${reason} ${number(count)}`)
    .join(', ');
}

export function figuresOf({ count, queues, publisher }: Result): Figures {
  const { sends, callbacks, refusedSends, refusedCallbacks, campaign } = count;
  const dead = Object.values(queues).reduce((sum, queue) => sum + queue.dead, 0);
  // What still waits is as old as it is, and no sample yet.
  const waitingMs = queues.callbacks.left > 0.01 * callbacks.arrived ? queues.callbacks.maxMs : 0;
  const ageP99Seconds = Math.max(count.callbackAges.quantile(0.99) || 0, waitingMs) / 1000;
  return {
    sends: {
      arrived: sends.arrived,
      answered: sends.answered + sends.accepted,
      refused: refusedSends.total(),
      why: reasons(refusedSends.all()),
    },
    callbacks: {
      arrived: callbacks.arrived,
      refused: refusedCallbacks.total(),
      why: reasons(refusedCallbacks.all()),
      ageP99Seconds,
    },
    campaign: {
      due: campaign.due,
      sent: campaign.sent,
      lateP99Seconds: count.campaignDelays.quantile(0.99) / 1000,
    },
    events: { ageP99Seconds: publisher.ages.quantile(0.99) / 1000 },
    dead,
    goals: {
      noLoss: dead === 0 && refusedCallbacks.total() === 0,
      callbacksInTime: ageP99Seconds < GOAL_SECONDS,
    },
  };
}

export const number = (value: number): string => Math.round(value).toLocaleString('en-US');
export const seconds = (value: number): string =>
  Number.isNaN(value) ? '–' : `${value < 10 ? value.toFixed(1) : number(value)} s`;
const ms = (value: number): string => seconds(value / 1000);
const yesNo = (isMet: boolean): string => (isMet ? 'yes' : 'NO');

const queueRow = (name: string, { sent, done, dead, left, throttled, ...waits }: QueueResult): string[] => [
  name,
  ...[sent, done, left, dead, throttled].map(number),
  ...[waits.p50Ms, waits.p99Ms, waits.maxMs].map(ms),
];

/** Columns as wide as their longest cell, numbers to the right. */
function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = (rows[0] ?? []).map((_, column) => Math.max(...rows.map((row) => row[column]?.length ?? 0)));
  return rows.map((row) =>
    row.map((cell, n) => (n === 0 ? cell.padEnd(widths[n] ?? 0) : cell.padStart(widths[n] ?? 0))).join('  '),
  );
}

/** What `npm run simulate` prints. */
export function reportOf(result: Result): string {
  const { settings, count, queues, publisher, peaks, tableThrottles } = result;
  const { sends, callbacks, campaign, events, dead, goals } = figuresOf(result);
  const { load, account } = settings;
  const why = (text: string) => (text === '' ? '' : ` (${text})`);
  return [
    `${number(load.sends)} sends/s, ${load.callbacks} callbacks each, LipaChat at ${load.latencySeconds} s, ` +
      `${load.seconds} s after a ramp of ${load.rampSeconds} s, concurrency ${number(account.concurrency)}`,
    '',
    `sends arrived      ${number(sends.arrived)}`,
    `  answered         ${number(sends.answered)}`,
    `  refused          ${number(sends.refused)}${why(sends.why)}`,
    `  unknown outcome  ${number(count.sends.unknown)}`,
    `  settled late     ${number(count.sends.unsettled)} (a throttled write; the watch of the lease settles them)`,
    `callbacks arrived  ${number(callbacks.arrived)}`,
    `  refused          ${number(callbacks.refused)}${why(callbacks.why)}`,
    `  age p99          ${seconds(callbacks.ageP99Seconds)} from arrival to effect`,
    ...(campaign.due > 0
      ? [
          `campaign           ${number(campaign.sent)} of ${number(campaign.due)} sent, late by ${seconds(campaign.lateP99Seconds)} (p99)`,
        ]
      : []),
    `events             ${number(publisher.counts.published)}, age p99 ${seconds(events.ageP99Seconds)}, throttled ${number(publisher.counts.throttled)}`,
    `table              ${number(tableThrottles)} throttled writes`,
    `dead letters       ${number(dead)}`,
    '',
    ...aligned([
      ['queue', 'sent', 'done', 'left', 'dead', 'throttled', 'age p50', 'p99', 'max'],
      ...Object.entries(queues).map(([name, queue]) => queueRow(name, queue)),
    ]),
    '',
    `peak concurrency: ${[...peaks].map(([name, peak]) => `${name} ${number(peak)}`).join(', ')}`,
    '',
    `no loss: ${yesNo(goals.noLoss)}`,
    `callbacks' age p99 under ${GOAL_SECONDS} s: ${yesNo(goals.callbacksInTime)}`,
  ].join('\n');
}
