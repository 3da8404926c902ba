import type { Deployment } from '../keys/root-record.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { AuthorityRecord, Digested } from '../records/authority-record.ts';
import { signCoseSign1 } from './cose-sign1.ts';

/** Says which key list, authorities and permissions a project has, as of a record version, over the caller's nonce. */
export function issueProjectCertificate(
  deployment: Deployment,
  { record, digest }: Digested<AuthorityRecord>,
  freshness: { readonly nonce: Uint8Array; readonly issuedAtMs: number },
): Uint8Array {
  const { projectId, version, walletSecrets, apiKeys, authorities, policyAuthority, exportAllowed } = record;
  return signCoseSign1(
    {
      type: 'strongroom/project-certificate/v1',
      deploymentId: deployment.id,
      projectId,
      recordVersion: version,
      recordDigest: digest,
      walletSecrets,
      apiKeys: apiKeys.map(({ id, algorithm, publicKey, scopes }) => ({ id, algorithm, publicKey, scopes })),
      authorities,
      policyAuthority,
      exportAllowed,
      ...freshness,
    },
    deployment.identityKey,
  );
}

/** Says that an address belongs to a project of this deployment. The same account always gets the same bytes. */
export function issueAccountCertificate(deployment: Deployment, account: AccountRecord): Uint8Array {
  const { projectId, curve, address, publicKey, name } = account;
  return signCoseSign1(
    {
      type: 'strongroom/account-certificate/v1',
      deploymentId: deployment.id,
      projectId,
      curve,
      address,
      publicKey,
      name,
    },
    deployment.identityKey,
  );
}

/** Says that clients of a project may encrypt keys to this RSA key (SPKI, DER). */
export function issueImportKeyCertificate(
  deployment: Deployment,
  projectId: Uint8Array,
  publicKey: Uint8Array,
): Uint8Array {
  return signCoseSign1(
    { type: 'strongroom/import-key-certificate/v1', deploymentId: deployment.id, projectId, publicKey },
    deployment.identityKey,
  );
}
