import { certifyProject } from '@strongroom/shared/operations/certify-project';
import type { ProjectRows } from '@strongroom/shared/operations/fields';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { hexOf } from '../../src/hostile/lab-owner.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';

export interface CertifiedProject {
  readonly walletSecrets: readonly { readonly publicKey: Uint8Array }[];
  readonly apiKeys: readonly { readonly id: string; readonly publicKey: Uint8Array }[];
}

/** What the enclave certifies of a project's record. */
export async function certifiedProject(
  enclave: LabEnclave,
  { rows }: { readonly rows: ProjectRows },
): Promise<CertifiedProject> {
  const { certificate } = await enclave.call(certifyProject, { project: rows, nonce: new Uint8Array(16) });
  const [, , payload] = decodeCbor(certificate) as unknown as [0, 0, Uint8Array];
  return decodeCbor(payload) as unknown as CertifiedProject;
}

/** Hex of the Wallet Secrets that it certifies, in their order. */
export async function certifiedSecrets(
  enclave: LabEnclave,
  project: { readonly rows: ProjectRows },
): Promise<readonly string[]> {
  const { walletSecrets } = await certifiedProject(enclave, project);
  return walletSecrets.map(({ publicKey }) => hexOf(publicKey));
}
