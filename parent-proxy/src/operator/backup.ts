import type { BackupCertificate } from '@strongroom/attestation/backup-certificate';
import { generateIdentity, identityToRecipient } from 'age-encryption';
import { ArchiveError } from '../backup/archive-error.ts';
import { type DrilledProject, drillBackup } from '../backup/drill-backup.ts';
import { type VerifiedArchive, verifyArchive } from '../backup/read-backup.ts';
import { restoreBackup } from '../backup/restore-backup.ts';
import { type BackupProgress, type WrittenBackup, writeBackup } from '../backup/write-backup.ts';
import { Secret } from '../secrets.ts';
import { closeEngines, openEngines, type StoreLocation } from '../store/open-store.ts';
import type { Deployment } from './deployment.ts';

export type { BackupCertificate, BackupProgress, DrilledProject, VerifiedArchive, WrittenBackup };
export { ArchiveError };

/** A new age identity, and the recipient that archives for it are encrypted to. */
export async function makeBackupKey(): Promise<{ readonly identity: string; readonly recipient: string }> {
  const identity = await generateIdentity();
  return { identity, recipient: await identityToRecipient(identity) };
}

/** One archive of both databases, beside proxies that go on serving. @throws as `writeBackup` */
export async function backup(
  { call, storeLocation }: Deployment,
  options: {
    readonly path: string;
    readonly recipients: readonly string[];
    readonly report: (progress: BackupProgress) => void;
  },
): Promise<WrittenBackup> {
  const engines = openEngines(storeLocation);
  try {
    return await writeBackup({ ...options, engines, call, nowMs: Date.now });
  } finally {
    await closeEngines(engines);
  }
}

/** An archive with what opens it, and the deployment that it has to be of. */
export interface NamedArchive {
  readonly path: string;
  /** age secret key. */
  readonly identity: string;
  /** 32 bytes. */
  readonly deploymentId: Uint8Array;
}

/** Reads an archive to its end and verifies it. @throws as `verifyArchive` */
export async function inspect({ path, identity, deploymentId }: NamedArchive): Promise<VerifiedArchive> {
  return await verifyArchive({ path, identity: new Secret(identity) }, deploymentId);
}

/** Fills two empty databases from an archive; needs no enclave. @throws as `restoreBackup` */
export async function restore(
  location: StoreLocation,
  { path, identity, deploymentId }: NamedArchive,
  options: {
    readonly newestKnownMs: number | null;
    readonly seenEpoch: number | null;
    readonly report: (progress: BackupProgress) => void;
  },
): Promise<VerifiedArchive> {
  const engines = openEngines(location);
  try {
    const source = { path, identity: new Secret(identity) };
    return await restoreBackup({ ...options, source, deploymentId, engines, nowMs: Date.now });
  } finally {
    await closeEngines(engines);
  }
}

/** Proves by an enclave that an archive leads to the keys of these addresses. @throws as `drillBackup` */
export async function drill(
  { call }: Pick<Deployment, 'call'>,
  { path, identity, deploymentId }: NamedArchive,
  addresses: readonly string[],
): Promise<DrilledProject[]> {
  return await drillBackup({
    source: { path, identity: new Secret(identity) },
    deploymentId,
    addresses,
    call,
  });
}
