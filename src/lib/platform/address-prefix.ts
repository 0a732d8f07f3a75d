import { isIP } from 'node:net';

/** The groups of an IPv6 address: four hexadecimal digits each, without leading zeros. */
const groupsIn = (text: string): string[] =>
  text.split(':').flatMap((group) => (group === '' ? [] : [Number.parseInt(group, 16).toString(16)]));

/**
 * The network of an address: /24 of IPv4, /48 of IPv6, such as `203.0.113.0/24`. Enough to tell callers apart and to block one,
 * and not the address of a person. Undefined for what is no address.
 */
export function addressPrefix(address: string | undefined): string | undefined {
  const version = isIP(address ?? '');
  if (address === undefined || version === 0) return undefined;
  const [, mapped] = /^::ffff:([\d.]+)$/i.exec(address) ?? [];
  if (version === 4 || mapped) return `${(mapped ?? address).split('.').slice(0, 3).join('.')}.0/24`;
  // A zone and a dotted end are no part of the network.
  const [head = '', tail] = address
    .replace(/%.*$/, '')
    .replace(/[\d.]+\.\d+$/, '0:0')
    .split('::');
  const [before, after] = [groupsIn(head), groupsIn(tail ?? '')];
  const all =
    tail === undefined ? before : [...before, ...Array(8 - before.length - after.length).fill('0'), ...after];
  return `${all.slice(0, 3).join(':')}::/48`;
}
