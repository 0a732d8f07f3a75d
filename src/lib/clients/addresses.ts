import { BlockList, isIP } from 'node:net';

/* IP addresses and CIDR blocks, of IPv4 and IPv6. */

interface Block {
  readonly address: string;
  readonly bits: number;
  readonly family: 'ipv4' | 'ipv6';
}

/** `203.0.113.0/24`, `2001:db8::/32`, or one address. Undefined if it is neither. */
function blockIn(text: string): Block | undefined {
  const [, address = '', length] = /^([0-9A-Fa-f.:]+)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const version = isIP(address);
  if (version === 0) return undefined;
  const most = version === 4 ? 32 : 128;
  const bits = Number(length ?? most);
  return bits > most ? undefined : { address, bits, family: version === 4 ? 'ipv4' : 'ipv6' };
}

/** The CIDR block that a text names; undefined if it names none. */
export function cidrIn(text: string): string | undefined {
  const block = blockIn(text);
  return block && `${block.address.toLowerCase()}/${block.bits}`;
}

/** Is the address in one of the blocks? An IPv4 address in the form of IPv6 is the same address. */
export function isWithin(cidrs: readonly string[], address: string | undefined): boolean {
  const version = isIP(address ?? '');
  if (address === undefined || version === 0) return false;
  const list = new BlockList();
  for (const cidr of cidrs) {
    const block = blockIn(cidr);
    // What can't be read lets no one in.
    if (block) list.addSubnet(block.address, block.bits, block.family);
  }
  return list.check(address, version === 4 ? 'ipv4' : 'ipv6');
}
