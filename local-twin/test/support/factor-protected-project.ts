// A project that requires a second factor for recoveries and rotations, and what its owner asks for with one.
import { makeWalletSecret } from '@strongroom/client/credentials';
import { type makeRecoveryCodes, recoveryCodeDigest } from '@strongroom/client/recovery-codes';
import type { SecondFactor } from '@strongroom/shared/api/factor-body';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import { afterChange, hexOf, newSecretBody, type SigningProject } from '../../src/hostile/lab-owner.ts';
import { type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';
import {
  addPasskeyTo,
  factorChallengeOf,
  passkeyRequest,
  requirementsRequest,
  type SoftwarePasskey,
  setCodes,
  setRequirements,
  withFactor,
} from './lab-factors.ts';

export interface OwnedFactors {
  readonly passkey: SoftwarePasskey;
  readonly codes: ReturnType<typeof makeRecoveryCodes>;
  readonly identityKey: Uint8Array;
}

/** The project with these factors, one of them required for recoveries and rotations. */
export async function protectProject(
  enclave: LabEnclave,
  project: LabProject,
  { passkey, codes, identityKey }: OwnedFactors,
): Promise<LabProject> {
  const challenge = await factorChallengeOf(enclave, project.rows, identityKey);
  const enrolment = await passkeyRequest(project, passkey, challenge);
  const enrolled = afterChange(project, await addPasskeyTo(enclave, project, enrolment));
  const digests = codes.map(({ code }) => recoveryCodeDigest(project.rows.projectId, code));
  const coded = afterChange(enrolled, await setCodes(enclave, enrolled, digests));
  const requirements = requirementsRequest(coded, ['recovery', 'wallet-secret']);
  return afterChange(coded, await setRequirements(enclave, coded, requirements));
}

export function recoveryCodeFactor(code: Uint8Array): SecondFactor {
  return { kind: 'recovery-code', code: Buffer.from(code).toString('base64url') };
}

/** A request that completes a recovery, without a factor. */
export function completionRequest(by: SigningProject, id: string) {
  const path = `/v2/enclave/recoveries/${id}/completion`;
  return signedRequest(by, { path, body: { projectId: hexOf(by.rows.projectId) } });
}

export function completeWithFactor(
  enclave: LabEnclave,
  { by, id }: { readonly by: SigningProject; readonly id: string },
  factor: SecondFactor,
) {
  const client = withFactor(completionRequest(by, id), factor);
  return enclave.call(completeRecovery, { client, project: by.rows });
}

export function rotateWithFactor(enclave: LabEnclave, by: SigningProject, factor: SecondFactor) {
  const body = newSecretBody(makeWalletSecret(), by.rows.projectId);
  const client = signedRequest(by, { path: '/v2/enclave/wallet-secrets', body });
  return enclave.call(addWalletSecret, { client: withFactor(client, factor), project: by.rows });
}
