import { describe, expect, it } from 'vitest';
import { cidrIn, isWithin } from '../../../src/lib/clients/addresses.ts';

describe('a CIDR block', () => {
  it.each([
    ['203.0.113.0/24', '203.0.113.0/24'],
    ['203.0.113.7', '203.0.113.7/32'],
    ['0.0.0.0/0', '0.0.0.0/0'],
    ['2001:DB8::/32', '2001:db8::/32'],
    ['::1', '::1/128'],
  ])('is %s', (text, cidr) => {
    expect(cidrIn(text)).toBe(cidr);
  });

  it.each([
    ...['', '203.0.113', '203.0.113.0/33', '203.0.113.0/', '203.0.113.0/-1', '203.0.113.256', '010.0.0.1'],
    ...['2001:db8::/129', '2001:db8:::/32', 'fe80::1%eth0', 'example.com', '203.0.113.0/24 ', '/24'],
  ])('is not %j', (text) => {
    expect(cidrIn(text)).toBeUndefined();
  });
});

describe('an address', () => {
  const cidrs = ['203.0.113.0/24', '198.51.100.7/32', '2001:db8::/32'];

  it.each([
    ...['203.0.113.0', '203.0.113.255', '198.51.100.7', '2001:db8::1', '2001:db8:ffff::', '2001:DB8::1'],
    // The form in which a socket of both families has an address of IPv4.
    '::ffff:203.0.113.9',
  ])('is in a block: %s', (address) => {
    expect(isWithin(cidrs, address)).toBe(true);
  });

  it.each([
    ...['203.0.114.0', '198.51.100.8', '2001:db9::1', '::1', '::ffff:198.51.100.8', '::203.0.113.9'],
    ...['', 'unknown', '203.0.113.9, 198.51.100.7', undefined],
  ])('is in none: %s', (address) => {
    expect(isWithin(cidrs, address)).toBe(false);
  });

  it('is in none where no block can be read', () => {
    expect([isWithin([], '203.0.113.1'), isWithin(['everywhere'], '203.0.113.1')]).toEqual([false, false]);
  });
});
