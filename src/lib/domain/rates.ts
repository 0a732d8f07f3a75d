import type { PhoneNumber } from './phone.ts';
export function makePriceEstimate() {
  let n = 0;
  return {
    add(_: PhoneNumber, __: 'service' | 'template') {
      n += 1;
    },
    total: () => ({ currency: 'USD' as const, amount: n, asOf: '2026-01-01', notes: [] as string[] }),
  };
}
