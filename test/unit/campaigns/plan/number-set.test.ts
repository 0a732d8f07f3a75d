import { describe, expect, it } from 'vitest';
import { makeNumberSet } from '../../../../src/lib/campaigns/plan/number-set.ts';
import type { PhoneNumber } from '../../../../src/lib/whatsapp/phone.ts';

const number = (digits: string | number) => String(digits) as PhoneNumber;

describe('a set of numbers', () => {
  it('takes each number once', () => {
    const set = makeNumberSet(10);
    expect([254717746565, 254717746566, 254717746565].map((n) => set.add(number(n)))).toEqual([
      true,
      true,
      false,
    ]);
    expect(set.size).toBe(2);
  });

  it('takes as many as it was made for, and no more', () => {
    const set = makeNumberSet(2);
    set.add(number(1));
    set.add(number(2));
    expect(() => set.add(number(3))).toThrow(RangeError);
    expect(() => set.add(number('12345678901234567890'))).toThrow(RangeError);
    expect(set.add(number(2))).toBe(false);
    expect(set.size).toBe(2);
  });

  it('takes nothing where it was made for nothing', () => {
    expect(() => makeNumberSet(0).add(number(1))).toThrow(RangeError);
  });

  it('tells numbers apart that a double would not', () => {
    const set = makeNumberSet(10);
    const long = ['9007199254740992', '9007199254740993', '8111111111111111111', '8111111111111111112'];
    expect(long.map((n) => set.add(number(n)))).toEqual([true, true, true, true]);
    expect(long.map((n) => set.add(number(n)))).toEqual([false, false, false, false]);
    expect(set.size).toBe(4);
  });

  it('holds a million numbers in a row, each found again, within 20 MB', () => {
    const before = process.memoryUsage().arrayBuffers;
    const set = makeNumberSet(1_000_000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(20_000_000);
    for (let n = 0; n < 1_000_000; n += 1)
      if (!set.add(number(254_700_000_000 + n))) expect.fail(`${n} was new`);
    for (let n = 0; n < 1_000_000; n += 7)
      if (set.add(number(254_700_000_000 + n))) expect.fail(`${n} was in it`);
    expect(set.size).toBe(1_000_000);
  });
});
