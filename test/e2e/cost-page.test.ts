/** The units, sizes and lines of a million sends in docs/cost.md, counted on one. */
import { randomUUID } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { encodeRecord } from '../../src/lib/callbacks/received-callback.ts';
import { itemSize, writeUnits } from '../support/capacity.ts';
import { type Fleet, type Flow, startFleet } from '../support/fleet/fleet.ts';
import { until } from '../support/fleet/wait.ts';
import { ROOT } from '../support/readme.ts';
import type { Worker } from '../support/worker.ts';

const page = readFileSync(join(ROOT, 'docs/cost.md'), 'utf8');

let fleet: Fleet;
beforeAll(async () => {
  fleet = await startFleet({ counts: { worker: 1, publisher: 1 } });
  // The token's client is read once a minute.
  await fleet.send(fleet.flow());
});
afterAll(() => fleet.stop());

/** The changes that `run` brings, the units of each in order, and how often it reads. */
const counted = async (run: () => Promise<unknown>) => {
  const [before] = (await fleet.aws.stream()).slice(-1);
  await fleet.aws.reset();
  await run();
  const after = before?.dynamodb?.SequenceNumber;
  const records = await fleet.aws.stream(after === undefined ? {} : { after });
  const { GetItem: reads = 0, PutItem: puts = 0, Query: queries = 0 } = await fleet.aws.requests();
  return { records, writes: records.map(writeUnits), reads, puts, queries };
};
type Counted = Awaited<ReturnType<typeof counted>>;

const unitsOf = (...parts: Counted[]) =>
  parts.flatMap(({ writes }) => writes).reduce((sum, units) => sum + units, 0);

const one = (functionName: string): Worker => {
  const [worker] = fleet.workers[functionName] ?? [];
  if (!worker) throw new Error(`no ${functionName}`);
  return worker;
};
const work = (messageId: string) =>
  one('worker').invoke({ Records: [{ messageId: randomUUID(), body: JSON.stringify({ messageId }) }] });

const STATUSES = ['SENT', 'DELIVERED', 'READ'] as const;

describe('docs/cost.md', () => {
  it('has the units of a send, and of what is told of it', async () => {
    const flow = fleet.flow();
    const sent = await counted(() => fleet.send(flow));
    expect(sent).toMatchObject({ writes: [2, 2], reads: 1 });
    const told = [];
    for (const status of STATUSES)
      told.push(await counted(() => fleet.lipachat.report(flow.messageId, status)));
    expect(told).toMatchObject(told.map(() => ({ writes: [1], reads: 1 })));
    expect(page).toContain('| claim 2, settle 2, statuses 3 × 1 | DynamoDB | million write units | 7 |');
    expect(page).toContain('| the window, each status, 0.3 watches | DynamoDB | million read units | 4.3 |');
  });

  it('has the units of a repeat: one claim that fails, billed by what is stored', async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    expect(await counted(() => fleet.send(flow))).toMatchObject({ writes: [], puts: 1 });
    const stored = (await fleet.aws.dump()).find(({ pk }) => pk?.S === `message#${flow.messageId}`);
    expect(Math.ceil(itemSize(stored) / 1024)).toBe(1);
    expect(page).toMatch(/of an item under 1 KB \| DynamoDB \| million write units \| 1 \|/);
  });

  it('has the units of a flow that is parked, released and sent', async () => {
    const to = fleet.canaries.number();
    const flow = fleet.flow({ to });
    const parked = await counted(() => fleet.send({ ...flow, whenClosed: 'park' }));
    const wrote = await counted(() => fleet.lipachat.writeIn(to, { to: fleet.business }));
    const released = await counted(() => work(flow.messageId));
    expect((await fleet.message(flow.messageId)).json).toMatchObject({ status: 'sent' });
    expect([parked, wrote, released].map((part) => unitsOf(part))).toEqual([3, 2, 7]);
    const all = [parked, wrote, released];
    const [reads, queries] = [all.map((part) => part.reads), all.map((part) => part.queries)];
    expect([reads, queries].map((each) => each.reduce((sum, n) => sum + n))).toEqual([11, 3]);
    expect(page).toContain(
      '| eleven reads, three queries, 0.3 watches | DynamoDB | million read units | 12.8 |',
    );
    expect(page).toMatch(/take-over 2, settle 4, pace 1 \| DynamoDB \| million write units \| 12 \|/);
  });
});

/** CloudWatch bills 26 bytes more for each line. */
const LINE = 26;
const sizeOf = (lines: readonly string[]) =>
  lines.reduce((sum, line) => sum + Buffer.byteLength(line) + LINE, 0);

/** The bytes that `worker` logs for `run`; `last` is in its last line. */
const logged = async (worker: Worker, last: string, run: () => Promise<unknown>): Promise<number> => {
  const start = worker.output().length;
  await run();
  const text = await until(`a line with ${last}`, () => {
    const after = worker.output().slice(start);
    return Promise.resolve(after.slice(after.indexOf(last)).includes('\n') && after.includes(last) && after);
  });
  return sizeOf(text.split('\n').filter((line) => line !== ''));
};

/** A line of the API's access log, with values as long as real ones. */
const accessLine = (route: string): number => {
  const stack = readFileSync(join(ROOT, 'serverless.yml'), 'utf8');
  const [format = ''] = /\{"requestId".*\}/.exec(stack) ?? [];
  const values: Record<string, string> = { requestId: 'JKJaXmPLvHcESHA=', routeKey: route };
  const filled = format.replace(/\$context\.([\w.]+)/g, (_, name: string) => values[name] ?? '200');
  return sizeOf([filled]);
};

const callbackOf = ({ messageId }: Flow) => {
  const messageStatus = { messageId, status: 'DELIVERED', statusDesc: 'Delivered' };
  const bytes = Buffer.from(JSON.stringify({ event: 'MESSAGE_STATUS', messageStatus }));
  const body = encodeRecord({ receivedAt: new Date(), correlationId: randomUUID(), bytes });
  return { messageId: randomUUID(), receiptHandle: 'none', body };
};

describe('the sizes in docs/cost.md', () => {
  it('are those of what one send logs, in batches and alone', async () => {
    const flows = Array.from({ length: 5 }, () => fleet.flow());
    const send = await logged(one('sendFlow'), 'api.answered', () => fleet.send(flows[0] ?? {}));
    for (const flow of flows.slice(1)) await fleet.send(flow);
    const { records } = await counted(async () => {
      for (const status of STATUSES)
        for (const flow of flows) await fleet.lipachat.report(flow.messageId, status);
    });
    const Records = flows.map(callbackOf);
    const callbacks = await logged(one('callbacks'), 'callback.entries', () =>
      one('callbacks').invoke({ Records }),
    );
    const changes = await logged(one('publisher'), 'message.read', () =>
      one('publisher').invoke({ Records: records }),
    );
    const access = accessLine('POST /v1/flows') + 3 * accessLine('POST /v1/webhooks/lipachat/{secret}');

    const kilobytes = [...page.matchAll(/^\| ([\d.]+) KB \|/gm)].map(([, size]) => Number(size) * 1000);
    const atRate = send + access + 0.6 * callbacks + 0.1 * changes;
    const alone = send + access + 3 * callbacks + 4.3 * changes;
    for (const [measured, told = 0] of [
      [atRate, kilobytes[0]],
      [alone, kilobytes[1]],
    ] as const) {
      expect(measured).toBeLessThanOrEqual(told);
      expect(measured).toBeGreaterThan(0.9 * told);
    }
  });

  it('are those of a message that was read', async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    for (const status of STATUSES) await fleet.lipachat.report(flow.messageId, status);
    const stored = (await fleet.aws.dump()).find(({ pk }) => pk?.S === `message#${flow.messageId}`);
    const [, told = ''] = /(\d+) bytes each, two of 4 KB/.exec(page) ?? [];
    expect(itemSize(stored)).toBeLessThanOrEqual(Number(told));
    // For 30 days, in millions, for as many messages.
    const units = ((Number(told) / 4096) * 0.5 * 30).toFixed(2);
    expect(page).toContain(`| the daily scan, for 30 days | DynamoDB | million read units | ${units} |`);
  });
});
