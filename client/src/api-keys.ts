import { sign } from 'node:crypto';
import type { CertifiedApiKey, ProjectCertificate } from '@strongroom/attestation/project-certificate';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { ClientError } from './client-error.ts';
import type { ApiKey } from './credentials.ts';
import { type Owner, openOwnerSession } from './owner.ts';

const PATH = '/v2/enclave/api-keys';

/** What a new API key may do, until when, and from where; by default for good and from anywhere. */
export interface ApiKeyGrant {
  readonly scopes: readonly string[];
  readonly expiresAtMs?: number;
  /** Addresses and CIDR blocks. */
  readonly allowedIps?: readonly string[];
}

/** A new API key's proof that somebody has it: EdDSA, or ES256 as r||s; base64. */
export function proveApiKey({ id, algorithm, privateKey }: ApiKey, projectId: Uint8Array): string {
  const message = proofMessage('api-key', projectId, Buffer.from(id));
  const signature =
    algorithm === 'EdDSA'
      ? sign(null, message, privateKey)
      : sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' });
  return signature.toString('base64');
}

/** The project's API keys by a fresh certificate. @throws AttestationError, ClientError */
export async function listApiKeys(owner: Owner): Promise<readonly CertifiedApiKey[]> {
  return (await (await openOwnerSession(owner)).certificate()).apiKeys;
}

/**
 * Registers a new API key beside the others.
 * @returns what the enclave certifies afterwards: that key with those scopes, and no other that was not there before
 * @throws AttestationError, ClientError API_KEYS_MISMATCH
 */
export async function addApiKey(
  owner: Owner,
  added: ApiKey,
  { scopes, expiresAtMs, allowedIps = [] }: ApiKeyGrant,
): Promise<readonly CertifiedApiKey[]> {
  const session = await openOwnerSession(owner);
  const known = idsOf(await session.certificate());
  await session.change('POST', PATH, {
    id: added.id,
    algorithm: added.algorithm,
    publicKey: Buffer.from(added.publicKey).toString('base64'),
    scopes,
    allowedIps,
    ...(expiresAtMs !== undefined && { expiresAt: new Date(expiresAtMs).toISOString() }),
    proof: proveApiKey(added, owner.projectId),
  });
  const { apiKeys } = await session.certificate();
  const [only, ...others] = apiKeys.filter(({ id }) => !known.has(id));
  const isAsAsked =
    others.length === 0 &&
    only?.id === added.id &&
    Buffer.compare(only.publicKey, added.publicKey) === 0 &&
    JSON.stringify(only.scopes) === JSON.stringify(scopes);
  if (!isAsAsked) throw mismatch();
  return apiKeys;
}

/** Revokes an API key at once. @returns what the enclave certifies afterwards @throws AttestationError, ClientError */
export async function revokeApiKey(owner: Owner, id: string): Promise<readonly CertifiedApiKey[]> {
  const session = await openOwnerSession(owner);
  await session.change('DELETE', `${PATH}/${encodeURIComponent(id)}`);
  const after = await session.certificate();
  if (idsOf(after).has(id)) throw mismatch();
  return after.apiKeys;
}

function idsOf({ apiKeys }: ProjectCertificate): ReadonlySet<string> {
  return new Set(apiKeys.map(({ id }) => id));
}

function mismatch(): ClientError {
  return new ClientError(
    'API_KEYS_MISMATCH',
    'The enclave certifies other API keys than this change should leave.',
  );
}
