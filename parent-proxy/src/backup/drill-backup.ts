import { verifyDrillCertificate } from '@strongroom/attestation/backup-certificate';
import type { OperationClient } from '@strongroom/shared/channel/operation-client';
import { drillRows } from '@strongroom/shared/operations/drill-rows';
import { MAX_ROTATION_BATCH } from '@strongroom/shared/operations/rotation-rows';
import { ArchiveError } from './archive-error.ts';
import type { ArchivedTable } from './archive-format.ts';
import { type ArchiveSource, identityKeyOf, readArchive, verifyArchive } from './read-backup.ts';

export interface DrillOptions {
  readonly source: ArchiveSource;
  /** 32 bytes. */
  readonly deploymentId: Uint8Array;
  /** EIP-55 or base58, as the service writes them. */
  readonly addresses: readonly string[];
  /** Reaches an enclave of the deployment; no database is asked. */
  readonly call: OperationClient['call'];
}

/** What an enclave certified of one project. */
export interface DrilledProject {
  readonly projectId: Uint8Array;
  readonly addresses: readonly string[];
  readonly certificate: Uint8Array;
}

interface ArchivedAccount {
  readonly projectId: Uint8Array;
  readonly address: string;
  readonly account: { readonly version: number; readonly sealed: Uint8Array };
  readonly vaultId: Uint8Array;
}

type Row = Readonly<Record<string, unknown>>;
const KMS_DEADLINE_MS = 60_000;

/**
 * Proves that an archive and KMS are enough for the keys of these addresses: an enclave opens the archive's own root record and rows, derives
 * the addresses from the keys and signs for them. No key leaves it, and what it serves with is not touched.
 * @returns a verified certificate for each project
 * @throws ArchiveError ARCHIVE_*, DRILL_*; AttestationError; those of `drill-rows`
 */
export async function drillBackup(options: DrillOptions): Promise<DrilledProject[]> {
  const { source, deploymentId, addresses, call } = options;
  const archive = await verifyArchive(source, deploymentId);
  const { projects, accounts, walletKeys } = await collect(source, new Set(addresses));
  if (accounts.length < new Set(addresses).size) throw new ArchiveError('DRILL_ADDRESS_MISSING');
  const identityKey = identityKeyOf(archive.rootRecord);
  const { contentDigest, rootRecord } = archive;
  const drilled: DrilledProject[] = [];
  for (const group of groups(accounts)) {
    const { projectId } = group[0] as ArchivedAccount;
    const project = projects.get(keyOf(projectId));
    if (project === undefined) throw new ArchiveError('DRILL_KEY_MISSING');
    const rows = group.map(({ address, account, vaultId }) => {
      const walletKey = walletKeys.get(keyOf(vaultId));
      if (walletKey === undefined) throw new ArchiveError('DRILL_KEY_MISSING');
      return { address, account, walletKey };
    });
    const request = { contentDigest, rootRecord, project: projectRowsOf(project), accounts: rows };
    const { certificate } = await call(drillRows, request, KMS_DEADLINE_MS);
    const expected = { contentDigest, addresses: group.map(({ address }) => address) };
    await verifyDrillCertificate(certificate, identityKey, expected);
    drilled.push({ projectId, addresses: expected.addresses, certificate });
  }
  return drilled;
}

/** Rows of the archive that the drill needs: an account stands before its wallet key. */
async function collect(source: ArchiveSource, wanted: ReadonlySet<string>) {
  const projects = new Map<string, Row>();
  const accounts: ArchivedAccount[] = [];
  const walletKeys = new Map<string, Uint8Array>();
  const vaultIds = new Set<string>();
  for await (const part of readArchive(source)) {
    if (part.kind !== 'batch') continue;
    for (const row of part.rows.map((values) => named(part.table, values))) {
      const { table } = part.table;
      if (table === 'project') projects.set(keyOf(row['project_id'] as Uint8Array), row);
      if (table === 'account' && wanted.has(row['address'] as string)) {
        const account = accountOf(row);
        accounts.push(account);
        vaultIds.add(keyOf(account.vaultId));
      }
      if (table !== 'wallet_key') continue;
      const vaultId = keyOf(row['vault_id'] as Uint8Array);
      if (vaultIds.has(vaultId)) walletKeys.set(vaultId, row['sealed'] as Uint8Array);
    }
  }
  return { projects, accounts, walletKeys };
}

function named({ columns }: ArchivedTable, values: readonly unknown[]): Row {
  return Object.fromEntries(columns.map((column, index) => [column, values[index]]));
}

function accountOf(row: Row): ArchivedAccount {
  return {
    projectId: row['project_id'] as Uint8Array,
    address: row['address'] as string,
    account: { version: row['record_version'] as number, sealed: row['record_sealed'] as Uint8Array },
    vaultId: row['vault_id'] as Uint8Array,
  };
}

function projectRowsOf(row: Row) {
  return {
    projectId: row['project_id'] as Uint8Array,
    authority: {
      version: row['authority_version'] as number,
      sealed: row['authority_sealed'] as Uint8Array,
    },
    clientSecret: row['client_secret'] as Uint8Array,
  };
}

/** Accounts of one project each, as many as go into a message. */
function* groups(accounts: readonly ArchivedAccount[]): Generator<ArchivedAccount[]> {
  const byProject = new Map<string, ArchivedAccount[]>();
  for (const account of accounts) {
    const key = keyOf(account.projectId);
    byProject.set(key, [...(byProject.get(key) ?? []), account]);
  }
  for (const group of byProject.values()) {
    for (let from = 0; from < group.length; from += MAX_ROTATION_BATCH)
      yield group.slice(from, from + MAX_ROTATION_BATCH);
  }
}

function keyOf(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('hex');
}
