import type { FactorChallenge } from '@strongroom/attestation/factor-challenge';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { createPolicy } from '@strongroom/shared/operations/create-policy';
import type { ClientRequest } from '@strongroom/shared/operations/fields';
import { getAttestation } from '@strongroom/shared/operations/get-attestation';
import { afterChange, identityKeyOf, newSecretBody } from '../../src/hostile/lab-owner.ts';
import { createLabProject, type LabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  addPasskeyTo,
  factorChallengeOf,
  passkeyRequest,
  requirementsRequest,
  type SoftwarePasskey,
  setRequirements,
} from './lab-factors.ts';

/** Whatever a project can require a second factor for. */
export const EVERYTHING = ['wallet-secret', 'recovery', 'export', 'policy', 'factor'];

/** A ready enclave, and what owners do with passkeys there. */
export interface PasskeyLab {
  readonly lab: Laboratory;
  readonly enclave: LabEnclave;
  challenge(project: LabProject, from?: LabEnclave): Promise<FactorChallenge>;
  /** @returns the project with this passkey as well */
  enrol(project: LabProject, passkey: SoftwarePasskey): Promise<LabProject>;
  require(project: LabProject, purposes: readonly string[]): ReturnType<typeof setRequirements>;
  /** @returns a project that may export, and the same with a passkey that everything requires */
  createProject(passkey: SoftwarePasskey): Promise<{ readonly bare: LabProject; readonly mine: LabProject }>;
}

export async function openPasskeyLab(): Promise<PasskeyLab> {
  const lab = await openLaboratory();
  const enclave = await lab.bootReady();
  const { manifest } = await enclave.call(getAttestation, { nonce: new Uint8Array(32) });
  const identityKey = identityKeyOf(manifest);
  const own: PasskeyLab = {
    lab,
    enclave,
    challenge: (project, from = enclave) => factorChallengeOf(from, project.rows, identityKey),
    require: (project, purposes) => setRequirements(enclave, project, requirementsRequest(project, purposes)),
    async enrol(project, passkey) {
      const client = await passkeyRequest(project, passkey, await own.challenge(project));
      return afterChange(project, await addPasskeyTo(enclave, project, client));
    },
    async createProject(passkey) {
      const scopes = ['read', 'sign', 'accounts#export'];
      const bare = await createLabProject(enclave, { exportAllowed: true, scopes });
      const enrolled = await own.enrol(bare, passkey);
      return { bare, mine: afterChange(enrolled, await own.require(enrolled, EVERYTHING)) };
    },
  };
  return own;
}

/** A request for a new Wallet Secret, without a factor. */
export function newSecretRequest(project: LabProject): ClientRequest {
  const body = newSecretBody(makeWalletSecret(), project.rows.projectId);
  return signedRequest(project, { path: '/v2/enclave/wallet-secrets', body });
}

export function addSecretBy(enclave: LabEnclave, client: ClientRequest, project: LabProject) {
  return enclave.call(addWalletSecret, { client, project: project.rows });
}

/** A request for a policy, without a factor. */
export function newPolicyRequest(project: LabProject): ClientRequest {
  const rules = [{ action: 'reject', operation: 'signEvmHash' }];
  const body = { scope: 'account', description: 'nothing', rules };
  return signedRequest(project, { path: '/v2/policy-engine/policies', body });
}

export function createPolicyBy(enclave: LabEnclave, client: ClientRequest, project: LabProject) {
  return enclave.call(createPolicy, { client, project: project.rows });
}
