/** A flood of callbacks on the local system: each is stored, or refused before its 200. */

import pMap from 'p-map';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Child, lineAfter, spawnChild, stopChildren, whenReady } from '../support/children.ts';
import { until } from '../support/fleet/wait.ts';

const CALLBACKS = 3_000;
const AT_ONCE = 200;
const BUSINESS = '254110090747';

let child: Child;
let webhookUrl: string;
let api: string;
let token: string;

beforeAll(async () => {
  const { process, ...rest } = spawnChild({ file: 'local/start.ts', env: { PORT: '0' } });
  child = rest;
  const line = await whenReady(rest, lineAfter(process, 'ready '));
  [, api = '', token = '', webhookUrl = ''] = /^api=(\S+) .*token=(\S+) webhook=(\S+) /.exec(line) ?? [];
});
afterAll(stopChildren);

const customerOf = (n: number): string => String(254_720_000_000 + n);
const quantile = (sorted: readonly number[], q: number): number =>
  sorted[Math.floor(q * (sorted.length - 1))] ?? 0;

describe(`${CALLBACKS} callbacks at once`, () => {
  it('are stored, or refused before their 200', { timeout: 300_000 }, async () => {
    const took: number[] = [];
    const post = async (_: unknown, n: number): Promise<number> => {
      const message = {
        messageId: `flood-${n}`,
        from: customerOf(n),
        to: BUSINESS,
        type: 'TEXT',
        text: 'hi',
      };
      const begun = performance.now();
      const response = await fetch(webhookUrl, { method: 'POST', body: JSON.stringify(message) });
      await response.arrayBuffer();
      took.push(performance.now() - begun);
      return response.status;
    };
    const begun = performance.now();
    const statuses = await pMap(Array(CALLBACKS).fill(0), post, { concurrency: AT_ONCE });
    const floodMs = Math.round(performance.now() - begun);
    const taken = statuses.flatMap((status, n) => (status === 200 ? [n] : []));
    const headers = { authorization: `Bearer ${token}` };
    const isOpen = async (n: number): Promise<boolean> => {
      const response = await fetch(`${api}/v1/sessions/${BUSINESS}/${customerOf(n)}`, { headers });
      return ((await response.json()) as { open?: boolean }).open === true;
    };
    let left = taken;
    await until(
      'all that were taken to have their effects',
      async () => {
        // The last first: while it waits, so do others.
        while (left.length > 0 && (await isOpen(left.at(-1) ?? 0))) left = left.slice(0, -1);
        return left.length === 0;
      },
      240_000,
      1_000,
    );
    took.sort((a, b) => a - b);
    const [p50, p99] = [quantile(took, 0.5), quantile(took, 0.99)].map(Math.round);
    const counts = Map.groupBy(statuses, String);
    const told = [...counts].map(([status, all]) => `${status}: ${all.length}`).join(', ');
    console.log(`flood: ${told} in ${floodMs} ms, ${AT_ONCE} at once, p50 ${p50} ms, p99 ${p99} ms`);
    expect(taken.length).toBeGreaterThan(0);
    expect(statuses.filter((status) => ![200, 429, 503].includes(status))).toEqual([]);
    expect(child.output()).not.toContain('UnhandledPromiseRejection');
  });
});
