import type { EvmNetwork } from '@strongroom/shared/api/networks';
import type { IdempotencyClaim, Page, PageRequest } from './store.ts';

/** A contract account: what it is follows from its owners, so nothing of it is secret or sealed. */
export interface SmartAccount {
  readonly projectId: Uint8Array;
  /** EIP-55. */
  readonly address: string;
  /** EIP-55, in the order that the address is made of. */
  readonly owners: readonly string[];
  readonly name: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

/** CDP's statuses. `signed`: durable with its signature, and perhaps no bundler has seen it. */
export type UserOperationStatus = 'pending' | 'signed' | 'broadcast' | 'complete' | 'dropped' | 'failed';

export interface StoredUserOperation {
  readonly projectId: Uint8Array;
  /** The smart account, of any case. */
  readonly address: string;
  readonly userOpHash: string;
  readonly network: EvmNetwork;
  /** JSON of the operation, with its signature once there is one. */
  readonly operation: string;
  /** JSON of the calls as the API shows them. */
  readonly calls: string;
  readonly status: UserOperationStatus;
  /** JSON of the receipt as the API shows it. */
  readonly receipt: string | null;
  readonly createdAtMs: number;
}

/** An operation that an owner signed in the enclave, to be made durable before any bundler sees it. */
export interface KeepUserOperation {
  readonly operation: StoredUserOperation;
  /** Of the wallet token; no two operations of a project share one. */
  readonly tokenId: Uint8Array;
  readonly claim: IdempotencyClaim | null;
}
/** `in-flight`: the very operation was signed for another request, which it can serve only once. */
export type KeepUserOperationOutcome = 'kept' | 'in-flight' | 'token-used' | 'claim-lost';

type SmartAccountKey = Pick<SmartAccount, 'projectId' | 'address'>;
type UserOperationKey = Pick<StoredUserOperation, 'projectId' | 'address' | 'userOpHash'>;

/** Verbs of smart accounts. */
export interface SmartAccountStore {
  findSmartAccount(key: SmartAccountKey): Promise<SmartAccount | null>;
  findSmartAccountByName(projectId: Uint8Array, name: string): Promise<SmartAccount | null>;
  listSmartAccounts(page: PageRequest): Promise<Page<SmartAccount>>;
  addSmartAccount(
    account: SmartAccount,
    claim: IdempotencyClaim | null,
  ): Promise<'added' | 'name-taken' | 'address-taken' | 'claim-lost'>;
  /** Null leaves the account without a name. */
  renameSmartAccount(
    key: SmartAccountKey,
    name: string | null,
    updatedAtMs: number,
  ): Promise<'renamed' | 'name-taken' | 'not-found'>;

  addUserOperation(operation: StoredUserOperation): Promise<void>;
  /** Makes a signed operation durable, with its claim, in one transaction; one that was only prepared before becomes this one. */
  keepUserOperation(keep: KeepUserOperation): Promise<KeepUserOperationOutcome>;
  /** Operations of an account that are signed and not yet done, newest first. */
  findOpenUserOperations(
    key: SmartAccountKey & Pick<StoredUserOperation, 'network'>,
    limit: number,
  ): Promise<readonly StoredUserOperation[]>;
  /** Operations that are signed, and that no bundler is known to have taken, made in this time. */
  findUnsentUserOperations(
    made: { readonly fromMs: number; readonly toMs: number },
    limit: number,
  ): Promise<readonly StoredUserOperation[]>;
  findUserOperation(key: UserOperationKey): Promise<StoredUserOperation | null>;
  /** Of any account of the project. */
  findUserOperationByHash(projectId: Uint8Array, userOpHash: string): Promise<StoredUserOperation | null>;
  /** Moves an operation on, from one of these statuses and no other; says whether it did. */
  moveUserOperation(
    key: UserOperationKey,
    from: readonly UserOperationStatus[],
    to: Pick<StoredUserOperation, 'status'> & Partial<Pick<StoredUserOperation, 'operation' | 'receipt'>>,
  ): Promise<boolean>;
}
