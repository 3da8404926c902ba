import { writeFileSync } from 'node:fs';
import type { ServicePins } from '@strongroom/client/verify-service';
import { UsageError } from '../framework/usage-error.ts';
import { readJsonFile, readNamedFile, text, type Values } from '../framework/values.ts';

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
  const file = readJsonFile(path);
  for (const field of FIELDS)
    if (typeof file[field] !== 'string') throw new UsageError(`${path} has no "${field}".`);
  return file as unknown as CredentialsFile;
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
