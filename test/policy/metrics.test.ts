/** An alarm or a graph of a metric that nobody counts is silent for ever, and looks well. */
import { globSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { readQueues } from '../../local/aws/queues.ts';
import { readStack } from '../../local/stack.ts';
import { OUTCOMES } from '../../src/lib/campaigns/ledger.ts';
import { ERROR_CLASSES } from '../../src/lib/whatsapp/error-codes.ts';

const ROOT = fileURLToPath(new URL('../..', import.meta.url));
const require = createRequire(import.meta.url);
const functions = readStack().functions;

/** What serverless makes of one of its files. */
const made = async (file: string): Promise<string> => {
  const make = require(`${ROOT}infra/${file}`) as (by: unknown) => Promise<unknown>;
  const by = {
    resolveConfigurationProperty: () => Promise.resolve(functions),
    resolveVariable: (name: string) => Promise.resolve(name.startsWith('param:') ? '1000' : 'dev'),
  };
  return JSON.stringify(await make(by)).replaceAll('\\"', '"');
};

const source = (pattern: string): string =>
  globSync(pattern, { cwd: ROOT })
    .map((file) => readFileSync(ROOT + file, 'utf8'))
    .join('\n');

/** Names as they stand in the sources, and those that are made up of a kind. */
const counted = (): Set<string> => {
  const literal = [...source('src/**/*.ts').matchAll(/'([a-z]+(?:\.[a-z-]+)+)'/g)].map(
    ([, name]) => name ?? '',
  );
  const kinds = [...source('src/lib/messages/outcome.ts').matchAll(/kind: '(\w+)'/g)].map(([, kind]) => kind);
  const callbacks = [...source('src/lib/lipachat/callback.ts').matchAll(/kind: '(\w+)'/g)];
  return new Set([
    ...literal,
    ...kinds.map((kind) => `gateway.${kind}`),
    ...callbacks.map(([, kind]) => `callback.${kind}`),
    ...[...ERROR_CLASSES, 'other'].map((name) => `failed.${name}`),
    ...OUTCOMES.map((outcome) => `campaign.${outcome}`),
  ]);
};

const shown = (text: string): string[] =>
  [...text.matchAll(/\["LipaFlow","([^"]+)"/g)].map(([, name]) => name ?? '');

describe('a metric of ours', () => {
  it('that the dashboard shows is counted somewhere', async () => {
    const names = shown(await made('dashboard.cjs'));
    const known = counted();
    expect(names.length).toBeGreaterThan(30);
    expect(names.filter((name) => !known.has(name))).toEqual([]);
  });

  it('that an alarm watches is counted somewhere', async () => {
    const own = [...(await made('alarms.cjs')).matchAll(/"Namespace":"LipaFlow","MetricName":"([^"]+)"/g)];
    const known = counted();
    expect(own.length).toBeGreaterThanOrEqual(5);
    expect(own.map(([, name]) => name ?? '').filter((name) => !known.has(name))).toEqual([]);
  });
});

describe('the dashboard', () => {
  it('tells each class of failure, each end of a recipient, and all that a day is made of', async () => {
    const names = shown(await made('dashboard.cjs'));
    const day = [
      'message.sent',
      'message.delivered',
      'message.read',
      'flow.replied',
      'session.opened',
      'message.parked',
    ];
    const classes = [...ERROR_CLASSES, 'other'].map((name) => `failed.${name}`);
    const ends = OUTCOMES.map((outcome) => `campaign.${outcome}`);
    expect(names).toEqual(expect.arrayContaining([...day, ...classes, ...ends]));
  });

  it('shows each queue, and the cost of each function', async () => {
    const text = await made('dashboard.cjs');
    for (const { name } of readQueues()) expect(text).toContain(`\${${name}.QueueName}`);
    for (const name of Object.keys(functions)) {
      expect(text).toContain(`\${${name.charAt(0).toUpperCase()}${name.slice(1)}LambdaFunction}`);
    }
  });
});

describe('the runbook', () => {
  it('has a section for each alarm, and none for an alarm that is gone', async () => {
    const { releaseAlarms } = require(`${ROOT}infra/release-alarms.cjs`) as {
      releaseAlarms: (of: unknown) => { resources: unknown };
    };
    const versions = Object.fromEntries(Object.keys(functions).map((name) => [name, 'Version']));
    const { resources } = releaseAlarms({ stage: 'dev', versions, consumers: ['worker'] });
    const alarms = [
      ...`${await made('alarms.cjs')}${JSON.stringify(resources)}`.matchAll(
        /"(\w+)Alarm":\{"Type":"AWS::CloudWatch::Alarm"/g,
      ),
    ];
    const kinds = new Set(
      alarms.map(([, name = '']) =>
        name
          .replace(/^\w+?(Errors|Throttles|Throttled|Silent|Release)$/, '…$1')
          .replace(/^(Delivery|Campaign|Callback|Plan)QueueAge$/, '…QueueAge'),
      ),
    );
    const runbook = readFileSync(`${ROOT}docs/runbook.md`, 'utf8');
    const sections = [...runbook.matchAll(/^### `([^`]+)Alarm`/gm)].map(([, name]) => name);
    expect(sections.toSorted()).toEqual([...kinds].toSorted());
  });
});
