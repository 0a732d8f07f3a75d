/** The tables of simulated runs in docs/capacity.md. */

import { number as count, figuresOf, seconds } from '../../bench/simulate/report.ts';
import { type Result, simulate } from '../../bench/simulate/run.ts';
import * as scenarios from '../../bench/simulate/scenarios.ts';
import { sweeperBacklog } from '../../bench/simulate/unmatched.ts';
import { PAUSES_S } from '../../src/lib/callbacks/unmatched-status.ts';
import {
  before,
  callbackBatchSeconds,
  now,
  PARTITION_WRITES,
  PER_SEND,
  publisherRate,
  queueRate,
  rough,
  scanRate,
  sendBatchSeconds,
} from './facts.ts';

const percent = (part: number, whole: number): string =>
  whole === 0 ? '–' : `${((100 * part) / whole).toFixed(part > 0 && part / whole < 0.1 ? 1 : 0)} %`;

const why = (text: string): string => (text === '' ? '' : ` (${text.replace(/ [\d,]+/g, '')})`);

/** Each run of a scenario once. */
const results = new Map<scenarios.Scenario, Result>();
export function resultOf(scenario: scenarios.Scenario): Result {
  const result = results.get(scenario) ?? simulate(scenario.settings);
  results.set(scenario, result);
  return result;
}

const figures = (scenario: scenarios.Scenario) => figuresOf(resultOf(scenario));

/** 1,000 sends and 3,000 callbacks a second. */
export const fullLoadRows = (): string[] =>
  scenarios.AT_FULL_LOAD.map((scenario) => {
    const { sends, callbacks, events, dead, goals } = figures(scenario);
    return `| ${[
      scenario.title,
      scenario.with,
      `${percent(sends.refused, sends.arrived)}${why(sends.why)}`,
      `${percent(callbacks.refused, callbacks.arrived)}${why(callbacks.why)}`,
      seconds(callbacks.ageP99Seconds),
      seconds(events.ageP99Seconds),
      count(dead),
      goals.noLoss ? 'yes' : '**no**',
      goals.callbacksInTime ? 'yes' : '**no**',
    ].join(' | ')} |`;
  });

const row = (limit: string, was: string, is: string): string => `| ${limit} | ${was} | ${is} |`;

function hangingRows(): string[] {
  return scenarios.HANGING_GATEWAY.map(([was, is]) => {
    const told = (scenario: scenarios.Scenario) => {
      const { sends, callbacks } = figures(scenario);
      return `${percent(callbacks.refused, callbacks.arrived)} of callbacks and ${percent(sends.refused, sends.arrived)} of sends refused`;
    };
    return row(`LipaChat takes 20 s, ${was.title}`, told(was), `${told(is)}, with reserved concurrency`);
  });
}

function campaignRows(): string[] {
  const told = (scenario: scenarios.Scenario) => {
    const { campaign } = figures(scenario);
    return `${count(campaign.sent)} of ${count(campaign.due)} sent, late by ${seconds(campaign.lateP99Seconds)} (p99)`;
  };
  const spread = `${told(scenarios.SPREAD_CAMPAIGN)}: a batch lasts as long as its slowest send`;
  return [
    ...scenarios.CAMPAIGNS.map(([was, is]) =>
      row(`A campaign at 72/s for three minutes, LipaChat always at ${was.title}`, told(was), told(is)),
    ),
    row('The same, LipaChat at 10 s on average', '–', spread),
  ];
}

function unmatchedRows(): string[] {
  const { before, after } = scenarios.UNMATCHED;
  const { overdue, longest } = sweeperBacklog(before);
  const { queues } = resultOf(after);
  return [
    row(
      'Unmatched statuses',
      `${before.perSecond} a second: after an hour ${count(overdue)} lookups are overdue, the oldest by ${count(longest / 60)} minutes`,
      `1,000 a second for a minute: ${PAUSES_S.length + 1} lookups of each, all within ${seconds(queues.callbacks.maxMs / 1000)} of their time, ${count(queues.callbacks.dead)} lost`,
    ),
  ];
}

function acceptedRow(): string {
  const told = (scenario: scenarios.Scenario) =>
    `${count(figures(scenario).sends.refused)} of ${count(figures(scenario).sends.arrived)} refused, ${count(resultOf(scenario).tableThrottles)} throttled writes`;
  const { before, after } = scenarios.ACCEPTED;
  return row('2,500 accepted sends (202) a second', told(before), told(after));
}

/** By arithmetic, not simulated. */
function arithmeticRows(): string[] {
  const both = (limit: string, of: (deployment: typeof now) => number, unit: string) =>
    row(limit, `${count(rough(of(before)))} ${unit}`, `${count(rough(of(now)))} ${unit}`);
  const inFlight =
    (name: 'CampaignQueue' | 'CallbackQueue', batchSeconds: number) => (deployment: typeof now) =>
      queueRate(deployment.queues[name].maximumConcurrency, batchSeconds);
  return [
    both(
      'Partitions of `due`, by arithmetic',
      ({ dueShards }) => (dueShards * PARTITION_WRITES) / 2,
      'accepted sends/s',
    ),
    both(
      'Campaign queue, one number, at 2.8 s',
      inFlight('CampaignQueue', sendBatchSeconds(2.8)),
      'recipients/s',
    ),
    both('Callback queue, one number', inFlight('CallbackQueue', callbackBatchSeconds), 'callbacks/s'),
    both(
      'Publisher, a new table',
      ({ publisher }) => publisherRate(4_000, publisher) / PER_SEND.changes,
      'sends/s',
    ),
    row(
      'The daily scan, 30 days kept',
      `${count(rough(scanRate(1).sends))} sends/s`,
      `${count(rough(scanRate().sends))} sends/s`,
    ),
    row(
      'Write units of a new table',
      `${count(now.tableWrites / PER_SEND.tableWrites)} sends/s`,
      'as many as `tableThroughput` says: 1,600 with 8,000 units',
    ),
  ];
}

/** Each known limit before and now. */
export const changeRows = (): string[] => [
  ...hangingRows(),
  ...unmatchedRows(),
  ...campaignRows(),
  acceptedRow(),
  ...arithmeticRows(),
];

/** A new account. */
export const newAccountRows = (): string[] =>
  scenarios.NEW_ACCOUNT.map((scenario) => {
    const { sends, callbacks, events } = figures(scenario);
    return `| ${scenario.title} | ${percent(sends.refused, sends.arrived)} | ${percent(callbacks.refused, callbacks.arrived)} | ${seconds(callbacks.ageP99Seconds)} | ${seconds(events.ageP99Seconds)} |`;
  });
