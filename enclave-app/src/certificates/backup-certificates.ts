import type { Deployment } from '../keys/root-record.ts';
import { signCoseSign1 } from './cose-sign1.ts';

/** What the parent said of a backup when it had it signed. */
export interface BackupStatement {
  readonly contentDigest: Uint8Array;
  readonly projects: number;
  readonly accounts: number;
  readonly rootRecordVersion: number;
  readonly securityEpoch: number;
  readonly certifiedAtMs: number;
}

/** Says that this deployment's parent made a backup of this content at this time; nothing of what is in it. */
export function issueBackupCertificate(deployment: Deployment, statement: BackupStatement): Uint8Array {
  return signCoseSign1(
    { type: 'strongroom/backup-certificate/v1', deploymentId: deployment.id, ...statement },
    deployment.identityKey,
  );
}

/** Accounts whose keys came out of a backup. */
export interface DrilledRows {
  readonly contentDigest: Uint8Array;
  readonly projectId: Uint8Array;
  readonly generations: readonly number[];
  readonly accounts: readonly { readonly curve: string; readonly address: string }[];
  readonly drilledAtMs: number;
}

/** Says that the wallet keys of these addresses opened and are theirs, by a backup's own root record and KMS. */
export function issueDrillCertificate(deployment: Deployment, drilled: DrilledRows): Uint8Array {
  return signCoseSign1(
    {
      type: 'strongroom/drill-certificate/v1',
      deploymentId: deployment.id,
      ...drilled,
      generations: [...drilled.generations],
      accounts: drilled.accounts.map(({ curve, address }) => ({ curve, address })),
    },
    deployment.identityKey,
  );
}
