import type { Deployment, RootRecordBody } from '../keys/root-record.ts';
import { signCoseSign1 } from './cose-sign1.ts';

/** What a review after a rotation saw, of one project or, with `projectId` null, of all that it was shown. */
export interface ReviewedRows {
  readonly projectId: Uint8Array | null;
  readonly projects: number;
  readonly accounts: number;
  /** 32 bytes; docs/protocol.md section 9. */
  readonly accountsDigest: Uint8Array;
  readonly startedAtMs: number;
  readonly completedAtMs: number;
}

/** Says what the enclave saw, all of it under one generation of the root key; never what else there is. */
export function issueRotationCertificate(
  deployment: Deployment,
  { version, roots }: RootRecordBody,
  seen: ReviewedRows,
): Uint8Array {
  return signCoseSign1(
    {
      type: 'strongroom/rotation-certificate/v1',
      deploymentId: deployment.id,
      generation: deployment.roots.current.generation,
      openGenerations: roots.map(({ generation }) => generation).sort((a, b) => a - b),
      rootRecordVersion: version,
      ...seen,
    },
    deployment.identityKey,
  );
}
