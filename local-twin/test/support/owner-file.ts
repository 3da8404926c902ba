import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CredentialsFile } from '@strongroom/cli/input/credentials-file';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { createTestProject, type TestProject } from './project.ts';
import type { TestSystem } from './test-system.ts';

/** A project of the system with a credentials file, as `strongroom project create` writes it. */
export async function createOwnedProject(
  system: TestSystem,
): Promise<{ readonly project: TestProject; readonly file: string }> {
  const project = await createTestProject(system);
  const { pcr0, pcr1, pcr2 } = system.measurements;
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const answer = await fetch(`${system.baseUrl}/v2/enclave/attestation?nonce=${'00'.repeat(32)}`);
  const { manifest } = (await answer.json()) as { manifest: string };
  const credentials: CredentialsFile = {
    baseUrl: system.baseUrl,
    projectId: hex(project.projectId),
    deploymentId: hex(
      (decodeCbor(Buffer.from(manifest, 'base64')) as { deploymentId: Uint8Array }).deploymentId,
    ),
    apiKeyId: project.apiKeyId,
    apiKeySecret: project.apiKeySecret,
    walletSecret: project.walletSecret,
    pcrs: { '0': hex(pcr0), '1': hex(pcr1), '2': hex(pcr2) },
    rootCertificatePem: system.rootCertificatePem,
  };
  const file = join(system.home, `${project.apiKeyId}.json`);
  writeFileSync(file, JSON.stringify(credentials), { mode: 0o600 });
  return { project, file };
}

/** The project with the secrets of another credentials file. */
export function withSecretsOf(project: TestProject, file: string): TestProject {
  const { walletSecret, apiKeyId, apiKeySecret } = readFile(file);
  const seed = Buffer.from(apiKeySecret, 'base64').subarray(0, 32);
  const der = Buffer.concat([Buffer.from('302e020100300506032b657004220420', 'hex'), seed]);
  return {
    ...project,
    apiKeyId,
    apiKeySecret,
    apiKey: createPrivateKey({ key: der, format: 'der', type: 'pkcs8' }),
    walletSecret,
    walletKey: createPrivateKey({ key: Buffer.from(walletSecret, 'base64'), format: 'der', type: 'pkcs8' }),
  };
}

function readFile(file: string): CredentialsFile {
  return JSON.parse(readFileSync(file, 'utf8')) as CredentialsFile;
}
