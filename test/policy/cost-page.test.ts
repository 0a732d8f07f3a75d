/** The sums of docs/cost.md, and of what is counted there as far as the stack says it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { readStack } from '../../local/stack.ts';
import { ROOT } from '../support/readme.ts';

const page = readFileSync(join(ROOT, 'docs/cost.md'), 'utf8');

/** Tables, row by row and cell by cell, without their heads. */
const tables = [...page.matchAll(/^\|.*\n\| ---.*\n((?:\|.*\n)+)/gm)].map(([, rows = '']) =>
  rows
    .trimEnd()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    ),
);
const [priceRows = [], ...estimates] = tables;
const prices = new Map(priceRows.map(([service, unit, price]) => [`${service}, ${unit}`, Number(price)]));
const cents = (value: number): string => (Math.round(value * 100 + 1e-9) / 100).toFixed(2);

type Resources = Record<string, { Type: string; Properties: { Metrics?: { MetricStat?: unknown }[] } }>;

/** AWS bills an alarm by the metrics that it watches. */
const watched = (resources: Resources): number =>
  Object.values(resources)
    .filter(({ Type }) => Type === 'AWS::CloudWatch::Alarm')
    .map(({ Properties: { Metrics } }) => Metrics?.filter(({ MetricStat }) => MetricStat).length ?? 1)
    .reduce((total, count) => total + count, 0);

describe('docs/cost.md', () => {
  it('has a price for each unit, and uses each price', () => {
    const used = estimates
      .flat()
      .flatMap(([what, service, unit]) => (what === 'sum' ? [] : [`${service}, ${unit}`]));
    expect(used.filter((one) => !prices.has(one))).toEqual([]);
    const spare = ['CloudWatch, metric', 'S3, million writes', 'X-Ray, million traces'];
    expect([...prices.keys()].filter((one) => !used.includes(one) && !spare.includes(one))).toEqual([]);
  });

  it.each(estimates.map((rows, index) => [index + 1, rows] as const))(
    'multiplies and adds up in table %i',
    (_index, rows) => {
      const items = rows.filter(([what]) => what !== 'sum');
      const computed = items.map(([, service, unit, units]) =>
        cents(Number(units) * (prices.get(`${service}, ${unit}`) ?? Number.NaN)),
      );
      expect(items.map(([, , , , cost]) => cost)).toEqual(computed);
      const sum = computed.reduce((total, cost) => total + Number(cost), 0);
      expect(rows.at(-1)).toEqual(['sum', '', '', '', cents(sum)]);
    },
  );

  it('has a million flows sent and read for 20 dollars at most, and says at what rate', () => {
    const start = page.indexOf('**One million flows sent in an open window and read**');
    const [atRate = ''] = /^[\s\S]*?\| sum .*/.exec(page.slice(start)) ?? [];
    expect(atRate).toMatch(/^\*\*One million flows.*[\s\S]*80 a second/);
    expect(Number(/\| sum \|[ |]*([\d.]+) \|$/.exec(atRate)?.[1])).toBeLessThanOrEqual(20);
  });

  it('says what anonymous callers can cost a day, as docs/security.md repeats it', () => {
    const { params } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as {
      params: { default: Record<string, number> };
    };
    const [, section = ''] = page.split('## A million anonymous requests');
    const [token = 0, secret = 0] = [...section.matchAll(/\| sum \|[ |]*([\d.]+) \|/g)].map(([, sum]) =>
      Number(sum),
    );
    const aDay = (perMillion: number, rate = 0) => Math.round((perMillion * rate * 86_400) / 1e6);
    const security = readFileSync(join(ROOT, 'docs/security.md'), 'utf8').replaceAll(/\s+/g, ' ');
    expect(security).toContain(
      `at its default of 1,000 a second, up to ${aDay(token, params.default['apiRate'])} dollars a day`,
    );
    expect(security).toContain(
      `at its default up to ${aDay(secret, params.default['webhookRate'])} dollars a day`,
    );
    expect(params.default['apiRate']).toBe(1000);
    expect(security).toContain(`\`openRate\` each, ${params.default['openRate']} a second`);
  });

  it('assumes the batches that the stack asks for', () => {
    const { params, functions } = parse(readFileSync(join(ROOT, 'serverless.yml'), 'utf8')) as {
      params: { default: Record<string, unknown> };
      functions: Record<string, { events: Record<string, Record<string, unknown>>[] }>;
    };
    expect(params.default).toMatchObject({ tracing: false, eventWindow: 1, systemLogLevel: 'WARN' });
    const [{ stream } = {}] = functions['publisher']?.events ?? [];
    expect(stream).toMatchObject({ batchSize: 100, parallelizationFactor: 2 });
    expect(page).toMatch(/each in two lanes, and `eventWindow` gathers\s+a second/);
    const [{ sqs } = {}] = functions['callbacks']?.events ?? [];
    expect(sqs).toMatchObject({ batchSize: 10 });
  });

  it('counts the alarms that there are, and the ticks', async () => {
    const require = createRequire(import.meta.url);
    const make = require(`${ROOT}infra/alarms.cjs`) as (by: unknown) => Promise<{ Resources: Resources }>;
    const { functions, schedules, queues } = readStack();
    const by = {
      resolveConfigurationProperty: () => Promise.resolve(functions),
      resolveVariable: (name: string) => Promise.resolve(name.startsWith('param:') ? '1000' : 'prod'),
    };
    expect(page).toContain(
      `| alarms, by the metrics they watch | CloudWatch | alarm | ${watched((await make(by)).Resources)} |`,
    );
    const { releaseAlarms } = require(`${ROOT}infra/release-alarms.cjs`) as {
      releaseAlarms: (of: unknown) => { resources: Resources };
    };
    const versions = Object.fromEntries(Object.keys(functions).map((name) => [name, 'Version']));
    const { resources } = releaseAlarms({ stage: 'prod', versions, consumers: [] });
    const row = `| the alarms that roll a release back, \`prod\` only | CloudWatch | alarm | ${watched(resources)} |`;
    expect(page).toContain(row);
    expect([schedules.length, queues.length]).toEqual([2, 4]);
  });
});
