import type { Deployment } from '../keys/root-record.ts';
import type { AccountRecord } from '../records/account-record.ts';
import type { AuthorityRecord, Digested, Recovery } from '../records/authority-record.ts';
import { signCoseSign1 } from './cose-sign1.ts';

/** Says which key list, authorities and permissions a project has, as of a record version, over the caller's nonce. */
export function issueProjectCertificate(
  deployment: Deployment,
  { record, digest }: Digested<AuthorityRecord>,
  freshness: { readonly nonce: Uint8Array; readonly issuedAtMs: number },
): Uint8Array {
  const { projectId, version, walletSecrets, apiKeys } = record;
  const { authorities, policyAuthority, exportAllowed, maxFeeWei } = record;
  return signCoseSign1(
    {
      type: 'strongroom/project-certificate/v2',
      deploymentId: deployment.id,
      projectId,
      recordVersion: version,
      recordDigest: digest,
      walletSecrets,
      apiKeys: apiKeys.map(({ id, algorithm, publicKey, scopes }) => ({ id, algorithm, publicKey, scopes })),
      authorities,
      policyAuthority,
      exportAllowed,
      maxFeeWei,
      ...freshness,
    },
    deployment.identityKey,
  );
}

/** Says what a recovery has to sign, how the passphrase is stretched, and what waits; over the caller's nonce. */
export function issueRecoveryChallenge(
  deployment: Deployment,
  { record, digest }: Digested<AuthorityRecord>,
  recovery: Recovery,
  fresh: { readonly challenge: Uint8Array; readonly nonce: Uint8Array; readonly issuedAtMs: number },
): Uint8Array {
  const { publicKey, stretching, waitingPeriodMs, pending } = recovery;
  return signCoseSign1(
    {
      type: 'strongroom/recovery-challenge/v1',
      deploymentId: deployment.id,
      projectId: record.projectId,
      recordVersion: record.version,
      recordDigest: digest,
      publicKey,
      stretching,
      waitingPeriodMs,
      pending:
        pending === null
          ? null
          : {
              id: pending.id,
              walletSecret: pending.walletSecret,
              withApiKey: pending.apiKey !== null,
              startedAtMs: pending.startedAtMs,
              completableAtMs: pending.completableAtMs,
            },
      ...fresh,
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

/** Says that an account's key left or entered the enclave, for whom, and under which record of the project. */
export function issueTransferReceipt(
  deployment: Deployment,
  { record: authority, digest }: Digested<AuthorityRecord>,
  { account, ...transfer }: KeyTransfer,
): Uint8Array {
  const { projectId, curve, address, publicKey } = account;
  return signCoseSign1(
    {
      type: 'strongroom/transfer-receipt/v1',
      deploymentId: deployment.id,
      projectId,
      curve,
      address,
      publicKey,
      recordVersion: authority.version,
      recordDigest: digest,
      ...transfer,
    },
    deployment.identityKey,
  );
}

export interface KeyTransfer {
  readonly transfer: 'export' | 'import';
  readonly account: Pick<AccountRecord, 'projectId' | 'curve' | 'address' | 'publicKey'>;
  /** SHA-256 of the RSA key (SPKI, DER) that an exported key was encrypted to, 32 bytes; null for an import. */
  readonly recipientDigest: Uint8Array | null;
  readonly issuedAtMs: number;
}
