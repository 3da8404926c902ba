import { randomBytes } from 'node:crypto';
import type { NewAccount, NewProject, NextAccount, StoredAccount } from '../../src/store/store.ts';

/** Rows as an enclave would hand them out, with random bytes for whatever is sealed. */
export function newProject(
  apiKeyIds: readonly string[] = [randomBytes(8).toString('hex')],
  publicKey: Uint8Array = randomBytes(44),
): NewProject {
  return {
    rows: {
      projectId: randomBytes(32),
      authority: { version: 1, sealed: randomBytes(700) },
      clientSecret: randomBytes(200),
    },
    view: {
      apiKeys: apiKeyIds.map((id) => ({
        id,
        algorithm: 'EdDSA',
        publicKey,
        scopes: ['read', 'sign'],
        expiresAtMs: null,
        allowedIps: [],
      })),
      authorities: ['127.0.0.1:8787'],
    },
    certificate: randomBytes(600),
    createdAtMs: 1_767_225_600_000,
  };
}

/** An EVM address of mixed case. */
export function randomAddress(): string {
  return `0x${randomBytes(19).toString('hex')}aB`;
}

export function newAccount(projectId: Uint8Array, changes: Partial<NewAccount> = {}): NewAccount {
  return {
    projectId,
    family: 'evm',
    address: randomAddress(),
    name: null,
    policyId: null,
    createdAtMs: 1_767_225_600_000,
    updatedAtMs: 1_767_225_600_000,
    certificate: randomBytes(350),
    record: { version: 1, sealed: randomBytes(500) },
    vaultId: randomBytes(16),
    walletKey: randomBytes(200),
    importReceipt: null,
    ...changes,
  };
}

export function nextVersion(account: NewAccount, changes: Partial<NextAccount> = {}): NextAccount {
  const { projectId, family, address, name, policyId } = account;
  return {
    projectId,
    family,
    address,
    name,
    policyId,
    updatedAtMs: account.updatedAtMs + 1000,
    certificate: randomBytes(350),
    record: { version: account.record.version + 1, sealed: randomBytes(500) },
    ...changes,
  };
}

/** The part of a new account that the store shows; engines return bytes as Buffer or Uint8Array. */
export function shownOf({
  projectId: _p,
  family: _f,
  walletKey: _w,
  importReceipt: _r,
  ...shown
}: NewAccount): StoredAccount {
  return shown;
}

/** Turns every byte array in a value into hex, so that values from both engines compare. */
export function hexed(value: unknown): unknown {
  if (value instanceof Uint8Array) return Buffer.from(value).toString('hex');
  if (Array.isArray(value)) return value.map(hexed);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, hexed(item)]));
}
