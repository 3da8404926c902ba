import type { EvmNetwork } from '@strongroom/shared/api/networks';
import type { SpendPermission } from '@strongroom/shared/api/spend-permission-body';
import type { IdempotencyClaim } from './idempotency-store.ts';
import type { Page, PageRequest } from './page.ts';
import type { UserOperationStatus } from './schema.ts';

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
  /** What the operation does to a spend permission, if it does. */
  readonly permission: PermissionChange | null;
}

/** Kept with the operation that does it. */
export type PermissionChange =
  | { readonly kind: 'approve'; readonly hash: string; readonly permission: SpendPermission }
  | { readonly kind: 'revoke'; readonly hash: string };

/** A spend permission whose approval is on the chain. */
export interface StoredSpendPermission {
  readonly hash: string;
  readonly network: EvmNetwork;
  readonly permission: SpendPermission;
  readonly createdAtMs: number;
  /** When the revocation that is on the chain was asked for; null when there is none. */
  readonly revokedAtMs: number | null;
}

/** `in-flight`: the very operation was signed for another request, which it can serve only once. */
export type KeepUserOperationOutcome = 'kept' | 'in-flight' | 'token-used' | 'claim-lost';

type SmartAccountKey = Pick<SmartAccount, 'projectId' | 'address'>;
type PermissionKey = SmartAccountKey & Pick<StoredSpendPermission, 'network' | 'hash'>;
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
  /** A permission that was asked for on a network, whatever became of it. */
  findSpendPermission(key: PermissionKey): Promise<SpendPermission | null>;
  /** Those of a smart account that are approved, by what is known of their operations. */
  listSpendPermissions(
    page: PageRequest & Pick<SmartAccount, 'address'>,
  ): Promise<Page<StoredSpendPermission>>;
  /** Operations on permissions of an account that may still be under way. */
  findOpenPermissionOperations(key: SmartAccountKey, limit: number): Promise<readonly StoredUserOperation[]>;
  findUserOperation(key: UserOperationKey): Promise<StoredUserOperation | null>;
  /** Of any account of the project. */
  findUserOperationByHash(projectId: Uint8Array, userOpHash: string): Promise<StoredUserOperation | null>;
  /** Removes operations made before this time that nobody signed, some hundreds at once; says how many. */
  removePreparedUserOperations(madeBeforeMs: number): Promise<number>;
  /** Moves an operation on, from one of these statuses and no other; says whether it did. */
  moveUserOperation(
    key: UserOperationKey,
    from: readonly UserOperationStatus[],
    to: Pick<StoredUserOperation, 'status'> & Partial<Pick<StoredUserOperation, 'operation' | 'receipt'>>,
  ): Promise<boolean>;
}
