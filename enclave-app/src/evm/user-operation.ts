import { keccak_256 } from '@noble/hashes/sha3.js';
import { abiAddress, abiUint, abiWord, encodeAbi } from './abi-encode.ts';
import { parseHex } from './hex.ts';

/** EntryPoint v0.6 (ERC-4337), at one address on every chain. */
const ENTRY_POINT = parseHex('0x5FF137D4b0FDCD49DcA30c7CF57E578a026d2789');

/** A user operation of EntryPoint v0.6 without its signature. */
export interface UserOperation {
  /** 20 bytes. */
  readonly sender: Uint8Array;
  readonly nonce: bigint;
  /** Empty when the account is deployed. */
  readonly initCode: Uint8Array;
  readonly callData: Uint8Array;
  readonly callGasLimit: bigint;
  readonly verificationGasLimit: bigint;
  readonly preVerificationGas: bigint;
  /** Wei per gas. */
  readonly maxFeePerGas: bigint;
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint;
  /** Empty when the account pays. */
  readonly paymasterAndData: Uint8Array;
}

/** Returns the 32 bytes that an owner signs: everything but the signature, for this EntryPoint on one chain. */
export function userOperationHash(operation: UserOperation, chainId: number): Uint8Array {
  const packed = encodeAbi([
    abiAddress(operation.sender),
    abiUint(operation.nonce),
    abiWord(keccak_256(operation.initCode)),
    abiWord(keccak_256(operation.callData)),
    abiUint(operation.callGasLimit),
    abiUint(operation.verificationGasLimit),
    abiUint(operation.preVerificationGas),
    abiUint(operation.maxFeePerGas),
    abiUint(operation.maxPriorityFeePerGas),
    abiWord(keccak_256(operation.paymasterAndData)),
  ]);
  return keccak_256(
    encodeAbi([abiWord(keccak_256(packed)), abiAddress(ENTRY_POINT), abiUint(BigInt(chainId))]),
  );
}

/** The gas that the EntryPoint asks a prefund for: a paymaster's own calls may take verification gas twice more. */
export function prefundedGas(operation: UserOperation): bigint {
  const { callGasLimit, verificationGasLimit, preVerificationGas, paymasterAndData } = operation;
  const verifications = paymasterAndData.length === 0 ? 1n : 3n;
  return callGasLimit + verificationGasLimit * verifications + preVerificationGas;
}
