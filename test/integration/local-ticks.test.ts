import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ScheduledEvent } from 'aws-lambda';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { stopChildren } from '../support/children.ts';
import { countsPerWindow } from '../support/fleet/crowd.ts';
import { tickAtOnce, tickOnAndOn } from '../support/fleet/ticks.ts';
import { PATIENCE } from '../support/patience.ts';
import { spawnFunction, type Worker } from '../support/worker.ts';

/** Notes each event with the process that got it; one of them hangs, so that it can be killed under its tick. */
const BUNDLE = `
const { appendFileSync } = require('node:fs');
exports.handler = async (event) => {
  appendFileSync(process.env.LOG, JSON.stringify({ ...event, pid: process.pid }) + '\\n');
  if (process.env.HANGS) await new Promise((resolve) => setTimeout(resolve, 60000));
  return process.pid;
};
`;

type Noted = ScheduledEvent & { pid: number };

const directory = mkdtempSync(join(tmpdir(), 'lipaflow-ticks-'));
const handler = join(directory, 'notes');
writeFileSync(`${handler}.cjs`, BUNDLE);

const spawnNotes = (log: string, settings: Record<string, string> = {}): Promise<Worker> =>
  spawnFunction(
    { name: 'notes', handler: `${handler}.handler`, timeoutMs: 60_000 },
    { LOG: join(directory, log), ...settings },
  );
const notes = (log: string): Noted[] =>
  readFileSync(join(directory, log), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Noted);

afterAll(async () => {
  await stopChildren();
  rmSync(directory, { recursive: true });
});

describe('ticks', () => {
  it('go to two processes at once, each event twice, and go on when one dies under its tick', async () => {
    const doomed = await spawnNotes('twice', { HANGS: 'yes' });
    const workers = [doomed, await spawnNotes('twice')];
    const ticks = tickOnAndOn(workers, 10, { twice: true });
    await vi.waitFor(() => expect(notes('twice')).toHaveLength(2), PATIENCE);
    doomed.kill();
    workers.push(await spawnNotes('twice'));
    // Until then the one that was left had each event twice.
    const { fired: before } = ticks.counts();
    await vi.waitFor(() => expect(ticks.counts().fired).toBeGreaterThan(before + 16), PATIENCE);
    await ticks.stop();
    const { fired, failed } = ticks.counts();
    expect(failed).toBeGreaterThanOrEqual(1);
    // The doomed one had noted its tick; a call that came while it was dying was not noted by anybody.
    expect(notes('twice')).toHaveLength(fired - (failed - 1));
    const events = [...Map.groupBy(notes('twice'), ({ id }) => id).values()];
    for (const event of [...events.slice(0, 1), ...events.slice(-3)]) {
      expect(new Set(event.map(({ pid }) => pid)).size).toBe(2);
    }
    expect(events[0]?.[0]).toMatchObject({ source: 'aws.events', 'detail-type': 'Scheduled Event' });
    expect(new Set(notes('twice').map(({ pid }) => pid)).size).toBe(3);
  });

  it('come at their pace, the next one when the one before is over', async () => {
    const ticks = tickOnAndOn([await spawnNotes('pace')], 50);
    const begun = performance.now();
    await vi.waitFor(() => expect(notes('pace').length).toBeGreaterThanOrEqual(5), PATIENCE);
    expect(performance.now() - begun).toBeGreaterThanOrEqual(200);
    await ticks.stop();
    const { fired } = ticks.counts();
    await new Promise((resolve) => setTimeout(resolve, 120));
    expect(notes('pace')).toHaveLength(fired);
  });

  it('can be one event for all processes at the same instant', async () => {
    const workers = [await spawnNotes('once'), await spawnNotes('once')];
    expect(await tickAtOnce(workers)).toEqual(workers.map(({ pid }) => pid));
    expect(new Set(notes('once').map(({ id }) => id)).size).toBe(1);
  });
});

describe('counts of windows', () => {
  it('are of those that lie wholly between the first instant and the last', () => {
    expect(countsPerWindow([0, 10, 20, 30, 40, 50], 20)).toEqual([2, 2]);
    expect(countsPerWindow([50, 0, 10, 40, 45], 20, 10)).toEqual([2, 1, 0, 2]);
    expect(countsPerWindow([5], 20)).toEqual([]);
  });
});
