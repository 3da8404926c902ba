// TRUST BOUNDARY: serialized transactions, from the client through the hostile parent.
import { keccak_256 } from '@noble/hashes/sha3.js';
import { EvmError } from './evm-error.ts';
import { decodeRlp, encodeRlp, type RlpItem } from './rlp.ts';
import {
  readAccessList,
  readAuthorizationList,
  readBlobHashes,
  readBytes,
  readChainId,
  readFixed,
  readList,
  readRecipient,
  readUint,
  uintBytes,
  withoutLeadingZeros,
} from './transaction-fields.ts';
import type { Authorization, LegacyTransaction, UnsignedTransaction } from './unsigned-transaction.ts';

/** As geth's transaction pool: nothing larger is relayed. */
const MAX_TRANSACTION_BYTES = 131_072;

/** ECDSA over secp256k1, low s. */
export interface TransactionSignature {
  /** 32 bytes. */
  readonly r: Uint8Array;
  /** 32 bytes. */
  readonly s: Uint8Array;
  readonly yParity: 0 | 1;
}

const TYPE_BYTE = { eip2930: 1, eip1559: 2, eip4844: 3, eip7702: 4 } as const;
const EMPTY = new Uint8Array(0);

/**
 * Decodes an unsigned transaction: legacy (6 fields, or 9 with chain id and two zeros, EIP-155), EIP-2930, EIP-1559,
 * EIP-4844 without sidecar, EIP-7702. A typed transaction may end in three empty signature fields, as the Python SDK
 * sends it. Byte fields are views of the input.
 * @throws MALFORMED_TRANSACTION when the encoding is not canonical, a field is out of range, the tip exceeds a
 * non-zero fee cap, or a signature is already there
 */
export function decodeUnsignedTransaction(bytes: Uint8Array): UnsignedTransaction {
  if (bytes.length > MAX_TRANSACTION_BYTES) throw new EvmError('MALFORMED_TRANSACTION');
  const firstByte = bytes[0] ?? 0;
  const isLegacy = firstByte >= 0xc0;
  const fields = decodeFields(isLegacy ? bytes : bytes.subarray(1));
  const transaction = isLegacy ? decodeLegacy(fields) : decodeTyped(firstByte, fields);
  if ('maxFeePerGas' in transaction) {
    const { maxFeePerGas, maxPriorityFeePerGas } = transaction;
    if (maxFeePerGas !== 0n && maxPriorityFeePerGas > maxFeePerGas)
      throw new EvmError('MALFORMED_TRANSACTION');
  }
  return transaction;
}

function decodeFields(bytes: Uint8Array): readonly RlpItem[] {
  try {
    return readList(decodeRlp(bytes));
  } catch {
    throw new EvmError('MALFORMED_TRANSACTION');
  }
}

function decodeLegacy(fields: readonly RlpItem[]): LegacyTransaction {
  const [nonce, gasPrice, gasLimit, to, value, data, chainId] =
    fields.length === 6 ? fields : withoutEmptyTail(fields, 7, 2);
  return {
    type: 'legacy',
    chainId: chainId === undefined ? null : readChainId(chainId),
    nonce: readUint(nonce, 8),
    gasPrice: readUint(gasPrice, 32),
    gasLimit: readUint(gasLimit, 8),
    to: readRecipient(to),
    value: readUint(value, 32),
    data: readBytes(data),
  };
}

function decodeTyped(typeByte: number, fields: readonly RlpItem[]): UnsignedTransaction {
  switch (typeByte) {
    case TYPE_BYTE.eip2930: {
      const [chainId, nonce, gasPrice, ...call] = typedFields(fields, 8);
      return {
        type: 'eip2930',
        ...readHead(chainId, nonce),
        gasPrice: readUint(gasPrice, 32),
        ...readCall(call),
      };
    }
    case TYPE_BYTE.eip1559:
      return { type: 'eip1559', ...readDynamicFee(typedFields(fields, 9)) };
    case TYPE_BYTE.eip4844: {
      const all = typedFields(fields, 11);
      return {
        type: 'eip4844',
        ...readDynamicFee(all),
        to: readFixed(all[5], 20),
        maxFeePerBlobGas: readUint(all[9], 32),
        blobVersionedHashes: readBlobHashes(all[10]),
      };
    }
    case TYPE_BYTE.eip7702: {
      const all = typedFields(fields, 10);
      return {
        type: 'eip7702',
        ...readDynamicFee(all),
        to: readFixed(all[5], 20),
        authorizationList: readAuthorizationList(all[9]),
      };
    }
    default:
      throw new EvmError('MALFORMED_TRANSACTION');
  }
}

/** A typed transaction's fields without the empty yParity, r and s that may follow them. */
function typedFields(fields: readonly RlpItem[], count: number): readonly RlpItem[] {
  return fields.length === count ? fields : withoutEmptyTail(fields, count, 3);
}

function withoutEmptyTail(fields: readonly RlpItem[], count: number, tailLength: number): readonly RlpItem[] {
  const tail = fields.slice(count);
  if (fields.length !== count + tailLength || tail.some((field) => readBytes(field).length !== 0)) {
    throw new EvmError('MALFORMED_TRANSACTION');
  }
  return fields.slice(0, count);
}

function readHead(chainId: RlpItem | undefined, nonce: RlpItem | undefined) {
  return { chainId: readChainId(chainId), nonce: readUint(nonce, 8) };
}

/** The nine fields that EIP-1559, EIP-4844 and EIP-7702 begin with. */
function readDynamicFee([chainId, nonce, tip, cap, ...call]: readonly RlpItem[]) {
  return {
    ...readHead(chainId, nonce),
    maxPriorityFeePerGas: readUint(tip, 32),
    maxFeePerGas: readUint(cap, 32),
    ...readCall(call),
  };
}

function readCall([gasLimit, to, value, data, accessList]: readonly RlpItem[]) {
  return {
    gasLimit: readUint(gasLimit, 8),
    to: readRecipient(to),
    value: readUint(value, 32),
    data: readBytes(data),
    accessList: readAccessList(accessList),
  };
}

/** Returns the 32-byte keccak-256 digest that the account signs, made from the decoded fields alone. */
export function signingDigest(transaction: UnsignedTransaction): Uint8Array {
  return keccak_256(serializeUnsigned(transaction));
}

/** What a signed transaction is known by: keccak-256 of its bytes, 32 bytes. */
export function transactionHash(raw: Uint8Array): Uint8Array {
  return keccak_256(raw);
}

/** Serializes without a signature: what {@link signingDigest} hashes. */
export function serializeUnsigned(transaction: UnsignedTransaction): Uint8Array {
  const fields = encodeFields(transaction);
  if (transaction.type !== 'legacy') return encodeRlp(fields, TYPE_BYTE[transaction.type]);
  return encodeRlp(
    transaction.chainId === null ? fields : [...fields, uintBytes(transaction.chainId), EMPTY, EMPTY],
  );
}

/** Serializes with a signature, ready to broadcast: legacy with v 27/28 or as EIP-155 says, typed with yParity. */
export function serializeSigned(
  transaction: UnsignedTransaction,
  signature: TransactionSignature,
): Uint8Array {
  const { r, s, yParity } = signature;
  const tail = [withoutLeadingZeros(r), withoutLeadingZeros(s)];
  const fields = encodeFields(transaction);
  if (transaction.type !== 'legacy') {
    return encodeRlp([...fields, uintBytes(BigInt(yParity)), ...tail], TYPE_BYTE[transaction.type]);
  }
  const base = transaction.chainId === null ? 27n : transaction.chainId * 2n + 35n;
  return encodeRlp([...fields, uintBytes(base + BigInt(yParity)), ...tail]);
}

function encodeFields(transaction: UnsignedTransaction): RlpItem[] {
  const { nonce, gasLimit, to, value, data } = transaction;
  const call = [uintBytes(gasLimit), to ?? EMPTY, uintBytes(value), data];
  if (transaction.type === 'legacy') return [uintBytes(nonce), uintBytes(transaction.gasPrice), ...call];
  const accessList = transaction.accessList.map(({ address, storageKeys }) => [address, storageKeys]);
  const fees =
    transaction.type === 'eip2930'
      ? [transaction.gasPrice]
      : [transaction.maxPriorityFeePerGas, transaction.maxFeePerGas];
  const fields: RlpItem[] = [
    uintBytes(transaction.chainId),
    uintBytes(nonce),
    ...fees.map(uintBytes),
    ...call,
    accessList,
  ];
  if (transaction.type === 'eip4844') {
    fields.push(uintBytes(transaction.maxFeePerBlobGas), transaction.blobVersionedHashes);
  }
  if (transaction.type === 'eip7702') fields.push(transaction.authorizationList.map(encodeAuthorization));
  return fields;
}

function encodeAuthorization({ chainId, address, nonce, yParity, r, s }: Authorization): RlpItem {
  return [uintBytes(chainId), address, ...[nonce, yParity, r, s].map(uintBytes)];
}
