import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
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

/** @returns null when there is none */
export function readDevFile(home: string): DevFile | null {
  const path = devFilePath(home);
  return existsSync(path) ? (JSON.parse(readFileSync(path, 'utf8')) as DevFile) : null;
}

/** Writes the file whole or not at all, readable by its owner only. */
export function writeDevFile(home: string, file: DevFile): void {
  const path = devFilePath(home);
  writeFileSync(`${path}.new`, `${JSON.stringify(file, null, 2)}\n`, { mode: 0o600 });
  renameSync(`${path}.new`, path);
}
