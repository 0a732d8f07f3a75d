/** The limits of the table, its stream, and what else a send passes. */
import { constantIn } from '../../bench/simulate/deployment.ts';
import { number as count } from '../../bench/simulate/report.ts';
import {
  ACCOUNT,
  now,
  PARTITION_WRITES,
  PER_SEND,
  publisherRate,
  rough,
  scanRate,
  sweeper,
} from './facts.ts';
import { type Limit, sends } from './limit.ts';

const { publisher } = now;
const streamRate = (tableWrites: number): number =>
  rough(publisherRate(tableWrites, publisher) / PER_SEND.changes);

export const TABLE_LIMITS: readonly Limit[] = [
  {
    what: 'Write units of the table',
    quota: `${count(now.tableWrites)}/s when new; grows with the load`,
    raise: 'param `tableThroughput`',
    reachedAt: sends(now.tableWrites / PER_SEND.tableWrites),
    source: 'warm',
  },
  {
    what: 'Write units of the indexes `pair` and `waId`',
    quota: `${count(now.tableWrites)}/s each when new; a full index throttles the table`,
    raise: 'param `indexThroughput`',
    reachedAt: sends(now.tableWrites / PER_SEND.indexWrites),
    source: 'indexes',
  },
  {
    what: `One key: each of ${now.dueShards} partitions of \`due\``,
    quota: `${count(PARTITION_WRITES)} units/s`,
    raise: 'no',
    reachedAt: `${count((PARTITION_WRITES * now.dueShards) / 2)} accepted (202), parked or retried sends/s, two units each`,
    source: 'keys',
  },
  {
    what: 'One key: a campaign, and its open batch of 100',
    quota: `${count(PARTITION_WRITES)} units/s`,
    raise: 'no',
    reachedAt: `${count(rough(PARTITION_WRITES / 1.4))} recipients/s of one campaign, 1.4 units each`,
    source: 'keys',
  },
  {
    what: 'One key: a session, a number’s pace',
    quota: `${count(PARTITION_WRITES)} units/s`,
    raise: 'no',
    reachedAt: `${count(PARTITION_WRITES)} messages/s of one customer; the pace is written once a minute`,
    source: 'keys',
  },
  {
    what: 'Read units',
    quota: '12,000/s when new',
    raise: 'param `tableThroughput`',
    reachedAt: sends(12_000 / PER_SEND.tableReads),
    source: 'warm',
  },
  {
    what: 'Publisher: shards × lanes × batches of 100',
    quota: `4 shards when new, one for each 1,000 units; ${publisher.lanes} lanes (10 at most)`,
    raise: 'with `tableThroughput`',
    reachedAt: `${sends(streamRate(now.tableWrites))}; with 8,000 units ${sends(streamRate(8_000))}`,
    source: 'streamLambda',
  },
  { what: 'Readers of a shard', quota: '2', raise: 'no', reachedAt: 'one is used', source: 'streams' },
];

export const OTHER_LIMITS: readonly Limit[] = [
  {
    what: 'PutEvents, counted as events',
    quota: `${count(ACCOUNT.putEvents)}/s in eu-west-1, less in most regions`,
    raise: 'request',
    reachedAt: sends(rough(ACCOUNT.putEvents / PER_SEND.events)),
    source: 'bus',
  },
  {
    what: 'EventBridge, invocations of your rules’ targets',
    quota: 'by region, 750 to 18,750/s',
    raise: 'request',
    reachedAt: 'three events for each send and matching rule; later ones are delayed',
    source: 'bus',
  },
  {
    what: 'S3, reads of one prefix',
    quota: '5,500/s',
    raise: 'no',
    reachedAt: 'never: one for up to a hundred recipients and worker',
    source: 's3',
  },
  {
    what: 'KMS, the key of the table (`prod`)',
    quota: 'thousands/s, by region',
    raise: 'request',
    reachedAt: 'not by load: DynamoDB asks about every five minutes for each role',
    source: 'kmsTable',
  },
  {
    what: 'WhatsApp, messages of a number',
    quota: '80/s, 1,000 after an upgrade by Meta',
    raise: 'more numbers; `NUMBER_PER_MINUTE`',
    reachedAt: '80 sends/s a number; campaigns take 72',
    source: 'whatsapp',
  },
  {
    what: 'The sweeper’s tick',
    quota: `${sweeper.rounds} rounds of ${sweeper.perRound}, ${sweeper.atOnce} at a time, 31 s; ${sweeper.mostRounds} in the first half of it`,
    raise: 'no',
    reachedAt: `${count(rough((31 * sweeper.atOnce) / 0.825))} sends a minute at 0.8 s; what is left stays due`,
    source: undefined,
  },
  {
    what: 'The daily scan',
    quota: `${count(rough(scanRate().pages))} pages of 1 MB a minute (30 a second in each scan are assumed)`,
    raise: 'fewer `RETENTION_DAYS`',
    reachedAt: `${count(rough(scanRate().messages / 1e6))} million stored messages: ${sends(rough(scanRate().sends))} for 30 days`,
    source: undefined,
  },
  {
    what: 'The planner',
    quota: '900 s an invocation, which the next one continues; some 14,000 rows a second',
    raise: 'no',
    reachedAt: `never: a campaign has ${count(constantIn('src/lib/campaigns/plan/row.ts', 'MOST_RECIPIENTS'))} recipients at most`,
    source: 'lambda',
  },
];
