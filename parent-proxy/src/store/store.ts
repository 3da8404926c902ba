import type {
  AccountRows,
  ProjectRows,
  ProjectView,
  SealedRecord,
} from '@strongroom/shared/operations/fields';
import type { ChainFamily } from './schema.ts';

export type { ChainFamily } from './schema.ts';

/** An API key and what the enclave needs of its project. */
export interface Principal {
  readonly apiKeyId: string;
  readonly algorithm: 'EdDSA' | 'ES256';
  /** SubjectPublicKeyInfo, DER. */
  readonly publicKey: Uint8Array;
  readonly scopes: readonly string[];
  readonly expiresAtMs: number | null;
  /** Addresses and CIDR blocks that the key may be used from; empty for everywhere. */
  readonly allowedIps: readonly string[];
  readonly project: ProjectRows;
}

export interface NewProject {
  readonly rows: ProjectRows;
  readonly view: ProjectView;
  readonly certificate: Uint8Array;
  readonly createdAtMs: number;
}

/** Where an account is found. */
export interface AccountKey {
  readonly projectId: Uint8Array;
  readonly family: ChainFamily;
  /** Of any case for EVM. */
  readonly address: string;
}

/** An account without its key: its sealed record and the columns that may be shown. */
export interface StoredAccount {
  readonly address: string;
  readonly name: string | null;
  readonly policyId: string | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
  readonly certificate: Uint8Array;
  readonly record: SealedRecord;
  readonly vaultId: Uint8Array;
}

export interface NewAccount extends StoredAccount {
  readonly projectId: Uint8Array;
  readonly family: ChainFamily;
  readonly walletKey: Uint8Array;
}

/** What an update of an account replaces; `record.version` is that of the next record. */
export interface NextAccount extends AccountKey {
  readonly name: string | null;
  readonly policyId: string | null;
  readonly updatedAtMs: number;
  readonly certificate: Uint8Array;
  readonly record: SealedRecord;
}

/** One page of accounts, newest first; `next` is where the page after it starts, null at the end. */
export interface AccountPage {
  readonly accounts: readonly StoredAccount[];
  readonly next: PageCursor | null;
}
export interface PageCursor {
  readonly createdAtMs: number;
  readonly addressKey: string;
}
export interface PageRequest {
  readonly projectId: Uint8Array;
  readonly family: ChainFamily;
  readonly limit: number;
  /** Null for the first page. */
  readonly after: PageCursor | null;
}

/** A request that its client may repeat under the same key. */
export interface IdempotentRequest {
  readonly projectId: Uint8Array;
  readonly method: string;
  readonly path: string;
  readonly key: string;
  /** SHA-256 of the canonical body. */
  readonly fingerprint: Uint8Array;
}

/** The right to finish an idempotent request, held by one attempt at a time. */
export interface IdempotencyClaim {
  readonly request: IdempotentRequest;
  readonly attempt: Uint8Array;
}

export type IdempotencyOutcome =
  | { readonly kind: 'claimed'; readonly claim: IdempotencyClaim }
  /** Done before. `addressKey` is the account that it made, if it made one. */
  | { readonly kind: 'repeated'; readonly addressKey: string | null }
  | { readonly kind: 'in-progress' }
  | { readonly kind: 'mismatch' };

export type AddAccountOutcome = 'added' | 'name-taken' | 'address-taken' | 'claim-lost';
export type ReplaceAccountOutcome = 'replaced' | 'name-taken' | 'version-conflict' | 'claim-lost';

/**
 * The two databases behind one interface of domain verbs. A verb that changes something resolves once the change is durable;
 * every verb throws nothing but StoreError.
 */
export interface Store {
  readRootRecord(): Promise<Uint8Array | null>;
  /** Keeps the first root record for good: of two that race, both read the same one back. */
  insertRootRecordIfAbsent(record: Uint8Array): Promise<void>;

  findPrincipal(apiKeyId: string): Promise<Principal | null>;
  addProject(project: NewProject): Promise<'added' | 'project-taken' | 'api-key-taken'>;
  /** The project's sealed import key; null before there is one. */
  findImportKey(projectId: Uint8Array): Promise<Uint8Array | null>;
  /** Keeps the first import key for good and returns it: of two proxies that race, both go on with the same one. */
  keepFirstImportKey(projectId: Uint8Array, sealed: Uint8Array): Promise<Uint8Array>;

  findAccount(key: AccountKey): Promise<StoredAccount | null>;
  findAccountByName(
    key: Omit<AccountKey, 'address'> & { readonly name: string },
  ): Promise<StoredAccount | null>;
  /** The record and sealed key of an account that is to sign. */
  findSigningRows(key: AccountKey): Promise<AccountRows | null>;
  listAccounts(page: PageRequest): Promise<AccountPage>;
  /** Makes the sealed key durable in the vault, then account, name and claim in one transaction. */
  addAccount(account: NewAccount, claim: IdempotencyClaim | null): Promise<AddAccountOutcome>;
  /** Replaces version v by v+1 and no other. */
  replaceAccount(next: NextAccount, claim: IdempotencyClaim | null): Promise<ReplaceAccountOutcome>;

  claimIdempotencyKey(request: IdempotentRequest, nowMs: number): Promise<IdempotencyOutcome>;
  /** Marks a request done that changed no row of its own. */
  finishIdempotentRequest(claim: IdempotencyClaim): Promise<void>;
  /** Lets the key be used again after a request that was refused. */
  abandonIdempotentRequest(claim: IdempotencyClaim): Promise<void>;

  removeExpiredIdempotencyKeys(nowMs: number): Promise<number>;
  /** Removes sealed keys, days old, that no account names: what a crash between the two writes of addAccount left. */
  removeOrphanedWalletKeys(nowMs: number): Promise<OrphanReport>;

  /** @throws StoreError when either database cannot be read */
  assertReadable(): Promise<void>;
  close(): Promise<void>;
}

export interface OrphanReport {
  readonly removed: number;
  /** True when there are more than crashes explain: a primary database that lost rows. Nothing is removed then. */
  readonly isSuspicious: boolean;
}
