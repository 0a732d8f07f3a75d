/** The figures as Markdown tables, readable in a terminal too. */
import type { CallbackFigures } from './callbacks.ts';
import type { Calls } from './calls.ts';
import type { CampaignFigures } from './campaign.ts';
import type { FirstSend, Loading } from './cold.ts';
import type { FaultRow } from './faults.ts';
import { pricePerMillion } from './prices.ts';
import type { ByCandidate, SendFigures } from './sends.ts';

type Cell = string | number;

const round = (value: Cell): Cell => {
  if (typeof value === 'string') return value;
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
};

const table = (heads: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [heads, heads.map((_, k) => (k === 0 ? '---' : '---:')), ...rows.map((row) => row.map(round))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** Our figure, the peer's, their ratio, and the goal. */
const against = (name: string, ours: number, peers: number, goal?: number): Cell[] => {
  const ratio = ours / peers;
  if (goal === undefined) return [name, ours, peers, ratio, ''];
  return [name, ours, peers, ratio, `at most ${goal.toFixed(2)}: ${ratio <= goal ? 'met' : 'missed'}`];
};

export function sendTable(
  sends: { fresh: ByCandidate<SendFigures>; repeats: ByCandidate<SendFigures> },
  first: ByCandidate<FirstSend>,
): string {
  const { fresh, repeats } = sends;
  return table(
    ['one send', 'LipaFlow', 'peer', 'ratio', 'goal'],
    [
      against('overhead, median, ms', fresh.lipaflow.p50, fresh.peer.p50, 0.7),
      against('overhead, p99, ms', fresh.lipaflow.p99, fresh.peer.p99, 0.7),
      against('CPU, ms', fresh.lipaflow.cpuMs, fresh.peer.cpuMs, 0.8),
      against(
        'first send after init, overhead, ms',
        first.lipaflow.afterInitMs,
        first.peer.afterInitMs,
        0.25,
      ),
      against('process start to first answer, ms', first.lipaflow.fromSpawnMs, first.peer.fromSpawnMs, 1),
      against('repeat, median, ms', repeats.lipaflow.p50, repeats.peer.p50),
      against('repeat, p99, ms', repeats.lipaflow.p99, repeats.peer.p99),
      against('repeat, CPU, ms', repeats.lipaflow.cpuMs, repeats.peer.cpuMs),
    ],
  );
}

export function faultTable(rows: readonly FaultRow[]): string {
  const names = Object.keys(rows[0]?.ends ?? {});
  const told = (row: FaultRow, name: string): string => {
    const end = row.ends[name];
    if (!end) return '';
    return `${end.right ? 'right' : '**wrong**'}: ${end.deliveries} delivered, answered ${end.status}`;
  };
  return table(
    ['fault', 'wanted', ...names],
    rows.map((row) => [row.fault, row.wanted, ...names.map((name) => told(row, name))]),
  );
}

export function callTable(calls: Record<string, Calls>): string {
  const write = pricePerMillion('DynamoDB', 'write units');
  const read = pricePerMillion('DynamoDB', 'read units');
  return table(
    [
      'AWS calls',
      'DynamoDB requests',
      'write units',
      'read units',
      'SSM',
      'other',
      'DynamoDB, $ per million',
    ],
    Object.entries(calls).map(([name, c]) => [
      name,
      c.dynamodb,
      c.writeUnits,
      c.readUnits,
      c.ssm,
      c.others,
      c.writeUnits * write + c.readUnits * read,
    ]),
  );
}

export const loadTable = (rows: readonly Loading[]): string =>
  table(
    ['bundle', 'KB', 'loading, ms', 'with Node’s start, ms'],
    rows.map(({ name, kb, initMs, startMs }) => [name, kb, initMs, startMs]),
  );

export const callbackTable = (figures: Record<string, CallbackFigures>): string =>
  table(
    ['callback', 'median, ms', 'p99, ms', 'CPU, ms', 'per second, one environment'],
    Object.entries(figures).map(([name, f]) => [name, f.p50, f.p99, f.cpuMs, Math.floor(f.perSecond)]),
  );

export const campaignTable = (figures: readonly CampaignFigures[]): string =>
  table(
    ['rows', 'planning, s', 'rows per second', 'planner peak, MB', 'enqueuing, s', 'tick peak, MB'],
    figures.map((f) => [
      f.rows,
      f.planSeconds,
      Math.round(f.rows / f.planSeconds),
      f.planPeakMb,
      f.enqueueSeconds,
      f.enqueuePeakMb,
    ]),
  );
