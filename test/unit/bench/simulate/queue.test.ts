/** The simulation against what queueing theory says, and what it must never do: lose a message, or differ for the same seed. */
import { describe, expect, it } from 'vitest';
import { arrivals, makeEngine } from '../../../../bench/simulate/engine.ts';
import { makeLambda } from '../../../../bench/simulate/lambda.ts';
import { makeQueue } from '../../../../bench/simulate/queue.ts';
import { figuresOf } from '../../../../bench/simulate/report.ts';
import { simulate } from '../../../../bench/simulate/run.ts';
import { settingsOf } from '../../../../bench/simulate/settings.ts';

const SECOND = 1_000;
const SETTINGS = { batchSize: 1, visibilityMs: 180 * SECOND, maxReceives: 5 };

/** A queue of single messages with so many servers, each message exponential with that mean. */
function playMMc({
  perSecond,
  servers,
  meanMs,
  hours,
}: {
  perSecond: number;
  servers: number;
  meanMs: number;
  hours: number;
}) {
  const engine = makeEngine(7);
  const queue = makeQueue<undefined>(
    { ...SETTINGS, maximumConcurrency: servers, pollers: { first: servers, perMinute: 0 } },
    {
      engine,
      invoke: (_, done) => {
        engine.after(-Math.log(1 - engine.random()) * meanMs, () => done([]));
        return true;
      },
    },
  );
  const endMs = hours * 3_600 * SECOND;
  arrivals(engine, { most: perSecond, rateAt: () => perSecond, endMs }, () => queue.send(undefined));
  engine.run(endMs);
  return queue;
}

const factorial = (n: number): number => (n <= 1 ? 1 : n * factorial(n - 1));

/** The mean wait of M/M/c in ms, by Erlang's C. */
function erlangWait(perSecond: number, servers: number, meanMs: number): number {
  const offered = (perSecond * meanMs) / SECOND;
  const terms = Array.from({ length: servers }, (_, n) => offered ** n / factorial(n));
  const waiting = (offered ** servers / factorial(servers)) * (servers / (servers - offered));
  const probability = waiting / (terms.reduce((sum, term) => sum + term, 0) + waiting);
  return (probability * meanMs) / (servers - offered);
}

describe('a simulated queue', () => {
  it.each([
    [8, 1, 100],
    [16, 2, 100],
    [40, 5, 100],
  ])('makes messages wait as M/M/c does: %i a second, %i servers, %i ms', (perSecond, servers, meanMs) => {
    const wait = playMMc({ perSecond, servers, meanMs, hours: 3 }).waits.mean();
    expect(wait / erlangWait(perSecond, servers, meanMs)).toBeGreaterThan(0.93);
    expect(wait / erlangWait(perSecond, servers, meanMs)).toBeLessThan(1.07);
  });

  it('grows as D/D/c does: by what arrives and is not served', () => {
    const engine = makeEngine(1);
    const invoke = (_: unknown, done: (failed: []) => void) => {
      engine.after(SECOND, () => done([]));
      return true;
    };
    const queue = makeQueue<number>(
      { ...SETTINGS, batchSize: 10, maximumConcurrency: 2, pollers: { first: 2, perMinute: 0 } },
      { engine, invoke },
    );
    // 30 a second come, 20 a second are served.
    for (let n = 0; n < 1_800; n += 1) engine.at((n * SECOND) / 30, () => queue.send(n));
    engine.run(60 * SECOND);
    expect(queue.waiting()).toBeGreaterThan(580);
    expect(queue.waiting()).toBeLessThanOrEqual(620);
    engine.run(100 * SECOND);
    expect(queue.counts).toMatchObject({ sent: 1_800, done: 1_800, dead: 0 });
    // 90 s to serve all, the last of which comes after 60; the first two batches are not full.
    expect(queue.waits.quantile(1) / SECOND).toBeGreaterThanOrEqual(30);
    expect(queue.waits.quantile(1) / SECOND).toBeLessThan(31);
  });

  it('returns a throttled batch after its visibility timeout, and gives it up after the last receive', () => {
    const engine = makeEngine(1);
    const queue = makeQueue<number>(
      { ...SETTINGS, maximumConcurrency: 1, pollers: { first: 1, perMinute: 0 } },
      { engine, invoke: () => false },
    );
    queue.send(1);
    engine.run(4.5 * 180 * SECOND);
    expect([queue.counts.dead, queue.inFlight()]).toEqual([0, 1]);
    engine.run(6 * 180 * SECOND);
    expect([queue.counts.dead, queue.inFlight(), queue.waiting()]).toEqual([1, 0, 0]);
  });
});

describe('simulated concurrency', () => {
  /** The share that Erlang's loss formula refuses. */
  const erlangLoss = (offered: number, servers: number): number => {
    let blocked = 1;
    for (let n = 1; n <= servers; n += 1) blocked = (offered * blocked) / (n + offered * blocked);
    return blocked;
  };

  it('refuses what Erlang’s loss formula says, whatever the spread of the times', () => {
    const engine = makeEngine(3);
    const lambda = makeLambda(engine, { concurrency: 1_000, reserved: { sendFlow: 14 } });
    let [arrived, refused] = [0, 0];
    const endMs = 3_600 * SECOND;
    arrivals(engine, { most: 20, rateAt: () => 20, endMs }, () => {
      arrived += 1;
      if (typeof lambda.start('sendFlow') === 'string') refused += 1;
      else engine.after(820, () => lambda.end('sendFlow'));
    });
    engine.run(endMs);
    expect(refused / arrived / erlangLoss(20 * 0.82, 14)).toBeGreaterThan(0.95);
    expect(refused / arrived / erlangLoss(20 * 0.82, 14)).toBeLessThan(1.05);
  });

  it('keeps a reservation from the other functions, and the others from it', () => {
    const lambda = makeLambda(makeEngine(1), { concurrency: 10, reserved: { webhook: 2 } });
    const startAll = (name: string, times: number) =>
      Array.from({ length: times }, () => typeof lambda.start(name)).filter((kind) => kind === 'object')
        .length;
    expect([startAll('sendFlow', 20), startAll('webhook', 5)]).toEqual([8, 2]);
  });
});

describe('a simulated deployment', () => {
  const load = { sends: 30, queueShare: 0.3, campaign: 20, seconds: 40, rampSeconds: 5 };

  it.each([1, 2, 3])('accounts for every send and every callback, throttled or not: seed %i', (seed) => {
    for (const concurrency of [15, 1_000]) {
      const { count, queues } = simulate(settingsOf({ account: { concurrency }, load, seed }));
      const { sends, callbacks } = count;
      expect(sends.answered + sends.accepted + count.refusedSends.total()).toBe(sends.arrived);
      for (const { sent, done, left, dead } of Object.values(queues)) expect(done + left + dead).toBe(sent);
      // Watches come after a minute, later than this run.
      expect([queues.delivery.sent, queues.campaign.sent]).toEqual([sends.accepted, count.campaign.due]);
      // A sent recipient may be of a batch that still runs.
      expect(count.campaign.sent).toBeGreaterThanOrEqual(queues.campaign.done);
      expect(count.campaign.sent + queues.campaign.dead).toBeLessThanOrEqual(count.campaign.due);
      const { done, sent } = queues.callbacks;
      expect(sent + count.refusedCallbacks.total()).toBe(callbacks.arrived);
      expect(callbacks.effective).toBe(done);
    }
  });

  it('is the same for the same seed, and another for another', () => {
    const run = (seed: number) => figuresOf(simulate(settingsOf({ load, seed })));
    expect(run(1)).toEqual(run(1));
    expect(run(1)).not.toEqual(run(2));
  });
});
