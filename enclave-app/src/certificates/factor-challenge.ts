import type { Deployment } from '../keys/root-record.ts';
import type { AuthorityRecord, Digested } from '../records/authority-record.ts';
import { NO_FACTORS } from '../records/factors.ts';
import { signCoseSign1 } from './cose-sign1.ts';

/** Says which second factors a project has, what it requires one for, and what a passkey has to sign; over the caller's nonce. */
export function issueFactorChallenge(
  deployment: Deployment,
  { record, digest }: Digested<AuthorityRecord>,
  fresh: { readonly challenge: Uint8Array; readonly nonce: Uint8Array; readonly issuedAtMs: number },
): Uint8Array {
  const { webauthn, passkeys, totp, recoveryCodes, requiredFor } = record.factors ?? NO_FACTORS;
  return signCoseSign1(
    {
      type: 'strongroom/factor-challenge/v1',
      deploymentId: deployment.id,
      projectId: record.projectId,
      recordVersion: record.version,
      recordDigest: digest,
      webauthn,
      passkeys: passkeys.map(({ credentialId, publicKey, name, enrolledAtMs }) => ({
        credentialId,
        publicKey,
        name,
        enrolledAtMs,
      })),
      hasTotp: totp !== null,
      recoveryCodes: recoveryCodes.length,
      requiredFor,
      ...fresh,
    },
    deployment.identityKey,
  );
}
