import { encodeAbiParameters, keccak256 } from 'viem/utils';
import { ENTRY_POINT } from './contracts.ts';

type Hex = `0x${string}`;

/** A user operation of EntryPoint v0.6 (ERC-4337), numbers as hex quantities, as bundlers take it. */
export interface UserOperation {
  readonly sender: Hex;
  readonly nonce: Hex;
  readonly initCode: Hex;
  readonly callData: Hex;
  readonly callGasLimit: Hex;
  readonly verificationGasLimit: Hex;
  readonly preVerificationGas: Hex;
  readonly maxFeePerGas: Hex;
  readonly maxPriorityFeePerGas: Hex;
  readonly paymasterAndData: Hex;
  readonly signature: Hex;
}

const word = { type: 'bytes32' } as const;
const uint = { type: 'uint256' } as const;
const account = { type: 'address' } as const;

/** What the owner signs: over everything but the signature, for one EntryPoint on one chain. */
export function userOperationHash(operation: UserOperation, chainId: number): Hex {
  const packed = encodeAbiParameters(
    [account, uint, word, word, uint, uint, uint, uint, uint, word],
    [
      operation.sender,
      BigInt(operation.nonce),
      keccak256(operation.initCode),
      keccak256(operation.callData),
      BigInt(operation.callGasLimit),
      BigInt(operation.verificationGasLimit),
      BigInt(operation.preVerificationGas),
      BigInt(operation.maxFeePerGas),
      BigInt(operation.maxPriorityFeePerGas),
      keccak256(operation.paymasterAndData),
    ],
  );
  return keccak256(
    encodeAbiParameters([word, account, uint], [keccak256(packed), ENTRY_POINT, BigInt(chainId)]),
  );
}

/**
 * As the contract takes a signature: which owner, and r || s || v.
 * @param signature 65 bytes, v 27 or 28
 */
export function wrapSignature(ownerIndex: number, signature: Hex): Hex {
  return encodeAbiParameters(
    [
      {
        type: 'tuple',
        components: [
          { name: 'ownerIndex', type: 'uint8' },
          { name: 'signatureData', type: 'bytes' },
        ],
      },
    ],
    [{ ownerIndex, signatureData: signature }],
  );
}

/** Of the right form and never valid, so that gas can be estimated before anybody signs. */
export const STUB_SIGNATURE: Hex = wrapSignature(
  0,
  '0xfffffffffffffffffffffffffffffff0000000000000000000000000000000007aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa1c',
);
