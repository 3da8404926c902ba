import { existsSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

/** What `make dev` writes for the developer's own programs: where the service is, and the secrets of its first project. */
export interface DevFile {
  readonly baseUrl: string;
  readonly apiKeyId: string;
  readonly apiKeySecret: string;
  /** A second API key of the same project, of the other kind that the SDK takes: P-256. */
  readonly es256ApiKeyId?: string;
  readonly es256ApiKeySecret?: string;
  readonly walletSecret: string;
  /** Measurements to pin, 96 hex digits each. */
  readonly pcrs: { readonly '0': string; readonly '1': string; readonly '2': string };
  /** The twin's own root; no verifier accepts it by default. */
  readonly rootCertificatePem: string;
  readonly projectId: string;
  readonly deploymentId: string;
  /** To pass as `encryptionPublicKey` to the SDK's importAccount: without it, the SDK encrypts to Coinbase. */
  readonly importPublicKeyPem?: string;
}

export function devFilePath(home: string): string {
  return join(home, 'dev.json');
}

/** @returns null when there is none @throws Error, to be shown, when it is not what `writeDevFile` wrote */
export function readDevFile(home: string): DevFile | null {
  const path = devFilePath(home);
  return existsSync(path) ? parse(path) : null;
}

/** The project of an address and a deployment: that of the last start, or one that an earlier start left beside it. @throws as `readDevFile` */
export function findDevFile(
  home: string,
  { baseUrl, deploymentId }: Pick<DevFile, 'baseUrl' | 'deploymentId'>,
): DevFile | null {
  const kept = readdirSync(home).filter((name) => KEPT.test(name));
  const files = [readDevFile(home), ...kept.map((name) => parse(join(home, name)))];
  return files.find((file) => file?.baseUrl === baseUrl && file.deploymentId === deploymentId) ?? null;
}

const KEPT = /^dev-\d+-[0-9a-f]{12}\.json$/;

function parse(path: string): DevFile {
  try {
    const file = JSON.parse(readFileSync(path, 'utf8')) as DevFile;
    if (URL.canParse(file.baseUrl) && typeof file.projectId === 'string') return file;
  } catch {
    // Said below, without what is in the file.
  }
  throw new Error(`${path} is not what "make dev" writes; it may hold secrets, so move it away yourself.`);
}

/** Writes the file whole or not at all, readable by its owner only. Another project's, which nobody else may have, is kept beside it. */
export function writeDevFile(home: string, file: DevFile): void {
  const path = devFilePath(home);
  const earlier = readDevFile(home);
  if (earlier !== null && earlier.projectId !== file.projectId) {
    const port = new URL(earlier.baseUrl).port || '80';
    renameSync(path, join(home, `dev-${port}-${earlier.projectId.slice(0, 12)}.json`));
  }
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
