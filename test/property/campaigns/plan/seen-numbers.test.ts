import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ENTRY_BYTES, makeSeenNumbers } from '../../../../src/lib/campaigns/plan/seen-numbers.ts';
import type { PhoneNumber } from '../../../../src/lib/whatsapp/phone.ts';

/** Few enough to meet again, in ranges of neighbours and up to the 19 digits of the longest numbering plans. */
const number = fc
  .oneof(
    fc.bigInt({ min: 254_700_000_000n, max: 254_700_000_200n }),
    fc.bigInt({ min: 4_294_967_290n, max: 4_294_967_300n }),
    fc.bigInt({ min: 999_999_999_999_990n, max: 1_000_000_000_000_010n }),
    fc.bigInt({ min: 6_212_345_678_901_234_560n, max: 6_212_345_678_901_234_570n }),
    fc.bigInt({ min: 10_000n, max: 9_999_999_999_999_999_999n }),
  )
  .map((value) => String(value) as PhoneNumber);
const line = fc.integer({ min: 1, max: 2 ** 32 - 1 });

const numbersOf = (entries: readonly (readonly [PhoneNumber, number])[], expected: number) => {
  const seen = makeSeenNumbers(expected);
  const model = new Map<PhoneNumber, number>();
  for (const [one, at] of entries) {
    expect(seen.lineOf(one)).toBe(model.get(one));
    if (model.has(one)) continue;
    seen.add(one, at);
    model.set(one, at);
    expect(seen.size()).toBe(model.size);
  }
  return { seen, model };
};

describe('the numbers seen', () => {
  const entries = fc.array(fc.tuple(number, line), { maxLength: 300 });
  const expected = fc.constantFrom(0, 1, 2, 10, 1_000);

  it('are those of a Map, with the lines of their first rows, however small the table began', () => {
    fc.assert(
      fc.property(entries, expected, number, (given, size, other) => {
        const { seen, model } = numbersOf(given, size);
        for (const [one, at] of model) expect(seen.lineOf(one)).toBe(at);
        expect(seen.lineOf(other)).toBe(model.get(other));
      }),
    );
  });

  it('are the same in a table that was refilled from what others gave out', () => {
    fc.assert(
      fc.property(entries, expected, fc.nat(300), (given, size, at) => {
        const model = new Map([...given].reverse());
        const [first, second] = [[...model].slice(0, at), [...model].slice(at)];
        const one = makeSeenNumbers();
        for (const [key, value] of first) one.add(key, value);
        const given1 = one.takeAdded();
        expect(given1.length).toBe(first.length * ENTRY_BYTES);
        const two = makeSeenNumbers(size);
        two.refill(given1);
        for (const [key, value] of second) two.add(key, value);
        const three = makeSeenNumbers(size);
        for (const part of [two.takeAdded(), given1]) three.refill(part);
        expect(three.size()).toBe(model.size);
        for (const [key, value] of model) expect(three.lineOf(key)).toBe(value);
        expect([two.takeAdded().length, three.takeAdded().length]).toEqual([0, 0]);
      }),
    );
  });

  it('take no more room than was allocated for them, up to the count that was expected', () => {
    const before = process.memoryUsage().arrayBuffers;
    const seen = makeSeenNumbers(50_000);
    const allocated = process.memoryUsage().arrayBuffers - before;
    for (let k = 0; k < 50_000; k += 1) seen.add(String(254_700_000_000 + k) as PhoneNumber, k + 2);
    for (let k = 0; k < 50_000; k += 997)
      expect(seen.lineOf(String(254_700_000_000 + k) as PhoneNumber)).toBe(k + 2);
    expect(allocated).toBeLessThan(50_000 * 40);
  });
});
