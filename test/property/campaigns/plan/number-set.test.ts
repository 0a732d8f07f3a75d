import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makeNumberSet } from '../../../../src/lib/campaigns/plan/number-set.ts';
import type { PhoneNumber } from '../../../../src/lib/whatsapp/phone.ts';

/** Close to one another and far apart, with repeats, and longer than a double can be exact about. */
const number = fc
  .oneof(
    fc.integer({ min: 1, max: 40 }).map(String),
    fc.integer({ min: 254_700_000_000, max: 254_700_000_050 }).map(String),
    fc.integer({ min: 1, max: Number.MAX_SAFE_INTEGER }).map(String),
    fc.stringMatching(/^\d{14,20}$/),
    fc.integer({ min: 0, max: 9 }).map((n) => `900719925474099${n}`),
  )
  .map((digits) => digits as PhoneNumber);

describe('a set of any numbers', () => {
  it('behaves as a Set does, up to its capacity', () => {
    fc.assert(
      fc.property(fc.array(number, { maxLength: 200 }), fc.nat(200), (all, capacity) => {
        const model = new Set<string>();
        const set = makeNumberSet(capacity);
        for (const one of all) {
          if (model.has(one)) expect(set.add(one)).toBe(false);
          else if (model.size === capacity) expect(() => set.add(one)).toThrow(RangeError);
          else expect(set.add(one)).toBe(model.add(one).has(one));
          expect(set.size).toBe(model.size);
        }
      }),
    );
  });
});
