import type { NonceLease, OutboxEntry, OutboxKey, OutboxStore } from '@strongroom/chain-relay/outbox-store';
import type { PolicyScope } from '@strongroom/shared/api/policy';
import type {
  AccountRows,
  ProjectRows,
  ProjectView,
  SealedRecord,
} from '@strongroom/shared/operations/fields';
import type { BacklogStore } from './backlog.ts';
import type { IdempotencyClaim, IdempotencyStore } from './idempotency-store.ts';
import type { Page, PageRequest } from './page.ts';
import type { RecoveryEvent, RecoveryNoticeStore } from './recovery-notice-store.ts';
import type { RotationStore } from './rotation-store.ts';
import type { ChainFamily } from './schema.ts';
import type { SmartAccountStore } from './smart-account-store.ts';
import type { TransferReceiptStore } from './transfer-receipt-store.ts';

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
  /** The policy of all accounts of the project. */
  readonly projectPolicyId: string | null;
}

/** An API key as its project may see it. */
export interface ShownApiKey extends Pick<Principal, 'algorithm' | 'scopes' | 'expiresAtMs' | 'allowedIps'> {
  readonly id: string;
  readonly lastUsedAtMs: number | null;
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
  /** The enclave's, of an import; null for an account that it made. */
  readonly importReceipt: Uint8Array | null;
}

/** What is needed to decide on a request for an account: rows of one moment, so that the documents are those that the record names. */
export interface GovernedAccount {
  readonly project: ProjectRows;
  readonly address: string;
  readonly account: SealedRecord;
  readonly vaultId: Uint8Array;
  /** Of the project's policy and the account's own. */
  readonly policies: readonly Uint8Array[];
}

/** The same with the sealed key. */
export interface SigningRows extends Pick<GovernedAccount, 'project' | 'address' | 'policies'> {
  readonly rows: AccountRows;
}

/** What an update of an account replaces; `record.version` is that of the next record. */
export interface NextAccount extends AccountKey {
  readonly name: string | null;
  readonly policyId: string | null;
  readonly updatedAtMs: number;
  readonly certificate: Uint8Array;
  readonly record: SealedRecord;
}

export interface AccountPageRequest extends PageRequest {
  readonly family: ChainFamily;
}
export interface PolicyPageRequest extends PageRequest {
  /** Null for both. */
  readonly scope: PolicyScope | null;
}

/** The next version of a project's record, with the policy that it changes, if it does. */
export interface AuthorityChange {
  readonly projectId: Uint8Array;
  readonly authority: SealedRecord;
  readonly view: ProjectView;
  readonly policy: PolicyChange | null;
  /** What the operator's webhook is to be told of this change; null for most changes, and without a webhook. */
  readonly notice: RecoveryEvent | null;
  readonly changedAtMs: number;
}
export interface PolicyChange {
  readonly id: string;
  readonly scope: PolicyScope;
  readonly version: number;
  /** Null for a policy that goes. */
  readonly document: Uint8Array | null;
}
export type ReplaceAuthorityOutcome =
  | 'replaced'
  | 'version-conflict'
  | 'api-key-taken'
  | 'policy-in-use'
  | 'claim-lost';

export type AddAccountOutcome = 'added' | 'name-taken' | 'address-taken' | 'policy-gone' | 'claim-lost';
export type ReplaceAccountOutcome =
  | 'replaced'
  | 'name-taken'
  | 'policy-gone'
  | 'version-conflict'
  | 'claim-lost';

/** A signed transaction to make durable, with what has to hold still when it is. */
export interface KeepTransaction {
  readonly entry: OutboxEntry;
  readonly claim: IdempotencyClaim | null;
  /** Of the nonce that the service chose. */
  readonly lease: NonceLease | null;
}
/** `known`: the very transaction was kept before. */
export type KeepOutcome = 'kept' | 'known' | 'token-used' | 'claim-lost' | 'lease-lost';

/** Requests of one key or project in one window. */
export interface RequestCount {
  readonly subject: string;
  readonly requests: number;
}

/**
 * The two databases behind one interface of domain verbs. A verb that changes something resolves once the change is durable;
 * every verb throws nothing but StoreError.
 */
export interface Store
  extends OutboxStore,
    SmartAccountStore,
    RotationStore,
    BacklogStore,
    IdempotencyStore,
    TransferReceiptStore,
    RecoveryNoticeStore {
  readRootRecord(): Promise<Uint8Array | null>;
  /** The security epoch to go above when this store came from a backup and the enclave has not counted that yet; else null. */
  epochBeforeRestore(): Promise<number | null>;
  noteRestoreAnnounced(): Promise<void>;
  /** Keeps the first root record for good: of two that race, both read the same one back. */
  insertRootRecordIfAbsent(record: Uint8Array): Promise<void>;

  findPrincipal(apiKeyId: string): Promise<Principal | null>;
  /** For a recovery, whose client has no API key. */
  findProject(projectId: Uint8Array): Promise<ProjectRows | null>;
  addProject(project: NewProject): Promise<'added' | 'project-taken' | 'api-key-taken'>;
  /** The project's sealed import key; null before there is one. */
  findImportKey(projectId: Uint8Array): Promise<Uint8Array | null>;
  /** Keeps the first import key for good and returns it: of two proxies that race, both go on with the same one. */
  keepFirstImportKey(projectId: Uint8Array, sealed: Uint8Array): Promise<Uint8Array>;
  /** Replaces version v of the record by v+1 and no other, with API keys, policy and notice, in one transaction. */
  replaceAuthority(change: AuthorityChange, claim: IdempotencyClaim | null): Promise<ReplaceAuthorityOutcome>;
  listApiKeys(projectId: Uint8Array): Promise<readonly ShownApiKey[]>;
  /** @param usedAtMs when each API key, by id, was last used */
  noteApiKeyUse(usedAtMs: ReadonlyMap<string, number>): Promise<void>;

  findPolicyDocument(projectId: Uint8Array, policyId: string): Promise<Uint8Array | null>;
  listPolicyDocuments(page: PolicyPageRequest): Promise<Page<Uint8Array>>;

  findAccount(key: AccountKey): Promise<StoredAccount | null>;
  findAccountByName(
    key: Omit<AccountKey, 'address'> & { readonly name: string },
  ): Promise<StoredAccount | null>;
  findGovernedAccount(key: AccountKey): Promise<GovernedAccount | null>;
  /** What is needed to sign for an account, or to export its key. */
  findSigningRows(key: AccountKey): Promise<SigningRows | null>;
  listAccounts(page: AccountPageRequest): Promise<Page<StoredAccount>>;
  /** Makes the sealed key durable in the vault, then account, name, claim and receipt in one transaction. */
  addAccount(account: NewAccount, claim: IdempotencyClaim | null): Promise<AddAccountOutcome>;
  /** Replaces version v by v+1 and no other. */
  replaceAccount(next: NextAccount, claim: IdempotencyClaim | null): Promise<ReplaceAccountOutcome>;

  /** Makes a signed transaction durable, with its claim, in one transaction. No node may see it before. */
  keepTransaction(keep: KeepTransaction): Promise<KeepOutcome>;
  findOutboxEntry(projectId: Uint8Array, key: OutboxKey): Promise<OutboxEntry | null>;
  /** Entries of a project whose id starts so. */
  findOutboxEntriesByPrefix(projectId: Uint8Array, prefix: string): Promise<readonly OutboxEntry[]>;
  /** Removes transactions that were settled before this time, some hundreds at once; says how many. */
  removeSettledEntries(settledBeforeMs: number): Promise<number>;

  /**
   * Adds to the counts of a window, and forgets those of earlier ones.
   * @returns the subjects' counts of all proxies
   */
  addRequestCounts(windowStartMs: number, added: readonly RequestCount[]): Promise<readonly RequestCount[]>;

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
