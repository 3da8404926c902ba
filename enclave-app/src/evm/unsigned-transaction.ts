/** 20 bytes. */
export type AddressBytes = Uint8Array;

/** Storage that a transaction says it will touch (EIP-2930). */
export interface AccessListEntry {
  readonly address: AddressBytes;
  /** 32 bytes each. */
  readonly storageKeys: readonly Uint8Array[];
}

/** Another account's signed consent to run code of `address` (EIP-7702). */
export interface Authorization {
  /** 0 is every chain. */
  readonly chainId: bigint;
  readonly address: AddressBytes;
  readonly nonce: bigint;
  readonly yParity: bigint;
  readonly r: bigint;
  readonly s: bigint;
}

interface CommonFields {
  readonly nonce: bigint;
  readonly gasLimit: bigint;
  /** Null creates a contract. */
  readonly to: AddressBytes | null;
  /** Wei. */
  readonly value: bigint;
  readonly data: Uint8Array;
}

interface TypedFields extends CommonFields {
  readonly chainId: bigint;
  readonly accessList: readonly AccessListEntry[];
}

interface DynamicFeeFields extends TypedFields {
  /** Wei per gas. */
  readonly maxPriorityFeePerGas: bigint;
  /** Wei per gas; 0 means that the fee is still open. */
  readonly maxFeePerGas: bigint;
}

export interface LegacyTransaction extends CommonFields {
  readonly type: 'legacy';
  /** Null is the form before EIP-155, valid on every chain. */
  readonly chainId: bigint | null;
  readonly gasPrice: bigint;
}

interface Eip2930Transaction extends TypedFields {
  readonly type: 'eip2930';
  readonly gasPrice: bigint;
}

export interface Eip1559Transaction extends DynamicFeeFields {
  readonly type: 'eip1559';
}

interface Eip4844Transaction extends DynamicFeeFields {
  readonly type: 'eip4844';
  readonly to: AddressBytes;
  readonly maxFeePerBlobGas: bigint;
  /** 32 bytes each, version byte 1; at least one. */
  readonly blobVersionedHashes: readonly Uint8Array[];
}

export interface Eip7702Transaction extends DynamicFeeFields {
  readonly type: 'eip7702';
  readonly to: AddressBytes;
  /** At least one. */
  readonly authorizationList: readonly Authorization[];
}

export type UnsignedTransaction =
  | LegacyTransaction
  | Eip2930Transaction
  | Eip1559Transaction
  | Eip4844Transaction
  | Eip7702Transaction;
