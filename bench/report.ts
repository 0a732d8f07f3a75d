/** The figures as Markdown tables, readable in a terminal too. */
import type { CallbackFigures, CallbacksResult } from './callbacks.ts';
import { type Calls, UNITS } from './calls.ts';
import type { CampaignFigures } from './campaign.ts';
import type { FirstSend, Loading } from './cold.ts';
import type { FaultRow } from './faults.ts';
import type { Goal, Measured } from './goals.ts';
import { pricePerMillion } from './prices.ts';
import type { ByCandidate, SendsResult } from './sends.ts';

type Cell = string | number;

const round = (value: Cell): Cell => {
  if (typeof value === 'string') return value;
  return Math.abs(value) >= 100 ? Math.round(value) : Math.round(value * 100) / 100;
};

const table = (heads: readonly string[], rows: readonly (readonly Cell[])[]): string =>
  [heads, heads.map((_, k) => (k === 0 ? '---' : '---:')), ...rows.map((row) => row.map(round))]
    .map((cells) => `| ${cells.join(' | ')} |`)
    .join('\n');

/** Our figure, the peer's, and their ratio. */
const against = (name: string, ours: number, peers: number): Cell[] => [name, ours, peers, ours / peers];

const under = (of: string, name: string): string => (name === '' ? of : `${of}, ${name}`);

const sendRows = (name: string, { fresh, repeats }: SendsResult): Cell[][] => [
  against(under('overhead, median, ms', name), fresh.lipaflow.p50, fresh.peer.p50),
  against(under('overhead, p99, ms', name), fresh.lipaflow.p99, fresh.peer.p99),
  against(under('CPU, ms', name), fresh.lipaflow.cpuMs, fresh.peer.cpuMs),
  against(under('repeat, median, ms', name), repeats.lipaflow.p50, repeats.peer.p50),
  against(under('repeat, p99, ms', name), repeats.lipaflow.p99, repeats.peer.p99),
  against(under('repeat, CPU, ms', name), repeats.lipaflow.cpuMs, repeats.peer.cpuMs),
];

const firstRows = (name: string, { lipaflow, peer }: ByCandidate<FirstSend>): Cell[][] => [
  against(under('event waiting, overhead, ms', name), lipaflow.waitingMs, peer.waitingMs),
  against(under('frozen after init, overhead, ms', name), lipaflow.frozenMs, peer.frozenMs),
  against(under('process start to answer, ms', name), lipaflow.fromSpawnMs, peer.fromSpawnMs),
];

export const sendTable = ({ sends }: Measured): string =>
  table(
    ['one send', 'LipaFlow', 'peer', 'ratio'],
    sends.flatMap(({ name, result }) => sendRows(name, result)),
  );

export const firstTable = ({ first }: Measured): string =>
  table(
    ['the first send of a process', 'LipaFlow', 'peer', 'ratio'],
    first.flatMap(({ name, result }) => firstRows(name, result)),
  );

export const goalTable = (goals: readonly Goal[]): string =>
  table(
    ['goal', 'at most', 'measured', 'met'],
    goals.map(({ of, atMost, unit, measured, met }) => [
      of,
      `${atMost} ${unit}`,
      measured,
      met ? 'yes' : '**no**',
    ]),
  );

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
      'of 0.1',
      'goal',
      'read units',
      'SSM',
      'other',
      'DynamoDB, $ per million',
    ],
    Object.entries(calls).map(([name, c]) => [
      name,
      c.dynamodb,
      c.writeUnits,
      UNITS[name]?.of01 ?? '',
      UNITS[name]?.goal ?? '',
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

const callbackRow = (name: string, f: CallbackFigures): Cell[] => [
  name,
  f.p50,
  f.p99,
  f.cpuMs,
  Math.floor(f.perSecond),
];

export function callbackTable({ status, inbound, roundTrips }: CallbacksResult): string {
  const rows = [
    callbackRow('status, webhook', status.webhook),
    ...(status.worker ? [callbackRow('status, worker', status.worker)] : []),
    callbackRow('inbound, webhook', inbound.webhook),
    ...(inbound.worker ? [callbackRow('inbound, worker', inbound.worker)] : []),
  ];
  const heads = ['callback', 'median, ms', 'p99, ms', 'CPU, ms', 'per second, one environment'];
  return `${table(heads, rows)}\n\nAn inbound waits for ${Math.round(roundTrips)} calls to AWS in a row.`;
}

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
