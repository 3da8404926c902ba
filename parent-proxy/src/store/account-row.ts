import type { AccountTable, ChainFamily } from './schema.ts';
import type { NewAccount, StoredAccount } from './store.ts';

/** What an address is looked up by: EVM addresses may come in any case, Solana's are case-sensitive. */
export function addressKeyOf(family: ChainFamily, address: string): string {
  return family === 'evm' ? address.toLowerCase() : address;
}

export const ACCOUNT_COLUMNS = [
  'address',
  'name',
  'record_version',
  'record_sealed',
  'vault_id',
  'policy_id',
  'certificate',
  'created_at_ms',
  'updated_at_ms',
] as const satisfies readonly (keyof AccountTable)[];

export type AccountRow = Pick<AccountTable, (typeof ACCOUNT_COLUMNS)[number]>;

export function toStoredAccount(row: AccountRow): StoredAccount {
  return {
    address: row.address,
    name: row.name,
    policyId: row.policy_id,
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
    certificate: row.certificate,
    record: { version: row.record_version, sealed: row.record_sealed },
    vaultId: row.vault_id,
  };
}

export function toAccountRow(account: Omit<NewAccount, 'importReceipt'>): AccountTable {
  return {
    project_id: account.projectId,
    family: account.family,
    address_key: addressKeyOf(account.family, account.address),
    address: account.address,
    name: account.name,
    record_version: account.record.version,
    record_sealed: account.record.sealed,
    vault_id: account.vaultId,
    policy_id: account.policyId,
    certificate: account.certificate,
    created_at_ms: account.createdAtMs,
    updated_at_ms: account.updatedAtMs,
  };
}
