import { existsSync, readFileSync } from 'node:fs';
import type { ServicePins } from '../src/verify-service.ts';
import { UsageError } from './usage-error.ts';

/** Options as node:util's parseArgs returns them. */
export type Values = Readonly<Record<string, string | boolean | readonly (string | boolean)[] | undefined>>;

/** Options of every command that talks to a service: where it is, and what is pinned of it. */
export const SERVICE_OPTIONS = {
  url: { type: 'string' },
  pcr0: { type: 'string' },
  pcr1: { type: 'string' },
  pcr2: { type: 'string' },
  deployment: { type: 'string' },
  root: { type: 'string' },
  'custom-root': { type: 'string' },
  credentials: { type: 'string' },
  json: { type: 'boolean' },
  help: { type: 'boolean', short: 'h' },
} as const;

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

/**
 * Reads the file that `--credentials` or STRONGROOM_CREDENTIALS names; secrets are never arguments.
 * @throws UsageError
 */
export function readCredentials(values: Values): CredentialsFile {
  const path = text(values, 'credentials') ?? process.env['STRONGROOM_CREDENTIALS'];
  if (path === undefined)
    throw new UsageError('Name the credentials file with --credentials or STRONGROOM_CREDENTIALS.');
  if (!existsSync(path)) throw new UsageError(`There is no file ${path}.`);
  const file = JSON.parse(readFileSync(path, 'utf8')) as Partial<CredentialsFile>;
  const required = [
    'baseUrl',
    'projectId',
    'deploymentId',
    'apiKeyId',
    'apiKeySecret',
    'walletSecret',
  ] as const;
  for (const field of required)
    if (typeof file[field] !== 'string') throw new UsageError(`${path} has no "${field}".`);
  return file as CredentialsFile;
}

/**
 * What the caller pins: the options, or what the credentials file recorded when the project was made.
 * @throws UsageError
 */
export function readPins(values: Values, file: CredentialsFile | null): ServicePins {
  const [pcr0, pcr1, pcr2] = ([0, 1, 2] as const).map((index) => {
    const hex = text(values, `pcr${index}`) ?? file?.pcrs?.[`${index}`];
    if (hex === undefined || !/^[0-9a-fA-F]{96}$/.test(hex)) {
      throw new UsageError(
        `Pin the image with --pcr0, --pcr1 and --pcr2: --pcr${index} needs 96 hex digits.`,
      );
    }
    return Uint8Array.from(Buffer.from(hex, 'hex'));
  }) as [Uint8Array, Uint8Array, Uint8Array];
  const rootFile = text(values, 'custom-root');
  const rootPem = rootFile === undefined ? file?.rootCertificatePem : readFileSync(rootFile, 'utf8');
  const deployment = text(values, 'deployment') ?? file?.deploymentId;
  const root = text(values, 'root') ?? 'aws';
  if (root !== 'aws' && root !== 'aws-us-gov') throw new UsageError('--root is aws or aws-us-gov.');
  return {
    images: [{ pcr0, pcr1, pcr2 }],
    partition: root,
    ...(deployment !== undefined && { deploymentId: Uint8Array.from(Buffer.from(deployment, 'hex')) }),
    ...(rootPem !== undefined && { customRoot: derOf(rootPem) }),
  };
}

/** @throws UsageError when it is missing */
export function required(values: Values, name: string): string {
  const value = text(values, name);
  if (value === undefined) throw new UsageError(`--${name} is missing.`);
  return value;
}

export function text(values: Values, name: string): string | undefined {
  const value = values[name];
  return typeof value === 'string' ? value : undefined;
}

function derOf(pem: string): Uint8Array {
  return Uint8Array.from(Buffer.from(pem.replace(/-----[^-]+-----|\s/g, ''), 'base64'));
}
