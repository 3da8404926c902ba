// The project with which `make dev` starts.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { addApiKey } from '@strongroom/client/api-keys';
import { createProject } from '@strongroom/client/create-project';
import { makeApiKey } from '@strongroom/client/credentials';
import { importWalletSecret } from '@strongroom/client/owner';
import { connectService, type Service } from '@strongroom/client/service';
import { type ServicePins, verifyService } from '@strongroom/client/verify-service';
import type { System } from '../system/start-system.ts';
import { type DevFile, findDevFile } from './dev-file.ts';
import { importPublicKeyOf } from './import-key.ts';

const SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'];

/** The project of an earlier start on this address, or a first one with what the SDK needs. @throws Error, ClientError, AttestationError */
export async function openProject(
  system: System,
  home: string,
  tell: (step: string) => void,
): Promise<DevFile> {
  const { baseUrl, measurements, rootCertificatePem } = system;
  const service = connectService(baseUrl);
  const pins: ServicePins = { images: [measurements], customRoot: system.rootCertificate };
  const identity = await verifyService(service, pins);
  const deploymentId = Buffer.from(identity.deploymentId).toString('hex');
  const earlier = findDevFile(home, { baseUrl, deploymentId });
  if (earlier !== null) tell(`Project ${earlier.projectId.slice(0, 12)}… of the last start`);
  await untilTokensAreTaken();
  const made = earlier ?? (await createFirstProject(service, pins, system));
  if (earlier === null)
    tell(
      'First project made: policies by API key and export allowed, as the SDK expects. Choose stricter for production.',
    );
  const file = made.es256ApiKeyId === undefined ? await withEs256Key(made, pins) : made;
  const importPublicKeyPem = await importPublicKeyOf(service, identity, file);
  return { ...file, pcrs: pcrTable(system), rootCertificatePem, importPublicKeyPem };
}

async function createFirstProject(service: Service, pins: ServicePins, system: System): Promise<DevFile> {
  // As clients write it: without the port where it is the scheme's own.
  const { port } = new URL(system.baseUrl);
  const { apiKey, walletSecret, projectId, deploymentId } = await createProject({
    service,
    pins,
    choices: {
      authorities: ['127.0.0.1', 'localhost'].map((host) => (port === '' ? host : `${host}:${port}`)),
      policyAuthority: 'api-key',
      exportAllowed: true,
      scopes: SCOPES,
    },
    enrolmentToken: system.enrolmentToken,
  });
  return {
    baseUrl: system.baseUrl,
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    walletSecret: walletSecret.secret,
    pcrs: pcrTable(system),
    rootCertificatePem: system.rootCertificatePem,
    projectId: Buffer.from(projectId).toString('hex'),
    deploymentId: Buffer.from(deploymentId).toString('hex'),
  };
}

/** An enclave refuses tokens of the second in which it started, as it can't know which of them it took before. */
async function untilTokensAreTaken(): Promise<void> {
  await sleep(1005 - (Date.now() % 1000));
}

/** The SDK takes keys of two kinds; one of each is there to be tried. */
async function withEs256Key(file: DevFile, pins: ServicePins): Promise<DevFile> {
  const { baseUrl, apiKeyId, apiKeySecret, walletSecret } = file;
  const owner = {
    baseUrl,
    pins,
    projectId: Buffer.from(file.projectId, 'hex'),
    credentials: { apiKeyId, apiKeySecret },
    walletSecret: importWalletSecret(walletSecret),
  };
  const key = makeApiKey('ES256', `organizations/${randomUUID()}/apiKeys/${randomUUID()}`);
  await addApiKey(owner, key, { scopes: SCOPES });
  return { ...file, es256ApiKeyId: key.id, es256ApiKeySecret: key.secret };
}

function pcrTable({ measurements }: System): DevFile['pcrs'] {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  return { '0': hex(measurements.pcr0), '1': hex(measurements.pcr1), '2': hex(measurements.pcr2) };
}
