import { readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { type Fleet, startFleet } from '../support/fleet/fleet.ts';
import type { Fault } from '../support/fleet/lipachat.ts';

const DEADLINE_MS = 4_000;
/** JavaScript's own part of the memory: what is over it ends the process, and what else grows is buffers. */
const SMALL_HEAP = '--max-semi-space-size=2 --max-old-space-size=64';
/** What a process may grow by while it meets an answer of hundreds of megabytes. */
const FLAT_MB = 64;

let fleet: Fleet;
let elsewhere: Server;
let strangersSeen = 0;

beforeAll(async () => {
  fleet = await startFleet({
    ownProcesses: true,
    settings: { GATEWAY_DEADLINE_MS: String(DEADLINE_MS), NODE_OPTIONS: SMALL_HEAP },
  });
  elsewhere = createServer((_request, response) => response.end('{}'));
  elsewhere.on('connection', () => {
    strangersSeen += 1;
  });
  await new Promise<void>((resolve) => elsewhere.listen(0, '127.0.0.1', resolve));
});
afterEach(() => fleet.lipachat.mend());
afterAll(async () => {
  elsewhere.close();
  await fleet.stop();
});

/** The most memory that a process has ever had, in MB. */
const peakOf = (pid: number): number => {
  const [, kilobytes = '0'] = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
  return Number(kilobytes) / 1024;
};

describe('a redirect to another host', () => {
  it.each([301, 302, 303, 307, 308])('reaches nobody: %i', async (status) => {
    const { port } = elsewhere.address() as AddressInfo;
    const flow = fleet.flow();
    const location = `http://127.0.0.1:${port}/api/v1/whatsapp/interactive/flows`;
    await fleet.lipachat.fail(
      { kind: 'redirect', status, location },
      { messageId: flow.messageId, times: null },
    );
    const answer = await fleet.send(flow);
    expect([202, 503]).toContain(answer.status);
    expect(answer.json.status).not.toBe('sent');
    expect(answer.text).not.toContain(location);
    expect(strangersSeen).toBe(0);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toEqual([]);
  });
});

describe('an answer that is too big', () => {
  it.each<[string, Fault]>([
    ['10 MB', { kind: 'huge-body', bytes: 10_000_000, accepted: true }],
    ['300 MB', { kind: 'huge-body', bytes: 300_000_000, accepted: true }],
    ['400 MB in a gzip bomb', { kind: 'gzip-bomb', megabytes: 400, accepted: true }],
  ])('is cut at the cap, with memory flat, and the outcome is unknown: %s', async (_size, fault) => {
    const [worker] = fleet.workers['sendFlow'] ?? [];
    if (!worker) throw new Error('no worker');
    await fleet.send(fleet.flow());
    const before = peakOf(worker.pid);
    const flow = fleet.flow();
    await fleet.lipachat.fail(fault, { messageId: flow.messageId, times: null });
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    expect(peakOf(worker.pid) - before).toBeLessThan(FLAT_MB);

    await fleet.lipachat.mend();
    expect(await fleet.send(flow)).toMatchObject({ status: 201, json: { status: 'sent' } });
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });

  it('is not asked for in a compressed form', async () => {
    const flow = fleet.flow();
    await fleet.send(flow);
    const [call] = await fleet.lipachat.calls(flow.messageId);
    expect(call?.headers['accept-encoding']).toBe('identity');
  });
});

describe('an answer that drips', () => {
  it('is ended by the deadline, though a byte comes every 100 ms', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail(
      { kind: 'slow-drip', intervalMs: 100 },
      { messageId: flow.messageId, times: null },
    );
    const start = performance.now();
    expect(await fleet.send(flow)).toMatchObject({ status: 202, json: { status: 'unknown' } });
    expect(performance.now() - start).toBeLessThan(DEADLINE_MS + 12_000);
    expect(await fleet.lipachat.deliveries(flow.messageId)).toHaveLength(1);
  });
});

describe('an envelope of unusual size or shape', () => {
  it('is kept out of the store where it is over 16 KiB, and the message is sent all the same', async () => {
    const flow = fleet.flow();
    const data = {
      messageId: flow.messageId,
      waId: 'wamid.AAAA',
      status: 'SENT',
      padding: 'x'.repeat(40_000),
    };
    const body = { timestamp: null, data, status: 'success', message: '', errors: null };
    await fleet.lipachat.fail({ kind: 'outcome', status: 200, body }, { messageId: flow.messageId });
    const answer = await fleet.send(flow);
    expect(answer).toMatchObject({ status: 201, json: { status: 'sent', waId: 'wamid.AAAA' } });
    expect(Buffer.byteLength(answer.text)).toBeLessThan(20_000);
    expect((await fleet.send(flow)).text).toBe(answer.text);
  });

  it('is a receipt also where LipaChat gives an id of its own', async () => {
    const flow = fleet.flow();
    await fleet.lipachat.fail({ kind: 'no-messageId-echo' }, { messageId: flow.messageId });
    expect(await fleet.send(flow)).toMatchObject({
      status: 201,
      json: { messageId: flow.messageId, status: 'sent' },
    });
    expect(await fleet.lipachat.calls(flow.messageId)).toHaveLength(1);
  });
});

describe('hostile JSON, time after time', () => {
  const ANSWERS = 50;
  /** After these, the process has allocated what it keeps. */
  const WARM = 10;
  const GROWN_MB = 24;
  const FORMS = [
    { form: 'deep', size: 25_000 },
    { form: 'wide', size: 1_000_000 },
    { form: 'long', size: 65_536 },
  ];

  const residentOf = (pid: number): number => {
    const [, kilobytes = '0'] = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return Number(kilobytes) / 1024;
  };

  it.each([200, 400])(
    `is an unknown outcome within the deadline, and memory stays flat over ${ANSWERS}: %i`,
    async (status) => {
      const [worker] = fleet.workers['sendFlow'] ?? [];
      if (!worker) throw new Error('no worker');
      const resident: number[] = [];
      let slowestMs = 0;
      for (let n = 0; n < ANSWERS; n += 1) {
        const { messageId, ...rest } = fleet.flow();
        const fault: Fault = { kind: 'hostile-json', status, accepted: true, ...FORMS[n % FORMS.length] };
        await fleet.lipachat.fail(fault, { messageId, times: null });
        const startedAt = performance.now();
        const answer = await fleet.sendThrough(worker, { messageId, ...rest });
        slowestMs = Math.max(slowestMs, performance.now() - startedAt);
        expect(answer).toMatchObject({ status: 202, json: { status: 'unknown' } });
        resident.push(residentOf(worker.pid));
      }
      const grown = Math.max(...resident.slice(WARM)) - Math.max(...resident.slice(0, WARM));
      const seen = resident.filter((_, n) => n % 7 === 0).map(Math.round);
      console.log(`HTTP ${status}: RSS in MB ${seen.join(' ')}, slowest ${Math.round(slowestMs)} ms`);
      expect(grown).toBeLessThan(GROWN_MB);
      expect(slowestMs).toBeLessThan(DEADLINE_MS + 4_000);
    },
  );
});
