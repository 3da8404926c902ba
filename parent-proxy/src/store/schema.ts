import type { OutboxState } from '@strongroom/chain-relay/outbox-store';
import type { ChainNetwork, EvmNetwork } from '@strongroom/shared/api/networks';
import type { PolicyScope } from '@strongroom/shared/api/policy';
import type { RecoveryEvent } from './recovery-notice-store.ts';

/** CDP's statuses. `signed`: durable with its signature, and perhaps no bundler has seen it. */
export type UserOperationStatus = 'pending' | 'signed' | 'broadcast' | 'complete' | 'dropped' | 'failed';

/** One row in each database: which one it is, of which store, and how far it is migrated. */
export interface DatabaseTable {
  kind: 'primary' | 'vault';
  /** 16 random bytes, the same in both databases of a store; null in a vault that no primary has claimed. */
  store_id: Uint8Array | null;
  schema_version: number;
}

export interface RootRecordTable {
  id: 1;
  record: Uint8Array;
}

export interface ProjectTable {
  project_id: Uint8Array;
  authority_version: number;
  authority_sealed: Uint8Array;
  client_secret: Uint8Array;
  certificate: Uint8Array;
  created_at_ms: number;
  /** The policy of all accounts of the project, if it has one. */
  project_policy_id: string | null;
  /** Sealed; null until it is first asked for. */
  import_key: Uint8Array | null;
}

/** A cache of the authority record's API keys, to authenticate by. */
export interface ApiKeyTable {
  api_key_id: string;
  project_id: Uint8Array;
  algorithm: 'EdDSA' | 'ES256';
  public_key: Uint8Array;
  /** JSON array of texts. */
  scopes: string;
  expires_at_ms: number | null;
  /** JSON array of addresses and CIDR blocks; empty for no restriction. */
  allowed_ips: string;
  /** Written now and then: up to a minute late. */
  last_used_at_ms: number | null;
}

/** Policies as the enclave wrote them; the authority record has their digests. */
export interface PolicyTable {
  project_id: Uint8Array;
  policy_id: string;
  scope: PolicyScope;
  version: number;
  document: Uint8Array;
  created_at_ms: number;
}

/** How many requests a key or a project has made in one window, from all proxies that share the store. */
export interface RequestCountTable {
  window_start_ms: number;
  subject: string;
  requests: number;
}

export type ChainFamily = 'evm' | 'solana';

export interface AccountTable {
  project_id: Uint8Array;
  family: ChainFamily;
  /** What an address is looked up by: lower case for EVM, as it is for Solana. */
  address_key: string;
  address: string;
  name: string | null;
  record_version: number;
  record_sealed: Uint8Array;
  vault_id: Uint8Array;
  policy_id: string | null;
  certificate: Uint8Array;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface IdempotencyTable {
  project_id: Uint8Array;
  method: string;
  path: string;
  idempotency_key: string;
  fingerprint: Uint8Array;
  state: 'in-progress' | 'done';
  /** Which attempt holds the key, 16 random bytes: one that lost it to a later attempt cannot finish. */
  attempt: Uint8Array;
  /** What the request made: the account's address key, the policy's id, network and id of a transaction, or a receipt's id. */
  made_id: string | null;
  /** What was answered, if it is to be given again as it was. */
  answer_status: number | null;
  answer_body: Uint8Array | null;
  started_at_ms: number;
  expires_at_ms: number;
}

/** Signed transactions, from before any node sees them until they are on the chain for good. */
export interface OutboxTable {
  network: ChainNetwork;
  transaction_id: string;
  project_id: Uint8Array;
  /** Of the wallet token, unique in the project: one token, one transaction. */
  token_id: Uint8Array;
  sender: string;
  nonce: number | null;
  raw: Uint8Array;
  /** JSON. */
  proposal: string;
  state: OutboxState;
  refusal: string | null;
  attempts: number;
  created_at_ms: number;
  due_at_ms: number;
}

/** Who may choose the next nonce of an account. */
export interface NonceLeaseTable {
  network: ChainNetwork;
  sender: string;
  holder: Uint8Array;
  expires_at_ms: number;
}

/** Kept for clients until the next rotation. */
export interface RotationCertificateTable {
  /** Empty for the certificate of the whole deployment. */
  project_id: Uint8Array;
  generation: number;
  certificate: Uint8Array;
}

/** Contract accounts: public facts. */
export interface SmartAccountTable {
  project_id: Uint8Array;
  address_key: string;
  address: string;
  /** JSON array of EIP-55 addresses. */
  owners: string;
  name: string | null;
  created_at_ms: number;
  updated_at_ms: number;
}

export interface UserOperationTable {
  project_id: Uint8Array;
  address_key: string;
  user_op_hash: string;
  network: EvmNetwork;
  /** JSON. */
  operation: string;
  /** JSON. */
  calls: string;
  status: UserOperationStatus;
  /** JSON. */
  receipt: string | null;
  created_at_ms: number;
  /** Null when the signature came from the client. */
  token_id: Uint8Array | null;
}

/** Rows are only ever added. */
export interface TransferReceiptTable {
  project_id: Uint8Array;
  /** SHA-256 of the receipt, hex. */
  receipt_id: string;
  transfer: 'export' | 'import';
  address: string;
  /** COSE_Sign1 of the enclave. */
  receipt: Uint8Array;
  stored_at_ms: number;
}

/** What the operator's webhook has not yet been told of recoveries. */
export interface RecoveryNoticeTable {
  project_id: Uint8Array;
  recovery_id: string;
  event: RecoveryEvent['event'];
  completable_at: string | null;
  attempts: number;
  due_at_ms: number;
}

export interface PrimarySchema {
  strongroom_database: DatabaseTable;
  root_record: RootRecordTable;
  project: ProjectTable;
  api_key: ApiKeyTable;
  policy: PolicyTable;
  account: AccountTable;
  idempotency: IdempotencyTable;
  request_count: RequestCountTable;
  rotation_certificate: RotationCertificateTable;
  outbox: OutboxTable;
  nonce_lease: NonceLeaseTable;
  smart_account: SmartAccountTable;
  user_operation: UserOperationTable;
  spend_permission: SpendPermissionTable;
  restore: RestoreTable;
  transfer_receipt: TransferReceiptTable;
  recovery_notice: RecoveryNoticeTable;
}

/** A restore of this store from a backup; the enclave has counted it once it is announced. */
export interface RestoreTable {
  restored_at_ms: number;
  /** Of the backup. */
  certificate: Uint8Array;
  /** The highest security epoch that clients have seen. */
  above_epoch: number;
  is_announced: 0 | 1;
}

export interface SpendPermissionTable {
  project_id: Uint8Array;
  address_key: string;
  network: EvmNetwork;
  /** Lower-case hex without a prefix. */
  permission_hash: string;
  /** JSON. */
  permission: string;
  /** Hashes of the newest user operations that were to approve and to revoke it. */
  approved_by: string;
  revoked_by: string | null;
  created_at_ms: number;
}

export interface WalletKeyTable {
  vault_id: Uint8Array;
  sealed: Uint8Array;
  /** Days since the Unix epoch: enough to know what is old, too coarse to tell whose it is. */
  stored_day: number;
}

export interface VaultSchema {
  strongroom_database: DatabaseTable;
  wallet_key: WalletKeyTable;
}
