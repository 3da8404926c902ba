import { BlockList, isIPv4, isIPv6 } from 'node:net';

/**
 * Says whether an address is on an API key's list of addresses and CIDR blocks. An empty list allows every address, an entry that
 * cannot be read none.
 */
export function isAllowedIp(allowedIps: readonly string[], remoteAddress: string | undefined): boolean {
  if (allowedIps.length === 0) return true;
  // A socket that listens on IPv6 too reports IPv4 peers as ::ffff:192.0.2.1.
  const address = remoteAddress?.replace(/^::ffff:(?=[0-9.]+$)/, '') ?? '';
  const family = familyOf(address);
  return family !== null && allowedIps.some((entry) => blockOf(entry)?.check(address, family));
}

/** Whether an entry of a list can be read. */
export function isAddressBlock(entry: string): boolean {
  return blockOf(entry) !== null;
}

function blockOf(entry: string): BlockList | null {
  const [network = '', bits, ...rest] = entry.split('/');
  const family = familyOf(network);
  if (family === null || rest.length > 0) return null;
  const block = new BlockList();
  if (bits === undefined) {
    block.addAddress(network, family);
    return block;
  }
  const prefix = /^[0-9]{1,3}$/.test(bits) ? Number(bits) : Number.NaN;
  if (!(prefix <= (family === 'ipv4' ? 32 : 128))) return null;
  block.addSubnet(network, prefix, family);
  return block;
}

function familyOf(address: string): 'ipv4' | 'ipv6' | null {
  if (isIPv4(address)) return 'ipv4';
  return isIPv6(address) ? 'ipv6' : null;
}
