import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  currentPace,
  type RateLimit,
  scheduleFor,
  sharesByClient,
  sharesOf,
  slowed,
} from '../../../src/lib/campaigns/rate-limit.ts';

const perMinute = fc.integer({ min: 1, max: 4_800 });
const ceiling = fc.oneof(perMinute, fc.double({ min: 10, max: 4_800, noNaN: true }));
/** Far below any pace, and far above floating-point error. */
const TINY = 1e-6;

describe('shares of any ceiling among any campaigns', () => {
  const campaigns = fc.uniqueArray(fc.record({ id: fc.uuid(), perMinute }), {
    selector: ({ id }) => id,
    minLength: 1,
    maxLength: 50,
  });
  const sum = (values: Iterable<number>) => [...values].reduce((a, b) => a + b, 0);

  it('are above zero, at most what each campaign wants, and together at most the ceiling', () => {
    fc.assert(
      fc.property(campaigns, ceiling, (all, most) => {
        const shares = sharesOf(all, most);
        expect(shares.size).toBe(all.length);
        for (const { id, perMinute: wish } of all) {
          expect(shares.get(id)).toBeGreaterThan(0);
          expect(shares.get(id)).toBeLessThanOrEqual(wish);
        }
        expect(sum(shares.values())).toBeLessThanOrEqual(most + TINY);
      }),
    );
  });

  it('use up the ceiling, or give every campaign what it wants', () => {
    fc.assert(
      fc.property(campaigns, ceiling, (all, most) => {
        const wanted = sum(all.map((one) => one.perMinute));
        expect(sum(sharesOf(all, most).values())).toBeCloseTo(Math.min(wanted, most), 6);
      }),
    );
  });

  it('are fair: a campaign that gets less than it wants gets as much as any other', () => {
    fc.assert(
      fc.property(campaigns, ceiling, (all, most) => {
        const shares = sharesOf(all, most);
        const highest = Math.max(...shares.values());
        for (const { id, perMinute: wish } of all) {
          const share = shares.get(id) ?? 0;
          if (share < wish - TINY) expect(share).toBeGreaterThanOrEqual(highest - TINY);
        }
      }),
    );
  });

  it('are the same in any order of the campaigns', () => {
    const shuffled = campaigns.chain((all) =>
      fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })),
    );
    fc.assert(
      fc.property(shuffled, ceiling, ([all, others], most) => {
        for (const [id, share] of sharesOf(others, most))
          expect(sharesOf(all, most).get(id)).toBeCloseTo(share, 6);
      }),
    );
  });
});

describe('shares of any ceiling among clients', () => {
  const wishes = fc.array(perMinute, { minLength: 1, maxLength: 30 });

  it('give a client the same, into however many campaigns another one splits its wish', () => {
    fc.assert(
      fc.property(wishes, wishes, ceiling, (own, theirs, most) => {
        const of = (clientId: string, some: number[]) =>
          some.map((wish, n) => ({ id: `${clientId}${n}`, clientId, perMinute: wish }));
        const whole = theirs.reduce((a, b) => a + b, 0);
        const split = sharesByClient([...of('b', own), ...of('a', theirs)], most);
        const joined = sharesByClient([...of('a', [whole]), ...of('b', own)], most);
        for (const { id } of of('b', own)) expect(split.get(id)).toBeCloseTo(joined.get(id) ?? 0, 6);
        const got = of('b', own).reduce((sum, { id }) => sum + (split.get(id) ?? 0), 0);
        const wanted = own.reduce((a, b) => a + b, 0);
        expect(got).toBeGreaterThanOrEqual(Math.min(wanted, most / 2) - TINY);
        expect([...split.values()].reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(most + TINY);
      }),
    );
  });
});

describe('the scheduled times of any pace, in runs of any length', () => {
  const instant = fc.date({
    min: new Date('2020-01-01'),
    max: new Date('2100-01-01'),
    noInvalidDate: true,
  });
  const runs = fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 1, maxLength: 40 });

  /** Runs that continue one another, as ticks do. */
  function inRuns(start: Date, counts: readonly number[], pace: number): number[] {
    let nextScheduledAt = start;
    return counts.flatMap((count) => {
      const run = scheduleFor({ nextScheduledAt, now: start, count, perMinute: pace });
      nextScheduledAt = run.next;
      return run.at.map((at) => at.getTime());
    });
  }

  it('are those of one long run', () => {
    fc.assert(
      fc.property(instant, runs, ceiling, (start, counts, pace) => {
        const total = counts.reduce((a, b) => a + b, 0);
        expect(inRuns(start, counts, pace)).toEqual(inRuns(start, [total], pace));
      }),
    );
  });

  it('ascend, and each is exact to within two milliseconds', () => {
    fc.assert(
      fc.property(instant, runs, ceiling, (start, counts, pace) => {
        for (const [n, ms] of inRuns(start, counts, pace).entries()) {
          const exact = start.getTime() + (n * 60_000) / pace;
          expect(ms).toBeGreaterThan(exact - 1 - TINY);
          expect(ms).toBeLessThan(exact + 2 + TINY);
        }
      }),
    );
  });

  it('are never before now, nor before the next free time', () => {
    fc.assert(
      fc.property(instant, instant, ceiling, (nextScheduledAt, now, pace) => {
        const { at, next } = scheduleFor({ nextScheduledAt, now, count: 2, perMinute: pace });
        const least = Math.max(nextScheduledAt.getTime(), now.getTime());
        for (const one of [...at, next]) expect(one.getTime()).toBeGreaterThanOrEqual(least);
        expect(new Set([...at, next].map(Number)).size).toBe(3);
      }),
    );
  });

  it('deviate by at most 15 % in any 10 seconds, and never exceed twice the mean in a second', () => {
    const brisk = fc.double({ min: 120, max: 4_800, noNaN: true });
    const within = (slots: readonly number[], from: number, ms: number) =>
      slots.filter((at) => at >= from && at < from + ms).length;
    fc.assert(
      fc.property(instant, brisk, fc.nat(30_000), (start, pace, offset) => {
        const counts = Array.from({ length: Math.ceil((pace * 2) / 3 / 100) }, () => 100);
        const slots = inRuns(start, counts, pace);
        const from = start.getTime() + offset;
        expect(Math.abs(within(slots, from, 10_000) / (pace / 6) - 1)).toBeLessThanOrEqual(0.15);
        expect(within(slots, from, 1_000)).toBeLessThanOrEqual((2 * pace) / 60);
      }),
    );
  });

  it('continue without a burst or a gap when the pace changes', () => {
    fc.assert(
      fc.property(instant, ceiling, ceiling, (start, before, then) => {
        const first = scheduleFor({ nextScheduledAt: start, now: start, count: 20, perMinute: before });
        const second = scheduleFor({ nextScheduledAt: first.next, now: start, count: 1, perMinute: then });
        const gap = Number(second.at[0]) - Number(first.at.at(-1));
        expect(gap).toBeGreaterThan(60_000 / before - 2);
        expect(gap).toBeLessThan(60_000 / before + 3);
      }),
    );
  });
});

describe('a number that is throttled at any times', () => {
  const START = new Date('2026-11-02T09:00:00Z');
  const reports = fc.array(fc.integer({ min: 0, max: 900_000 }), { maxLength: 30 });

  /** The pace after each report, with the reports `gaps` ms apart. */
  function throttled(gaps: readonly number[], full: number) {
    let now = START;
    let pace: RateLimit | undefined;
    return gaps.map((gap) => {
      now = new Date(now.getTime() + gap);
      const before = { pace, current: currentPace(pace, full, now) };
      pace = slowed(pace, full, now);
      return { before, pace, now };
    });
  }

  it('is slowed to half its pace, at most once a minute, and never below ten a minute', () => {
    fc.assert(
      fc.property(reports, fc.integer({ min: 10, max: 4_800 }), (gaps, full) => {
        for (const { before, pace, now } of throttled(gaps, full)) {
          const held = before.pace && Number(now) - Number(before.pace.slowedAt) < 60_000;
          if (held) expect(pace).toEqual(before.pace);
          else expect(pace).toEqual({ perMinute: Math.max(10, before.current / 2), slowedAt: now });
          expect(pace.perMinute).toBeGreaterThanOrEqual(10);
          expect(pace.perMinute).toBeLessThanOrEqual(full);
        }
      }),
    );
  });

  it('only speeds up while it is not throttled, and is at full pace within 50 minutes', () => {
    fc.assert(
      fc.property(reports, perMinute, fc.array(fc.nat(3_000_000), { minLength: 2 }), (gaps, full, times) => {
        const pace = throttled(gaps, full).at(-1)?.pace;
        const from = Number(pace?.slowedAt ?? START);
        const paces = times
          .toSorted((a, b) => a - b)
          .map((ms) => currentPace(pace, full, new Date(from + ms)));
        expect(paces).toEqual(paces.toSorted((a, b) => a - b));
        expect(currentPace(pace, full, new Date(from + 3_000_000))).toBe(full);
      }),
    );
  });
});
