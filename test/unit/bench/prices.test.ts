import { describe, expect, it } from 'vitest';
import { pricePerMillion } from '../../../bench/prices.ts';

describe('a price of docs/cost.md', () => {
  it('is read by service and unit', () => {
    expect(pricePerMillion('DynamoDB', 'write units')).toBe(0.705);
    expect(pricePerMillion('DynamoDB', 'read units')).toBe(0.1415);
  });

  it('is never missing without a word', () => {
    expect(() => pricePerMillion('DynamoDB', 'wishes')).toThrow('no price of DynamoDB, wishes');
  });
});
