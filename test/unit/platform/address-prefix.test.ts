import { describe, expect, it } from 'vitest';
import { addressPrefix } from '../../../src/lib/platform/address-prefix.ts';

describe('the prefix of an address', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['10.0.0.1', '10.0.0.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
    ['2001:0DB8:0001:0002::6', '2001:db8:1::/48'],
    ['2001:db8::6', '2001:db8:0::/48'],
    ['::1', '0:0:0::/48'],
    ['::', '0:0:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['64:ff9b::203.0.113.77', '64:ff9b:0::/48'],
    ['1:2:3:4:5:6:203.0.113.77', '1:2:3::/48'],
  ])('%s is in %s', (address, prefix) => {
    expect(addressPrefix(address)).toBe(prefix);
  });

  it.each([undefined, '', 'x', '1.2.3', '203.0.113.77, 10.0.0.1', '254717746565', '2001:db8'])(
    'is none where there is no address: %j',
    (address) => {
      expect(addressPrefix(address)).toBeUndefined();
    },
  );
});
