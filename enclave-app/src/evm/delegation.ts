// Coinbase's EIP-7702 proxy (github.com/base/eip-7702-proxy), which CDP delegates to. Delegate, implementation and validator are constants of
// the image: whose code an account runs is never the parent's choice.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { concatBytes } from '@noble/hashes/utils.js';
import { abiAddress, abiArray, abiBytes, abiUint, abiWord, encodeAbi } from './abi-encode.ts';
import { parseHex } from './hex.ts';
import { encodeRlp } from './rlp.ts';
import { selectorOf } from './smart-wallet.ts';
import { uintBytes } from './transaction-fields.ts';

export const DELEGATE = parseHex('0x7702cb554e6bFb442cb743A7dF23154544a7176C');
const IMPLEMENTATION = parseHex('0x000100abaad02f1cfC8Bbe32bD5a564817339E72');
const VALIDATOR = parseHex('0x79A33f950b90C7d07E66950daedf868BD0cDcF96');
const INITIALIZE = selectorOf('initialize(bytes[])');
const SET_IMPLEMENTATION = selectorOf('setImplementation(address,bytes,address,uint256,bytes,bool)');
const SET_TYPE = keccak_256(
  Buffer.from(
    'EIP7702ProxyImplementationSet(uint256 chainId,address proxy,uint256 nonce,address currentImplementation,address newImplementation,bytes callData,address validator,uint256 expiry)',
  ),
);
/** Never: the signature is for one nonce of one account on one chain, and a time would have to come from somewhere. */
const EXPIRY = abiUint(2n ** 256n - 1n);
/** EIP-7702: what an authorization's digest starts with. */
const AUTHORIZATION_MAGIC = 5;

/** What a delegation is set up with. */
export interface WalletSetup {
  readonly chainId: bigint;
  readonly trackerNonce: bigint;
  /** 20 bytes. */
  readonly currentImplementation: Uint8Array;
  /** The account itself, and who else may act for it; 20 bytes each. */
  readonly owners: readonly Uint8Array[];
}

/** Returns the 32 bytes by whose signature the proxy takes the implementation and its owners. */
export function setupDigest({
  chainId,
  trackerNonce,
  currentImplementation,
  owners,
}: WalletSetup): Uint8Array {
  return keccak_256(
    encodeAbi([
      abiWord(SET_TYPE),
      abiUint(chainId),
      abiAddress(DELEGATE),
      abiUint(trackerNonce),
      abiAddress(currentImplementation),
      abiAddress(IMPLEMENTATION),
      abiWord(keccak_256(initialization(owners))),
      abiAddress(VALIDATOR),
      EXPIRY,
    ]),
  );
}

/**
 * Calldata of `setImplementation`.
 * @param signature 65 bytes r || s || v over {@link setupDigest}
 */
export function encodeSetup({ owners }: WalletSetup, signature: Uint8Array): Uint8Array {
  const isForEveryChain = abiUint(0n);
  return concatBytes(
    SET_IMPLEMENTATION,
    encodeAbi([
      abiAddress(IMPLEMENTATION),
      abiBytes(initialization(owners)),
      abiAddress(VALIDATOR),
      EXPIRY,
      abiBytes(signature),
      isForEveryChain,
    ]),
  );
}

/** Returns the 32 bytes that an account signs to run the delegate's code (EIP-7702), at one nonce on one chain. */
export function authorizationDigest(chainId: bigint, nonce: bigint): Uint8Array {
  return keccak_256(encodeRlp([uintBytes(chainId), DELEGATE, uintBytes(nonce)], AUTHORIZATION_MAGIC));
}

function initialization(owners: readonly Uint8Array[]): Uint8Array {
  const words = owners.map((owner) => abiBytes(abiAddress(owner).bytes));
  return concatBytes(INITIALIZE, encodeAbi([abiArray(words)]));
}
