// Coinbase Smart Wallet 1.1 (github.com/coinbase/smart-wallet). Nothing here is configurable: which contracts an owner's signature is for
// is measured with the image.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import type { EvmCall } from '../policy/request-unit.ts';
import { abiAddress, abiArray, abiBytes, abiTuple, abiUint, encodeAbi } from './abi-encode.ts';
import { parseHex } from './hex.ts';

const FACTORY = parseHex('0xBA5ED110eFDBa3D005bfC882d75358ACBbB85842');
const IMPLEMENTATION = parseHex('0x00000110dCdEdC9581cb5eCB8467282f2926534d');
/** Solady's minimal ERC-1967 proxy: creation code around the implementation's address. */
const PROXY_HEAD = parseHex('0x603d3d8160223d3973');
const PROXY_TAIL = parseHex(
  '0x60095155f3363d3d373d3d363d7f360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc545af43d6000803e6038573d6000fd5b3d6000f3',
);
const CREATE_ACCOUNT = selectorOf('createAccount(bytes[],uint256)');
const EXECUTE = selectorOf('execute(address,uint256,bytes)');
const EXECUTE_BATCH = selectorOf('executeBatch((address,uint256,bytes)[])');

/** A call of a smart account; it always has a recipient. */
export interface SmartWalletCall extends EvmCall {
  readonly to: Uint8Array;
}

/**
 * The address of the account of these owners, deployed or not: CREATE2 by the factory (EIP-1014). So an address in a signed path says who
 * owns it, in which order.
 * @param owners 20 bytes each
 */
export function smartWalletAddress(owners: readonly Uint8Array[]): Uint8Array {
  const salt = keccak_256(encodeAbi(factoryArguments(owners)));
  const creationHash = keccak_256(concatBytes(PROXY_HEAD, IMPLEMENTATION, PROXY_TAIL));
  return keccak_256(concatBytes(Uint8Array.of(0xff), FACTORY, salt, creationHash)).slice(12);
}

/** What has the EntryPoint deploy the account: factory and its calldata. */
export function smartWalletInitCode(owners: readonly Uint8Array[]): Uint8Array {
  return concatBytes(FACTORY, CREATE_ACCOUNT, encodeAbi(factoryArguments(owners)));
}

/** The account's own calldata: `execute` for one call, `executeBatch` for several. */
export function encodeSmartWalletCalls(calls: readonly SmartWalletCall[]): Uint8Array {
  const encoded = calls.map(({ to, value, data }) => [abiAddress(to), abiUint(value), abiBytes(data)]);
  const [first, ...others] = encoded;
  if (first !== undefined && others.length === 0) return concatBytes(EXECUTE, encodeAbi(first));
  return concatBytes(EXECUTE_BATCH, encodeAbi([abiArray(encoded.map(abiTuple))]));
}

/**
 * The wallet's SignatureWrapper: which owner, and what it signed.
 * @param signature 65 bytes r || s || v, v 27 or 28
 */
export function wrapOwnerSignature(ownerIndex: number, signature: Uint8Array): Uint8Array {
  return encodeAbi([abiTuple([abiUint(BigInt(ownerIndex)), abiBytes(signature)])]);
}

/** Owners as the wallet keeps them, an address in a word each, and the account nonce: CDP makes one account per list. */
function factoryArguments(owners: readonly Uint8Array[]) {
  return [abiArray(owners.map((owner) => abiBytes(abiAddress(owner).bytes))), abiUint(0n)];
}

/** 4 bytes. */
export function selectorOf(signature: string): Uint8Array {
  return keccak_256(Buffer.from(signature)).slice(0, 4);
}
