// What somebody who does not trust the service asks it to prove.
import { connectService, type Service } from '@strongroom/client/service';
import {
  type KnownProject,
  type ServiceIdentity,
  verifyAccount,
  verifyProject,
  verifyService,
} from '@strongroom/client/verify-service';
import type { DevFile } from '../dev/dev-file.ts';
import { expect } from './steps.ts';

/** Somebody with an API key, who pins what he knows of the enclave. */
export interface Verifier {
  readonly service: Service;
  readonly deploymentId: Uint8Array;
  readonly image: Record<'pcr0' | 'pcr1' | 'pcr2', Uint8Array>;
  readonly customRoot: Uint8Array;
  readonly project: KnownProject;
  /** Null until the enclave was verified. */
  identity: ServiceIdentity | null;
}

const bytesOf = (encoded: string, encoding: 'hex' | 'base64') =>
  Uint8Array.from(Buffer.from(encoded, encoding));

export function verifierOf(dev: DevFile): Verifier {
  const { apiKeyId, apiKeySecret, pcrs } = dev;
  return {
    service: connectService(dev.baseUrl),
    deploymentId: bytesOf(dev.deploymentId, 'hex'),
    image: {
      pcr0: bytesOf(pcrs['0'], 'hex'),
      pcr1: bytesOf(pcrs['1'], 'hex'),
      pcr2: bytesOf(pcrs['2'], 'hex'),
    },
    customRoot: bytesOf(dev.rootCertificatePem.replace(/-----[^-]+-----|\s/g, ''), 'base64'),
    project: { credentials: { apiKeyId, apiKeySecret }, projectId: bytesOf(dev.projectId, 'hex') },
    identity: null,
  };
}

export async function verifyEnclave(verifier: Verifier): Promise<string> {
  const { service, image, deploymentId, customRoot } = verifier;
  verifier.identity = await verifyService(service, { images: [image], deploymentId, customRoot });
  return `deployment ${Buffer.from(deploymentId).toString('hex').slice(0, 16)}…`;
}

export async function refuseAnotherImage({ service, image, customRoot }: Verifier): Promise<string> {
  const other = { ...image, pcr2: new Uint8Array(48).fill(1) };
  const refusal = await verifyService(service, { images: [other], customRoot }).catch(
    (error: { code?: string }) => error,
  );
  expect('code' in refusal && refusal.code === 'PCR_MISMATCH', 'a wrong PCR2 was accepted');
  return 'PCR_MISMATCH';
}

export async function verifyOwnProject(verifier: Verifier): Promise<string> {
  const certificate = await verifyProject(verifier.service, known(verifier), verifier.project);
  expect(certificate.walletSecrets.length === 1, 'more than one Wallet Secret');
  return `record version ${certificate.recordVersion}, policies by ${certificate.policyAuthority}`;
}

export async function verifyOwnAccount(verifier: Verifier, address: string): Promise<string> {
  await verifyAccount(verifier.service, known(verifier), { ...verifier.project, address });
  return address;
}

function known({ identity }: Verifier): ServiceIdentity {
  if (identity === null) throw new Error('the enclave was not verified');
  return identity;
}
