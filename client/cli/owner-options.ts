import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { importWalletSecret, type Owner } from '../src/owner.ts';
import type { LostProject } from '../src/recovery.ts';
import { type CredentialsFile, readCredentials, readPins, required, text, type Values } from './options.ts';
import { UsageError } from './usage-error.ts';

/** The project of `--credentials`, with its secrets. @throws UsageError */
export function readOwner(values: Values): { readonly owner: Owner; readonly file: CredentialsFile } {
  const file = readCredentials(values);
  const owner: Owner = {
    baseUrl: text(values, 'url') ?? file.baseUrl,
    pins: readPins(values, file),
    projectId: Buffer.from(file.projectId, 'hex'),
    credentials: file,
    walletSecret: importWalletSecret(file.walletSecret),
  };
  return { owner, file };
}

/** A project of which nothing secret is left: from `--project` and pins, or from an old credentials file. @throws UsageError */
export function readLostProject(values: Values): LostProject {
  const hasFile =
    text(values, 'credentials') !== undefined || process.env['STRONGROOM_CREDENTIALS'] !== undefined;
  const file = hasFile && text(values, 'project') === undefined ? readCredentials(values) : null;
  const projectId = file?.projectId ?? required(values, 'project');
  if (!/^[0-9a-f]{64}$/.test(projectId)) throw new UsageError('--project is a project id of 64 hex digits.');
  return {
    baseUrl: text(values, 'url') ?? file?.baseUrl ?? required(values, 'url'),
    pins: readPins(values, file),
    projectId: Buffer.from(projectId, 'hex'),
  };
}

/** @throws UsageError when `--out` is missing, or there is such a file */
export function newFilePath(values: Values): string {
  const path = required(values, 'out');
  if (existsSync(path)) throw new UsageError(`${path} exists; secrets are not written over anything.`);
  return path;
}

/** Writes secrets once, mode 0600. */
export function writeCredentials(path: string, file: CredentialsFile): void {
  writeFileSync(path, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600, flag: 'wx' });
}

/** What a credentials file records of the pins. */
export function pinsForFile(
  values: Values,
  { pins }: LostProject,
): Pick<CredentialsFile, 'pcrs' | 'rootCertificatePem'> {
  const [image] = pins.images;
  const hex = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
  const rootFile = text(values, 'custom-root');
  const known = text(values, 'credentials') === undefined ? null : readCredentials(values);
  const rootCertificatePem =
    rootFile === undefined ? known?.rootCertificatePem : readFileSync(rootFile, 'utf8');
  return {
    pcrs: { '0': hex(image.pcr0), '1': hex(image.pcr1), '2': hex(image.pcr2) },
    ...(rootCertificatePem !== undefined && { rootCertificatePem }),
  };
}

const UNITS_MS = { s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** A time span such as 90s, 30m, 72h or 7d, in milliseconds. @throws UsageError */
export function spanMs(option: string, written: string): number {
  const [, count, unit] = /^([1-9][0-9]{0,5})([smhd])$/.exec(written) ?? [];
  if (count === undefined) throw new UsageError(`--${option} is a time such as 90s, 30m, 72h or 7d.`);
  return Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS];
}
