import { createPublicKey, hash, verify } from 'node:crypto';
import { addWalletSecretBody } from '@strongroom/shared/api/wallet-secret-body';
import { derSignature } from '@strongroom/shared/auth/ecdsa-signature';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';
import { jsonAnswer } from './account-answer.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';

type WalletSecret = AuthorityRecord['walletSecrets'][number];
type AuthorityRequest = ParsedRequestOf<typeof addWalletSecret>;
type AuthorityResponse = ResponseOf<typeof addWalletSecret>;

const MAX_WALLET_SECRETS = 8;

/** Adds a Wallet Secret that proves that it exists; the others go on counting until the time that the request names. */
export async function handleAddWalletSecret(
  { client, project: rows }: AuthorityRequest,
  service: ReadyService,
): Promise<AuthorityResponse> {
  const request = await authorizeAuthorityChange('add-wallet-secret', { client, rows }, service);
  const body = parseBody(addWalletSecretBody, request.body);
  const { projectId, walletSecrets } = request.project.authority.record;
  const publicKey = Buffer.from(body.publicKey, 'base64');
  assertNewWalletSecret(publicKey, Buffer.from(body.proof, 'base64'), projectId);
  if (walletSecrets.some((secret) => Buffer.compare(secret.publicKey, publicKey) === 0)) {
    throw new OperationError('ALREADY_EXISTS', { clientMessage: 'The project has this Wallet Secret.' });
  }
  const nowMs = service.clock.nowMs();
  const others = walletSecrets.filter((secret) => counts(secret, nowMs));
  if (others.length >= MAX_WALLET_SECRETS) throw invalid('The project has too many Wallet Secrets.');
  const retireAtMs = body.retireOthersAt === undefined ? null : Date.parse(body.retireOthersAt);
  if (retireAtMs !== null && !(retireAtMs > nowMs))
    throw invalid('The field "retireOthersAt" is not in the future.');
  const next = [
    ...(retireAtMs === null ? others : others.map((secret) => retire(secret, retireAtMs))),
    { publicKey, state: 'active', notAfterMs: null } satisfies WalletSecret,
  ];
  return {
    answer: jsonAnswer(201, { id: walletSecretId(publicKey), publicKey: body.publicKey, state: 'active' }),
    ...nextAuthority(request, { walletSecrets: next }, service),
  };
}

/** Takes a Wallet Secret out at once; the last active one stays, for what retires would soon leave nobody. */
export async function handleRevokeWalletSecret(
  { client, project: rows }: AuthorityRequest,
  service: ReadyService,
): Promise<AuthorityResponse> {
  const request = await authorizeAuthorityChange('revoke-wallet-secret', { client, rows }, service);
  const { walletSecrets } = request.project.authority.record;
  const others = walletSecrets.filter(({ publicKey }) => walletSecretId(publicKey) !== request.id);
  if (others.length === walletSecrets.length)
    throw new OperationError('NOT_FOUND', { clientMessage: 'Wallet Secret not found.' });
  if (!others.some(({ state }) => state === 'active'))
    throw invalid('The last active Wallet Secret cannot be revoked.');
  return { answer: NO_CONTENT, ...nextAuthority(request, { walletSecrets: others }, service) };
}

/**
 * Refuses what is not a P-256 key in the record's form (91 bytes, uncompressed), or not in the hands of who asks.
 * @throws OperationError INVALID_REQUEST
 */
export function assertNewWalletSecret(spki: Uint8Array, proof: Uint8Array, projectId: Uint8Array): void {
  const refused = (cause?: unknown) => invalid('The new Wallet Secret or its proof is invalid.', cause);
  const signature = derSignature(proof);
  if (signature === null) throw refused();
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const isRight =
      key.asymmetricKeyDetails?.namedCurve === 'prime256v1' &&
      Buffer.compare(key.export({ format: 'der', type: 'spki' }), spki) === 0 &&
      spki.length === 91;
    if (isRight && verify('sha256', proofMessage('wallet-secret', projectId, spki), key, signature)) return;
  } catch (cause) {
    throw refused(cause);
  }
  throw refused();
}

/** The first 16 bytes of SHA-256 over the public key, hex. */
function walletSecretId(publicKey: Uint8Array): string {
  return hash('sha256', publicKey, 'hex').slice(0, 32);
}

function counts({ notAfterMs }: WalletSecret, nowMs: number): boolean {
  return notAfterMs === null || nowMs < notAfterMs;
}

/** An end that was set before may come nearer, never move away. */
function retire({ publicKey, notAfterMs }: WalletSecret, retireAtMs: number): WalletSecret {
  return { publicKey, state: 'retiring', notAfterMs: Math.min(notAfterMs ?? retireAtMs, retireAtMs) };
}

function invalid(clientMessage: string, cause?: unknown): OperationError {
  return new OperationError('INVALID_REQUEST', { clientMessage, cause });
}
