import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { makePriceEstimate } from '../../../../src/lib/campaigns/plan/price.ts';
import type { PhoneNumber } from '../../../../src/lib/whatsapp/phone.ts';

const message = fc.record({
  number: fc.stringMatching(/^[1-9]\d{7,14}$/).map((digits) => digits as PhoneNumber),
  kind: fc.constantFrom('service' as const, 'template' as const),
});
type Message = typeof message extends fc.Arbitrary<infer T> ? T : never;

function amountOf(messages: readonly Message[], times = 1): number {
  const estimate = makePriceEstimate();
  for (const { number, kind } of messages) for (let n = 0; n < times; n += 1) estimate.add(number, kind);
  return estimate.total().amount;
}
/** The exact price in hundredths of a cent: all list prices are whole numbers of them. */
const exact = (one: Message) => Math.round(amountOf([one], 10_000));

describe('the estimate of any messages', () => {
  it('is the sum of their prices, rounded once', () => {
    fc.assert(
      fc.property(fc.array(message, { maxLength: 20 }), (all) => {
        const sum = all.map(exact).reduce((a, b) => a + b, 0);
        expect(amountOf(all)).toBe(Math.round(sum / 100) / 100);
      }),
    );
  });

  it('is the same in any order', () => {
    const shuffled = fc
      .array(message, { maxLength: 50 })
      .chain((all) => fc.tuple(fc.constant(all), fc.shuffledSubarray(all, { minLength: all.length })));
    fc.assert(
      fc.property(shuffled, ([all, others]) => {
        expect(amountOf(others)).toBe(amountOf(all));
      }),
    );
  });

  it('is higher for a template than for a flow, for every recipient, and never zero', () => {
    fc.assert(
      fc.property(message, ({ number }) => {
        const service = exact({ number, kind: 'service' });
        expect(service).toBeGreaterThan(0);
        expect(exact({ number, kind: 'template' })).toBeGreaterThan(service);
      }),
    );
  });
});
