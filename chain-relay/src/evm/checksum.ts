import { getAddress } from 'viem/utils';

/** EIP-55. @param address `0x` and 40 hex digits of any case, whatever its checksum */
export function checksumAddress(address: string): `0x${string}` {
  return getAddress(address.toLowerCase());
}
