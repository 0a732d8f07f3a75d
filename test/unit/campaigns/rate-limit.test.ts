import { describe, expect, it } from 'vitest';
import {
  currentPace,
  type RateLimit,
  scheduleFor,
  sharesOf,
  slowed,
} from '../../../src/lib/campaigns/rate-limit.ts';

const NOW = new Date('2026-11-02T09:00:00.000Z');
const inMs = (ms: number) => new Date(NOW.getTime() + ms);
const minutes = (count: number) => inMs(count * 60_000);

describe('the shares of a number’s pace', () => {
  const shares = (wishes: readonly number[], ceiling: number) =>
    [
      ...sharesOf(
        wishes.map((perMinute, n) => ({ id: `c${n}`, perMinute })),
        ceiling,
      ),
    ].toSorted();

  it.each([
    ['all that they want where there is enough', [60, 1200], 4320, [60, 1200]],
    ['equal parts where all want more', [4800, 4800, 4800], 4320, [1440, 1440, 1440]],
    ['what the modest leave, in equal parts', [4800, 60, 4800], 4320, [2130, 60, 2130]],
    ['fractions where a slowed number has many campaigns', [60, 60, 60, 60], 10, [2.5, 2.5, 2.5, 2.5]],
    ['nothing to divide without campaigns', [], 4320, []],
  ])('are %s', (_, wishes, ceiling, expected) => {
    expect(shares(wishes, ceiling)).toEqual(expected.map((perMinute, n) => [`c${n}`, perMinute]));
  });
});

describe('the scheduled times of a campaign', () => {
  const offsets = (at: readonly Date[]) => at.map((one) => one.getTime() - NOW.getTime());

  it('begin at its next free time', () => {
    const { at, next } = scheduleFor({ nextScheduledAt: inMs(1_234), now: NOW, count: 3, perMinute: 60 });
    expect(offsets([...at, next])).toEqual([1_234, 2_234, 3_234, 4_234]);
  });

  it('begin now when the next free time has passed unused', () => {
    const { at, next } = scheduleFor({ nextScheduledAt: minutes(-10), now: NOW, count: 2, perMinute: 1_200 });
    expect(offsets([...at, next])).toEqual([0, 50, 100]);
  });

  it('are none when none are requested, and the next free time stays the same', () => {
    expect(scheduleFor({ nextScheduledAt: inMs(50), now: NOW, count: 0, perMinute: 1_200 })).toEqual({
      at: [],
      next: inMs(50),
    });
  });

  it.each([
    ['a point of the grid', 2_157, 2_220_448_559_523, 0],
    ['a point of the grid', 3_640, 2_204_725_285_125, 0],
    ['just after one', 3_099, 2_402_396_375_067, 1],
    ['just after one', 307, 1_818_298_260_000, 1],
  ])('begin at %s when floating-point division yields the point beside it', (_, perMinute, ms, later) => {
    const { at } = scheduleFor({ nextScheduledAt: new Date(ms), now: NOW, count: 1, perMinute });
    expect(at).toEqual([new Date(ms + later)]);
  });

  it('are exact to one send over an hour, in runs of a hundred', () => {
    for (const perMinute of [7, 60, 1_100, 1_200, 1_439.5, 4_320, 4_799]) {
      const { count, last } = hour(perMinute);
      expect(count, `${perMinute} a minute`).toBeGreaterThanOrEqual(perMinute * 60 - 1);
      expect(count, `${perMinute} a minute`).toBeLessThanOrEqual(perMinute * 60 + 1);
      expect(last).toBeGreaterThan(60 * 60_000 - 2 * (60_000 / perMinute) - 2);
    }
  });

  function hour(perMinute: number) {
    let nextScheduledAt = NOW;
    const all: number[] = [];
    while (nextScheduledAt < minutes(60)) {
      const run = scheduleFor({ nextScheduledAt, now: NOW, count: 100, perMinute });
      all.push(...offsets(run.at));
      nextScheduledAt = run.next;
    }
    const within = all.filter((ms) => ms < 60 * 60_000);
    return { count: within.length, last: within.at(-1) };
  }
});

describe('a number that was throttled', () => {
  const slow = (perMinute: number): RateLimit => ({ perMinute, slowedAt: NOW });

  it('runs at full pace before that', () => {
    expect(currentPace(undefined, 4_320, NOW)).toBe(4_320);
  });

  it('runs at half its pace', () => {
    expect(slowed(undefined, 4_320, NOW)).toEqual(slow(2_160));
    expect(slowed(slow(2_160), 4_320, minutes(1))).toEqual({ perMinute: 1_080, slowedAt: minutes(1) });
  });

  it('is slowed once for all reports within a minute', () => {
    expect(slowed(slow(2_160), 4_320, inMs(59_999))).toEqual(slow(2_160));
  });

  it('is slowed from the pace it has recovered to', () => {
    expect(slowed(slow(540), 4_320, minutes(5)).perMinute).toBe(540);
  });

  it('is never slowed below ten a minute, nor set above its full pace', () => {
    expect(slowed(slow(12), 4_320, minutes(2)).perMinute).toBe(10);
    expect(slowed(undefined, 6, NOW).perMinute).toBe(6);
  });

  it.each([
    [0, 540],
    [4.99, 540],
    [5, 1_080],
    [10, 2_160],
    [15, 4_320],
    [600, 4_320],
    [1e9, 4_320],
    [-3, 540],
  ])('after %d minutes runs at %d a minute', (minute, perMinute) => {
    expect(currentPace(slow(540), 4_320, minutes(Math.min(minute, 1e7)))).toBe(perMinute);
  });

  it('respects a full pace that was lowered since', () => {
    expect(currentPace(slow(2_160), 1_000, NOW)).toBe(1_000);
  });
});
