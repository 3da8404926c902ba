import type { ApiKey, WalletSecret } from './credentials.ts';
import { makeApiKey, makeWalletSecret } from './credentials.ts';
import { type ProjectChoices, signProjectGenesis } from './project-genesis.ts';
import type { Service } from './service.ts';
import { checkProjectCertificate, type ServicePins, verifyService } from './verify-service.ts';

/** A project whose certificate was checked, and the only copies of its secrets. */
export interface CreatedProject {
  readonly projectId: Uint8Array;
  readonly deploymentId: Uint8Array;
  readonly apiKey: ApiKey;
  readonly walletSecret: WalletSecret;
}

export interface CreateProjectOptions {
  readonly service: Service;
  readonly pins: ServicePins;
  readonly choices: ProjectChoices;
  readonly enrolmentToken: string | null;
  /** Made here unless it was before; by default of Ed25519. */
  readonly apiKey?: ApiKey;
}

/**
 * Creates a project from the client's side: verifies the enclave, makes both secrets here, signs the whole initial record, and returns
 * only after the enclave's certificate shows exactly that record.
 * @throws AttestationError, ClientError
 */
export async function createProject({
  service,
  pins,
  choices,
  enrolmentToken,
  apiKey = makeApiKey(),
}: CreateProjectOptions): Promise<CreatedProject> {
  const identity = await verifyService(service, pins);
  const nonce = await service.projectNonce(enrolmentToken);
  const walletSecret = makeWalletSecret();
  const { deploymentId } = identity;
  const { genesis, projectId } = signProjectGenesis({ deploymentId, nonce, walletSecret, apiKey, choices });
  const { certificate } = await service.createProject(genesis, enrolmentToken);
  await checkProjectCertificate(certificate, identity, {
    projectId,
    nonce,
    walletSecret: walletSecret.publicKey,
    apiKey,
    choices,
  });
  return { projectId, deploymentId, apiKey, walletSecret };
}
