import { beforeEach, describe, expect, it } from 'vitest';
import type { UnmatchedStatus } from '../../../src/lib/callbacks/unmatched-status.ts';
import { waKeyOf } from '../../../src/lib/messages/message.ts';
import { makeSweep } from '../../../src/lib/sending/sweep.ts';
import { waIdOf } from '../../support/fakes/gateway.ts';
import { faultyLink, type Link, straight } from '../../support/fakes/link.ts';
import { idOf, later, sampleRequest, sampleSession } from '../../support/fakes/samples.ts';
import { makeWorld, type World } from '../../support/fakes/world.ts';

const ID = sampleRequest().messageId;

let world: World;
beforeEach(async () => {
  world = await opened('resend');
});

async function opened(mode: 'resend' | 'hold'): Promise<World> {
  const fresh = makeWorld({ mode });
  await fresh.sessions.create(sampleSession());
  return fresh;
}

/** Processes that die at their first call of this name. */
async function crashAt(name: string, ids: readonly string[] = [ID]): Promise<void> {
  const link: Link = (call, apply) => (call === name ? new Promise(() => undefined) : straight(call, apply));
  for (const id of ids) {
    void world.process(`crashed-${id}`, { link }).send({ request: sampleRequest({ messageId: idOf(id) }) });
  }
  await new Promise((resolve) => setImmediate(resolve));
}

const idsOf = (name: string, count: number) => Array.from({ length: count }, (_, n) => `${name}-${n}`);
const ALL = { segment: 0, of: 1 } as const;
/** The sweeper finds them in its index, or in its scan. */
const dueNow = async () => [
  ...(await world.messages.due(world.clock.now(), 1_000)),
  ...(await world.messages.abandoned(ALL, { now: world.clock.now(), after: undefined })).ids,
];

async function tick(minutes = 1) {
  world.clock.advance(minutes * 61_000);
  return await world.process('sweeper').sweep();
}

describe('a tick of the sweeper', () => {
  it('has nothing to do when nothing is due', async () => {
    await world.process('caller').send();
    await crashAt('sendFlow', ['live']);
    expect(await world.process('sweeper').sweep()).toEqual({ finished: 0, failed: 0, unmatchedStatuses: 0 });
    expect(await dueNow()).toEqual([]);
    expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
  });

  it('finishes each message that a crash left, once', async () => {
    await crashAt('sendFlow', ['a', 'b', 'c']);
    expect(await tick()).toMatchObject({ finished: 3, failed: 0 });
    expect(world.messages.all().map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']);
    expect(world.gateway.deliveries).toHaveLength(3);
    expect(await tick()).toMatchObject({ finished: 0, failed: 0 });
    expect(await dueNow()).toEqual([]);
  });

  it('finishes the other messages when one fails', async () => {
    await crashAt('sendFlow', ['a', 'b', 'c']);
    const { link, fail } = faultyLink();
    fail('replace', 'before', { nth: 1 });
    world.clock.advance(61_000);
    expect(await dueNow()).toHaveLength(3);
    expect(await world.process('sweeper', { link }).tick(ALL)).toMatchObject({ finished: 2, failed: 1 });
    expect(world.telemetry.events('error')).toEqual(['sweep.message-failed']);
    expect(await tick()).toMatchObject({ finished: 1, failed: 0 });
    expect(world.messages.all().map(({ status }) => status)).toEqual(['sent', 'sent', 'sent']);
  });

  it('requeues old unmatched statuses even when a message fails', async () => {
    await crashAt('sendFlow');
    const { link, fail } = faultyLink();
    fail('replace', 'before');
    const report = { status: 'read', at: later(0) } as const;
    world.oldUnmatched.seed({ waKey: waKeyOf('wamid.x'), report, lookups: 0 }, later(20));
    world.clock.advance(61_000);
    expect(await world.process('sweeper', { link }).tick(ALL)).toMatchObject({
      failed: 1,
      unmatchedStatuses: 1,
    });
  });

  it('starts nothing that it cannot finish in its time, and leaves it to the next tick', async () => {
    await crashAt('sendFlow', ['a', 'b']);
    const begun: string[] = [];
    const sweep = makeSweep({
      messages: world.messages,
      sweepMessage: (id) => {
        begun.push(id);
        return Promise.resolve(true);
      },
      requeueUnmatched: () => Promise.resolve(0),
      clock: world.clock,
      telemetry: world.telemetry,
      longestSendMs: 24_000,
    });
    world.clock.advance(61_000);
    const run = { correlationId: 'c', deadlineAt: later(23.999, world.clock.now()), part: ALL };
    expect(await dueNow()).toHaveLength(2);
    expect(await sweep(run)).toMatchObject({ finished: 0, failed: 0 });
    expect(begun).toEqual([]);
    expect(await sweep({ ...run, deadlineAt: later(24, world.clock.now()) })).toMatchObject({ finished: 2 });
    expect(begun.toSorted()).toEqual(['a', 'b']);
  });

  it('takes the oldest messages first, and finishes all of them in a few ticks', async () => {
    await crashAt('sendFlow', idsOf('old', 400));
    world.clock.advance(1_000);
    await crashAt('sendFlow', idsOf('young', 300));
    for (let n = 0; n < 4; n += 1) await tick();
    const first = world.gateway.deliveries.slice(0, 300).map(({ messageId }) => messageId);
    expect(first.filter((id) => !id.startsWith('old-'))).toEqual([]);
    expect(world.gateway.deliveries).toHaveLength(700);
  });

  it('does a bounded amount of work and still requeues old unmatched statuses, however much is due', async () => {
    let begun = 0;
    let looks = 0;
    const limits: number[] = [];
    const sweep = makeSweep({
      messages: {
        ...world.messages,
        due: (_, limit) => {
          limits.push(limit);
          return Promise.resolve(idsOf(`round-${limits.length}`, limit).map(idOf));
        },
      },
      sweepMessage: () => {
        begun += 1;
        return Promise.resolve(true);
      },
      requeueUnmatched: () => {
        looks += 1;
        return Promise.resolve(0);
      },
      clock: world.clock,
      telemetry: world.telemetry,
      longestSendMs: 24_000,
    });
    const report = await sweep({ correlationId: 'c', deadlineAt: later(60, world.clock.now()), part: ALL });
    expect(begun).toBeGreaterThan(0);
    expect(report).toMatchObject({ finished: begun, failed: 0 });
    expect(Math.max(...limits)).toBeLessThanOrEqual(500);
    expect(begun).toBeLessThanOrEqual(60_000);
    expect(looks).toBe(1);
  });

  it.each([
    { each: 1, most: 18_000, why: 'half of its time, however many' },
    { each: 4, most: 6_000, why: '20 rounds, past half of its time' },
    { each: 10, most: 3_600, why: 'all of its time, of 20 rounds' },
  ])('takes due messages for $why, where each takes $each ms', async ({ each, most }) => {
    let begun = 0;
    const start = world.clock.now();
    const run = { correlationId: 'c', deadlineAt: later(60, start), part: ALL };
    const scannedAfter: number[] = [];
    const sweep = makeSweep({
      messages: {
        due: (_, limit) => Promise.resolve(idsOf('due', limit).map(idOf)),
        abandoned: () => {
          scannedAfter.push(world.clock.now().getTime() - start.getTime());
          return Promise.resolve({ ids: [], next: undefined });
        },
      },
      sweepMessage: () => {
        begun += 1;
        world.clock.advance(each);
        return Promise.resolve(true);
      },
      requeueUnmatched: () => Promise.resolve(0),
      clock: world.clock,
      telemetry: world.telemetry,
      longestSendMs: 24_000,
    });
    await sweep(run);
    expect(begun).toBeGreaterThanOrEqual(most);
    expect(begun).toBeLessThan(most + 2 * 300);
    expect(scannedAfter.length > 0).toBe(each < 10);
  });

  it('can run beside another: nothing is delivered twice, and there is no fault', async () => {
    await crashAt('sendFlow', ['a', 'b', 'c']);
    world.gateway.onRepeat = 'delivers';
    world.clock.advance(61_000);
    const sweepers = ['one', 'two', 'three'].map((name) => world.process(name).tick(ALL));
    await Promise.all(sweepers);
    expect(world.gateway.deliveries).toHaveLength(3);
    expect(world.telemetry.events('error')).toEqual([]);
  });
});

describe('the scan of the table', () => {
  it('finds each message whose watch was lost: in a day of ticks, or in one if an operator asks', async () => {
    const { tick: alone } = world.process('sweeper');
    await crashAt('sendFlow', idsOf('asked', 40));
    world.clock.advance(60_000);
    expect(await alone(ALL)).toEqual({ finished: 40, failed: 0, unmatchedStatuses: 0 });
    await crashAt('sendFlow', idsOf('lost', 40));
    let finished = 0;
    for (let minute = 0; minute < 1_440; minute += 1) {
      world.clock.advance(60_000);
      finished += (await alone()).finished;
    }
    expect(finished).toBe(40);
    expect(world.messages.all().filter(({ lease }) => lease)).toEqual([]);
  });

  it('keeps nothing that is due waiting when it fails', async () => {
    await crashAt('sendFlow');
    const waiting = sampleRequest({ messageId: idOf('waits') });
    await world.process('caller').send({ request: waiting, respondAsync: true });
    world.queue.take();
    const { link, fail } = faultyLink();
    fail('abandoned', 'before', { times: 4 });
    world.clock.advance(125_000);
    const report = await world.process('sweeper', { link }).tick(ALL);
    expect(report).toEqual({ finished: 1, failed: 0, unmatchedStatuses: 0, cut: true });
    expect(world.queue.waiting.map(({ messageId }) => messageId)).toEqual(['waits']);
    expect(world.telemetry.events('error')).toEqual(['sweep.scan-failed']);
  });

  it('comes after the due messages, so that it can’t use up their time', async () => {
    const calls: string[] = [];
    const link: Link = (call, apply) => {
      calls.push(call);
      return straight(call, apply);
    };
    await world.process('sweeper', { link }).tick(ALL);
    expect(calls.filter((call) => call === 'due' || call === 'abandoned')).toEqual([
      'due',
      ...Array(4).fill('abandoned'),
    ]);
  });

  it('finishes sixteen messages at once at most, over all of its pieces', async () => {
    let [running, most] = [0, 0];
    const sweep = makeSweep({
      messages: {
        ...world.messages,
        abandoned: ({ segment }) =>
          Promise.resolve({ ids: idsOf(`piece-${segment}`, 40).map(idOf), next: undefined }),
      },
      sweepMessage: async () => {
        running += 1;
        most = Math.max(most, running);
        await new Promise((resolve) => setImmediate(resolve));
        running -= 1;
        return true;
      },
      requeueUnmatched: () => Promise.resolve(0),
      clock: world.clock,
      telemetry: world.telemetry,
      longestSendMs: 24_000,
    });
    const run = { correlationId: 'c', deadlineAt: later(55, world.clock.now()), part: ALL };
    expect(await sweep(run)).toMatchObject({ finished: 160 });
    expect(most).toBe(16);
  });

  it('ends with the time of its tick, and says that it was cut', async () => {
    const pages: string[] = [];
    const sweep = makeSweep({
      messages: {
        ...world.messages,
        abandoned: ({ segment }, { after }) => {
          pages.push(`${segment} ${after ?? 'start'}`);
          // Four scans side by side.
          world.clock.advance(2_500);
          return Promise.resolve({ ids: [], next: `page-${Math.ceil(pages.length / 4)}` });
        },
      },
      sweepMessage: () => Promise.resolve(true),
      requeueUnmatched: () => Promise.resolve(0),
      clock: world.clock,
      telemetry: world.telemetry,
      longestSendMs: 24_000,
    });
    const run = { correlationId: 'c', deadlineAt: later(55, world.clock.now()), part: ALL };
    expect(await sweep(run)).toMatchObject({ cut: true });
    for (const segment of [0, 1, 2, 3]) {
      const own = pages.filter((page) => page.startsWith(`${segment} `));
      expect(own.length).toBeGreaterThanOrEqual(3);
      const expected = ['start', 'page-1', 'page-2', 'page-3'].map((page) => `${segment} ${page}`);
      expect(own).toEqual(expected.slice(0, own.length));
    }
    expect(world.telemetry.events('warn')).toEqual(['sweep.scan-cut']);
  });
});

describe("a message that a fault on the operator's side blocks", () => {
  const faults = [
    { kind: 'throttled' },
    { kind: 'credentials' },
    { kind: 'notSent', reason: 'refused' },
  ] as const;

  it.each(faults)(
    'is sent once the fault is over, because no caller was told otherwise: $kind',
    async (fault) => {
      await crashAt('sendFlow');
      world.gateway.always(fault);
      await tick(3);
      expect(world.messages.all()).toHaveLength(1);
      world.gateway.always('accept');
      await tick(2);
      expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
    },
  );

  it.each(faults)(
    'is sent once the fault is over with hold, too, because it was never sent: $kind',
    async (fault) => {
      world = await opened('hold');
      await crashAt('replace');
      world.gateway.always(fault);
      for (let n = 0; n < 3; n += 1) await tick();
      expect(world.messages.all()).toHaveLength(1);
      world.gateway.always('accept');
      for (let n = 0; n < 3; n += 1) await tick();
      expect(world.onlyMessage()).toMatchObject({ status: 'sent' });
    },
  );

  it.each(['resend', 'hold'] as const)(
    'stays unknown with a reason when the fault never ends: %s',
    async (mode) => {
      world = await opened(mode);
      await crashAt(mode === 'hold' ? 'replace' : 'sendFlow');
      world.gateway.always({ kind: 'credentials' });
      for (let n = 0; n < 20; n += 1) await tick();
      expect(world.onlyMessage()).toMatchObject({
        status: 'unknown',
        reason: expect.any(String),
        dueAt: undefined,
      });
    },
  );
});

describe('a status that arrived before its message was known by that id', () => {
  const unmatched: UnmatchedStatus = {
    waKey: waKeyOf(waIdOf(ID)),
    report: { status: 'delivered', at: later(1) },
    lookups: 0,
  };

  it('is looked up again in the queue, and matched', async () => {
    await world.unmatchedQueue.lookUpIn(unmatched, 20);
    await world.process('caller').send();
    await tick();
    expect(world.onlyMessage()).toMatchObject({ status: 'delivered' });
    expect(world.unmatchedQueue.waiting).toEqual([]);
  });

  it('is looked up six times in 18 minutes, less and less often, then counted and dropped', async () => {
    await world.unmatchedQueue.lookUpIn(unmatched, 20);
    const after: number[] = [];
    let lookups = 0;
    for (let second = 0; second < 22 * 60; second += 10) {
      world.clock.advance(10_000);
      await world.process('worker').sweep();
      const next = world.unmatchedQueue.waiting[0]?.unmatched.lookups ?? 6;
      if (next !== lookups) after.push(second + 10);
      lookups = next;
    }
    expect(after).toEqual([20, 120, 360, 600, 840, 1080]);
    expect(world.unmatchedQueue.waiting).toEqual([]);
    expect(world.telemetry.counted('status.unmatched')).toBe(1);
  });

  it('moves to the queue from the table, where an earlier version kept it, however many there are', async () => {
    for (let n = 0; n < 700; n += 1) world.oldUnmatched.seed({ ...unmatched, waKey: `key-${n}` }, later(20));
    world.oldUnmatched.seed(unmatched, later(20));
    await world.process('caller').send();
    world.clock.advance(60_000);
    const moved: number[] = [];
    for (let n = 0; n < 4; n += 1) moved.push((await world.process('sweeper').tick(ALL)).unmatchedStatuses);
    expect(moved).toEqual([300, 300, 101, 0]);
    expect(world.oldUnmatched.left()).toBe(0);
    await tick();
    expect(world.onlyMessage()).toMatchObject({ status: 'delivered' });
    expect(world.unmatchedQueue.waiting).toHaveLength(700);
  });

  it('stays in the table until the queue has it, and a fault of the queue keeps the scan from nothing', async () => {
    world.oldUnmatched.seed(unmatched, later(20));
    await crashAt('sendFlow', ['crashed']);
    const { link, fail } = faultyLink();
    fail('lookUpIn', 'before', { nth: 1 });
    world.clock.advance(61_000);
    const report = await world.process('sweeper', { link }).tick(ALL);
    expect(report).toEqual({ finished: 1, failed: 0, unmatchedStatuses: 0 });
    expect(world.telemetry.events('error')).toEqual(['sweep.requeue-failed']);
    expect(world.oldUnmatched.left()).toBe(1);
    expect(await tick()).toMatchObject({ unmatchedStatuses: 1 });
  });
});
