import { randomBytes } from 'node:crypto';
import { verifyBackupCertificate } from '@strongroom/attestation/backup-certificate';
import { certifyBackup } from '@strongroom/shared/operations/certify-backup';
import { drillBackup } from '../../../parent-proxy/src/backup/drill-backup.ts';
import { type ArchiveSource, identityKeyOf } from '../../../parent-proxy/src/backup/read-backup.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { type ArchiveRows, type LabArchives, openLabArchives } from './lab-archive.ts';

/** A deployment with a project, two accounts and a backup of them. */
export interface LabBackup extends AsyncDisposable {
  readonly lab: Laboratory;
  readonly enclave: LabEnclave;
  readonly archives: LabArchives;
  readonly project: LabProject;
  readonly accounts: readonly [LabAccount, LabAccount];
  readonly archive: ArchiveSource;
  /** Of `accounts`. */
  readonly addresses: readonly string[];
  readonly deploymentId: Uint8Array;
}

export async function openLabBackup(): Promise<LabBackup> {
  const lab = await openLaboratory();
  const enclave = await lab.bootReady();
  const archives = await openLabArchives(enclave, await lab.rootRecord());
  const project = await createLabProject(enclave);
  const accounts = [
    await createLabAccount(enclave, project),
    await createLabAccount(enclave, project),
  ] as const;
  const archive = await archives.write([{ project, accounts }]);
  const { deploymentId } = await certifiedBackup(enclave, await lab.rootRecord());
  return {
    lab,
    enclave,
    archives,
    project,
    accounts,
    archive,
    addresses: accounts.map(({ address }) => address),
    deploymentId,
    async [Symbol.asyncDispose]() {
      archives[Symbol.dispose]();
      await lab[Symbol.asyncDispose]();
    },
  };
}

/** What an enclave says of its deployment when it signs for a backup of no rows. */
export async function certifiedBackup(enclave: LabEnclave, rootRecord: Uint8Array) {
  const contentDigest = randomBytes(32);
  const { certificate } = await enclave.call(certifyBackup, { contentDigest, projects: 0, accounts: 0 });
  return await verifyBackupCertificate(certificate, identityKeyOf(rootRecord), contentDigest);
}

/** Has the enclave open the keys of these addresses out of an archive, as an operator does. */
export function drillArchive(
  source: ArchiveSource,
  addresses: readonly string[],
  { enclave, deploymentId }: Pick<LabBackup, 'enclave' | 'deploymentId'>,
) {
  return drillBackup({ source, deploymentId, addresses, call: enclave.call });
}

/** The rows of one table, to be changed in place. */
export function rowsOf({ rows }: ArchiveRows, table: string) {
  return rows.get(table) ?? [];
}
