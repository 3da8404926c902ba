import { hash, sign } from 'node:crypto';
import type { CertifiedWalletSecret, ProjectCertificate } from '@strongroom/attestation/project-certificate';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { ClientError } from './client-error.ts';
import type { WalletSecret } from './credentials.ts';
import { type Owner, openOwnerSession } from './owner.ts';

const PATH = '/v2/enclave/wallet-secrets';

/** A Wallet Secret by the id under which it is revoked. */
export interface ListedWalletSecret extends CertifiedWalletSecret {
  readonly id: string;
}

/** The first 16 bytes of SHA-256 over a Wallet Secret's public key (SubjectPublicKeyInfo), hex. */
export function walletSecretId(publicKey: Uint8Array): string {
  return hash('sha256', publicKey, 'hex').slice(0, 32);
}

/** A new Wallet Secret's proof that somebody has it: ES256, r||s, base64. */
export function proveWalletSecret({ publicKey, privateKey }: WalletSecret, projectId: Uint8Array): string {
  const message = proofMessage('wallet-secret', projectId, publicKey);
  return sign('sha256', message, { key: privateKey, dsaEncoding: 'ieee-p1363' }).toString('base64');
}

/** The project's Wallet Secrets by a fresh certificate. @throws AttestationError, ClientError */
export async function listWalletSecrets(owner: Owner): Promise<readonly ListedWalletSecret[]> {
  const session = await openOwnerSession(owner);
  return listed(await session.certificate());
}

/**
 * Registers a new Wallet Secret; the others count until `retireOthersAtMs`, or until they are revoked when it is null.
 * @returns what the enclave certifies afterwards: the new one, and no other that was not there before
 * @throws AttestationError, ClientError WALLET_SECRETS_MISMATCH
 */
export async function addWalletSecret(
  owner: Owner,
  added: WalletSecret,
  retireOthersAtMs: number | null,
): Promise<readonly ListedWalletSecret[]> {
  const session = await openOwnerSession(owner);
  const before = listed(await session.certificate());
  await session.change('POST', PATH, {
    publicKey: Buffer.from(added.publicKey).toString('base64'),
    proof: proveWalletSecret(added, owner.projectId),
    ...(retireOthersAtMs !== null && { retireOthersAt: new Date(retireOthersAtMs).toISOString() }),
  });
  const after = listed(await session.certificate());
  const known = new Set(before.map(({ id }) => id));
  const strangers = after.filter(({ id }) => !known.has(id));
  const isAsAsked =
    strangers.length === 1 &&
    strangers[0]?.id === walletSecretId(added.publicKey) &&
    strangers[0].state === 'active' &&
    after.every(
      ({ id, notAfterMs }) =>
        !known.has(id) || retireOthersAtMs === null || endsBy(notAfterMs, retireOthersAtMs),
    );
  if (!isAsAsked) throw mismatch();
  return after;
}

/** Revokes a Wallet Secret at once. @returns what the enclave certifies afterwards @throws AttestationError, ClientError */
export async function revokeWalletSecret(owner: Owner, id: string): Promise<readonly ListedWalletSecret[]> {
  const session = await openOwnerSession(owner);
  await session.change('DELETE', `${PATH}/${encodeURIComponent(id)}`);
  const after = listed(await session.certificate());
  if (after.some((secret) => secret.id === id)) throw mismatch();
  return after;
}

function listed({ walletSecrets }: ProjectCertificate): readonly ListedWalletSecret[] {
  return walletSecrets.map((secret) => ({ id: walletSecretId(secret.publicKey), ...secret }));
}

function endsBy(notAfterMs: number | null, timeMs: number): boolean {
  return notAfterMs !== null && notAfterMs <= timeMs;
}

function mismatch(): ClientError {
  return new ClientError(
    'WALLET_SECRETS_MISMATCH',
    'The enclave certifies other Wallet Secrets than this change should leave.',
  );
}
