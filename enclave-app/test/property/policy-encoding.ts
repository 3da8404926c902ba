import {
  AccountRole,
  type Address,
  appendTransactionMessageInstructions,
  type Blockhash,
  compileTransaction,
  compressTransactionMessageUsingAddressLookupTables,
  createTransactionMessage,
  type Instruction,
  setTransactionMessageFeePayer,
  setTransactionMessageLifetimeUsingBlockhash,
} from '@solana/kit';
import { encodeFunctionData, erc20Abi, type Hex, serializeTransaction } from 'viem';
import { parseHex } from '../../src/evm/hex.ts';
import { decodeUnsignedTransaction } from '../../src/evm/transaction.ts';
import type { RequestUnit } from '../../src/policy/request-unit.ts';
import { decodeSolanaMessage } from '../../src/solana/message.ts';
import { parties, programs } from './policy-arbitraries.ts';
import type { DescribedCall, DescribedInstruction, DescribedRequest } from './policy-reference.ts';
import { encodeOrder } from './policy-typed-data.ts';

// Turns descriptions into real transactions, with viem and @solana/kit, and those into what the enclave decodes.

const table = '4zMMC9srt5Ri5X14GAgXhaHii3GnPAEERYPJgZJDncDU' as Address;
const PAYER = '4wBqpZM9xaSheZzJSMawUKKwhdpChKbZ5eu5ky4Vigw';

function calldata({ data }: DescribedCall): Hex {
  switch (data.kind) {
    case 'none':
      return '0x';
    case 'broken transfer':
      return `${encodeFunctionData({ abi: erc20Abi, functionName: 'transfer', args: [parties[0] as Hex, 1n] })}00`;
    default:
      return encodeFunctionData({
        abi: erc20Abi,
        functionName: data.kind,
        args: [data.party as Hex, data.amount],
      });
  }
}

/** A call of a user operation as a body has it. */
export function callBody(described: DescribedCall & { readonly to: string }) {
  return { to: described.to, value: `${described.value}`, data: calldata(described) };
}

/** The unsigned transaction that makes the call. */
export function serializeCall(described: DescribedCall): Hex {
  return serializeTransaction({
    type: 'eip1559',
    chainId: 1,
    to: described.to as Hex | null,
    value: described.value,
    data: calldata(described),
  });
}

function encodeCall(described: DescribedCall) {
  return decodeUnsignedTransaction(parseHex(serializeCall(described)));
}

const u64 = (value: bigint) => [...new Uint8Array(BigUint64Array.of(value).buffer)];

function encodeInstruction(described: DescribedInstruction, payer: Address): Instruction {
  const account = (address: string) => ({ address: address as Address, role: AccountRole.WRITABLE });
  const build = (program: number, accounts: string[], data: number[]): Instruction => ({
    programAddress: programs[program] as Address,
    accounts: accounts.map(account),
    data: Uint8Array.from(data),
  });
  switch (described.kind) {
    case 'sol':
      return build(0, [payer, described.to], [2, 0, 0, 0, ...u64(described.amount)]);
    case 'spl':
      return described.mint === null
        ? build(1, [payer, described.to, payer], [3, ...u64(described.amount)])
        : build(1, [payer, described.mint, described.to, payer], [12, ...u64(described.amount), 6]);
    case 'broken sol':
      return build(0, [payer], [2, 0, 0, 0]);
    case 'other':
      return build(2, [], [1]);
  }
}

/**
 * The v0 message that has these instructions. Hides the recipients that the description hides; a key is then hidden wherever it occurs, so
 * only unshared ones are.
 * @param payer signs alone, and pays
 */
export function messageBytes(instructions: readonly DescribedInstruction[], payer = PAYER): Uint8Array {
  const signer = payer as Address;
  const message = appendTransactionMessageInstructions(
    instructions.map((one) => encodeInstruction(one, signer)),
    setTransactionMessageLifetimeUsingBlockhash(
      { blockhash: PAYER as Blockhash, lastValidBlockHeight: 1n },
      setTransactionMessageFeePayer(signer, createTransactionMessage({ version: 0 })),
    ),
  );
  const hidden = instructions.flatMap((one) =>
    'isHidden' in one && one.isHidden ? [one.to as Address] : [],
  );
  const compressed = compressTransactionMessageUsingAddressLookupTables(message, { [table]: hidden });
  return Uint8Array.from(compileTransaction(compressed).messageBytes);
}

const encodeInstructions = (instructions: readonly DescribedInstruction[]) =>
  decodeSolanaMessage(messageBytes(instructions));

export function encode(described: DescribedRequest): RequestUnit {
  switch (described.operation) {
    case 'signEvmTransaction':
    case 'sendEvmTransaction':
    case 'prepareUserOperation':
    case 'sendUserOperation':
      return { ...described, call: encodeCall(described.call) };
    case 'signSolTransaction':
      return { operation: described.operation, transaction: encodeInstructions(described.instructions) };
    case 'sendSolTransaction': {
      const { operation, network, instructions } = described;
      return { operation, network, transaction: encodeInstructions(instructions) };
    }
    case 'signEvmTypedData':
      return { operation: described.operation, typedData: encodeOrder(described.order) };
    default:
      return described;
  }
}

/** A table hides a key in the whole transaction. */
function hideConsistently(instructions: readonly DescribedInstruction[]): DescribedInstruction[] {
  const hidden = new Set(instructions.flatMap((one) => ('isHidden' in one && one.isHidden ? [one.to] : [])));
  return instructions.map((one) => {
    if (one.kind === 'sol') return { ...one, isHidden: hidden.has(one.to) };
    if (one.kind !== 'spl') return one;
    return {
      ...one,
      isHidden: hidden.has(one.to),
      mint: one.mint !== null && hidden.has(one.mint) ? null : one.mint,
    };
  });
}

export function describeForReference(described: DescribedRequest): DescribedRequest {
  if (!('instructions' in described)) return described;
  return { ...described, instructions: hideConsistently(described.instructions) };
}
