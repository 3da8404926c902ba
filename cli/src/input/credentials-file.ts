import { rmSync, writeFileSync } from 'node:fs';
import { isApiKeySecret } from '@strongroom/client/bearer-token';
import { isRefusal } from '@strongroom/client/client-error';
import type { ServicePins } from '@strongroom/client/verify-service';
import { UsageError } from '../framework/usage-error.ts';
import { readJsonFile, readNamedFile, readSecretFile, text, type Values } from '../framework/values.ts';

/** A project's secrets, as `project create` and `make dev` write them. */
export interface CredentialsFile {
  readonly baseUrl: string;
  readonly projectId: string;
  readonly deploymentId: string;
  readonly apiKeyId: string;
  readonly apiKeySecret: string;
  readonly walletSecret: string;
  readonly pcrs?: { readonly '0': string; readonly '1': string; readonly '2': string };
  readonly rootCertificatePem?: string;
}

const FIELDS = [
  'baseUrl',
  'projectId',
  'deploymentId',
  'apiKeyId',
  'apiKeySecret',
  'walletSecret',
] as const satisfies readonly (keyof CredentialsFile)[];

/** Reads the file that `--credentials` or STRONGROOM_CREDENTIALS names; secrets are never arguments. @throws UsageError */
export function readCredentials(values: Values): CredentialsFile {
  const path = text(values, 'credentials');
  if (path === undefined)
    throw new UsageError('Name the credentials file with --credentials or STRONGROOM_CREDENTIALS.');
  const file = readJsonFile(path, readSecretFile);
  for (const field of FIELDS)
    if (typeof file[field] !== 'string') throw new UsageError(`${path} has no "${field}".`);
  const credentials = file as unknown as CredentialsFile;
  for (const field of ['projectId', 'deploymentId'] as const)
    if (!/^[0-9a-f]{64}$/i.test(credentials[field]))
      throw new UsageError(`The "${field}" of ${path} is not 64 hex digits.`);
  if (!isApiKeySecret(credentials.apiKeySecret))
    throw new UsageError(`The "apiKeySecret" of ${path} is not one.`);
  return credentials;
}

/** Writes a new file that only its owner reads. @throws UsageError when there is one, or it cannot be written */
export function writeSecretFile(path: string, content: string): void {
  try {
    writeFileSync(path, content, { mode: 0o600, flag: 'wx' });
  } catch {
    throw new UsageError(`${path} cannot be written as a new file.`);
  }
}

/** Writes secrets once, mode 0600. @throws UsageError */
export function writeCredentials(path: string, file: CredentialsFile): void {
  writeSecretFile(path, `${JSON.stringify(file, null, 2)}\n`);
}

/**
 * Writes a file with new secrets, then has the service take them: what counts must never be lost. When it refuses them, the file goes again.
 * @throws UsageError, and what `register` throws
 */
export async function registerWritten<T>(
  path: string,
  file: CredentialsFile,
  register: () => Promise<T>,
): Promise<T> {
  writeCredentials(path, file);
  try {
    return await register();
  } catch (error) {
    if (isRefusal(error)) rmSync(path);
    throw error;
  }
}

/** What a credentials file records of the pins. */
export function pinsForFile(
  values: Values,
  { images: [image] }: ServicePins,
): Pick<CredentialsFile, 'pcrs' | 'rootCertificatePem'> {
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const rootFile = text(values, 'custom-root');
  const known = text(values, 'credentials') === undefined ? null : readCredentials(values);
  const rootCertificatePem = rootFile === undefined ? known?.rootCertificatePem : readNamedFile(rootFile);
  return {
    pcrs: { '0': hex(image.pcr0), '1': hex(image.pcr1), '2': hex(image.pcr2) },
    ...(rootCertificatePem !== undefined && { rootCertificatePem }),
  };
}
