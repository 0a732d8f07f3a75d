/*
 * table count: what a table holds, so that a restore can be checked.
 *
 * 1. Scan the table, and count its items by kind and state. Leave out what expires soon: the table may delete it before
 *    the next count.
 * 2. With --compare, name what is missing since the counts of that file. Fewer items of a kind that only grows are a fault.
 * 3. With --write, store the counts.
 */
import { makeDynamoClient } from '../../src/lib/platform/dynamo-client.ts';
import { clientConfig } from '../connection.ts';
import { isNamed } from '../explain.ts';
import type { Place } from '../place.ts';
import { columns, type Io, OpsError, plural, type Report } from '../report.ts';
import { type CountsFile, readCounts, writeCounts } from './counts-file.ts';
import { scanTable } from './scan.ts';
import { add, type Counts, type Difference, differences, emptyCounts, namesOf } from './tally.ts';

export type CountOptions = { write?: string; compare?: string };

const DAY_MS = 86_400_000;
const PROGRESS_MS = 5_000;

type Result = { counts: Counts; expiring: number };

const countTable = async (
  { connection, tableName }: Pick<Place, 'connection' | 'tableName'>,
  { until, io }: { until: Date; io: Io },
): Promise<Result> => {
  const client = makeDynamoClient(clientConfig(connection));
  const result: Result = { counts: emptyCounts(), expiring: 0 };
  let read = 0;
  const timer = setInterval(() => void io.stderr.write(`${plural(read, 'item')} read\n`), PROGRESS_MS);
  try {
    await scanTable(client, tableName, (items) => {
      read += items.length;
      for (const item of items) {
        if ((item.expires ?? Number.POSITIVE_INFINITY) * 1000 <= until.getTime()) result.expiring += 1;
        else add(result.counts, namesOf(item));
      }
    });
    return result;
  } catch (error) {
    if (!isNamed(error, 'ResourceNotFoundException')) throw error;
    throw new OpsError(`there is no table ${tableName} in ${connection.region}`);
  } finally {
    clearInterval(timer);
    client.destroy();
  }
};

/** `messages.sent` under `messages`. */
const rowOf = ([name, count]: [string, number]): string[] => [name.replace(/^.*\./, '  '), String(count)];

const ordered = (counts: Counts): Counts => {
  const order = Object.keys(counts).filter((name) => !name.includes('.'));
  const place = (name: string): number => order.indexOf(name.split('.')[0] ?? '');
  return Object.fromEntries(
    Object.entries(counts).sort(([a], [b]) => place(a) - place(b) || (a < b ? -1 : 1)),
  );
};

const lineOf = ({ name, before, now, missing }: Difference): string => {
  if (missing) return `missing  ${name.replace('.', ', ')}: ${before - now} of ${before}`;
  return `changed  ${name.replace('.', ', ')}: ${before} before, ${now} now`;
};

const comparison = (file: CountsFile, now: Date, found: readonly Difference[]): string[] => [
  `Compared with ${file.table} as of ${file.countedAt}:`,
  ...(found.length === 0 ? ['the same counts'] : found.map(lineOf)),
  ...(new Date(file.until) < now
    ? ['That count is over a day old: items that expired since are missing rightly.']
    : []),
];

export const countItems = async (
  place: Pick<Place, 'connection' | 'tableName'>,
  options: CountOptions,
  io: Io,
): Promise<Report> => {
  const before = options.compare === undefined ? undefined : readCounts(options.compare);
  const now = new Date();
  const until = new Date(before?.until ?? now.getTime() + DAY_MS);
  const { counts: found, expiring } = await countTable(place, { until, io });
  const counts = ordered(found);
  const data: CountsFile = {
    version: 1,
    table: place.tableName,
    countedAt: now.toISOString(),
    until: until.toISOString(),
    counts,
  };
  if (options.write !== undefined) writeCounts(options.write, data);
  const changes = before ? differences(before.counts, counts) : [];
  return {
    lines: [
      place.tableName,
      ...columns(Object.entries(counts).map(rowOf)),
      `Not counted: ${plural(expiring, 'item')} that ${expiring === 1 ? 'expires' : 'expire'} before ${until.toISOString()}`,
      ...(before ? comparison(before, now, changes) : []),
    ],
    data: { ...data, expiring, ...(before ? { differences: changes } : {}) },
    faulty: changes.some(({ missing }) => missing),
  };
};
