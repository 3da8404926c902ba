import { type KeyObject, randomUUID } from 'node:crypto';
import { type CreateProjectOptions, createProject } from '@strongroom/client/create-project';
import { makeApiKey } from '@strongroom/client/credentials';
import type { ProjectChoices } from '@strongroom/client/project-genesis';
import { connectService } from '@strongroom/client/service';
import type { System } from '../../src/system/start-system.ts';

/** A project of a running system, with the secrets that only its client has. */
export interface TestProject {
  readonly baseUrl: string;
  readonly projectId: Uint8Array;
  readonly apiKeyId: string;
  /** In the form of the CDP SDK. */
  readonly apiKeySecret: string;
  readonly apiKey: KeyObject;
  /** In the form of the CDP SDK. */
  readonly walletSecret: string;
  readonly walletKey: KeyObject;
}

export interface TestProjectOptions extends Partial<ProjectChoices> {
  readonly algorithm?: 'EdDSA' | 'ES256';
}

/** What a client has to know of a system before it trusts it. */
export type KnownSystem = Pick<System, 'baseUrl' | 'enrolmentToken' | 'measurements' | 'rootCertificate'>;

/** Makes a project as the `strongroom` command does, of an attested enclave whose measurements are pinned. */
export async function createTestProject(
  system: KnownSystem,
  { algorithm = 'EdDSA', ...choices }: TestProjectOptions = {},
): Promise<TestProject> {
  const { baseUrl, enrolmentToken, measurements, rootCertificate } = system;
  const options: CreateProjectOptions = {
    service: connectService(baseUrl),
    pins: { images: [measurements], customRoot: rootCertificate },
    choices: { ...choicesOf(baseUrl), ...choices },
    enrolmentToken,
    // An ES256 key under an id of the older form.
    ...(algorithm === 'ES256' && {
      apiKey: makeApiKey('ES256', `organizations/${randomUUID()}/apiKeys/${randomUUID()}`),
    }),
  };
  const { projectId, apiKey, walletSecret } = await createProject(options);
  return {
    baseUrl,
    projectId,
    apiKeyId: apiKey.id,
    apiKeySecret: apiKey.secret,
    apiKey: apiKey.privateKey,
    walletSecret: walletSecret.secret,
    walletKey: walletSecret.privateKey,
  };
}

function choicesOf(baseUrl: string): ProjectChoices {
  const authorities = [new URL(baseUrl).host];
  return { authorities, policyAuthority: 'api-key', exportAllowed: true, scopes: ['read', 'sign'] };
}
