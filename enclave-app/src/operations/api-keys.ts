import { verify } from 'node:crypto';
import { addApiKeyBody } from '@strongroom/shared/api/api-key-body';
import { derSignature } from '@strongroom/shared/auth/ecdsa-signature';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { addApiKey } from '@strongroom/shared/operations/add-api-key';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AuthorityRecord } from '../records/authority-record.ts';
import { jsonAnswer } from './account-answer.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';
import { importApiKey } from './project-genesis.ts';

type ApiKey = AuthorityRecord['apiKeys'][number];
type AuthorityRequest = ParsedRequestOf<typeof addApiKey>;
type AuthorityResponse = ResponseOf<typeof addApiKey>;

const MAX_API_KEYS = 64;

/** Adds a key that proves that it exists: a typing error would otherwise lock out whoever relies on it. */
export async function handleAddApiKey(
  { client, project: rows }: AuthorityRequest,
  service: ReadyService,
): Promise<AuthorityResponse> {
  const request = await authorizeAuthorityChange('add-api-key', { client, rows }, service);
  const { id, algorithm, publicKey, scopes, expiresAt, allowedIps, proof } = parseBody(
    addApiKeyBody,
    request.body,
  );
  const { apiKeys, projectId } = request.project.authority.record;
  if (apiKeys.some((key) => key.id === id)) {
    throw new OperationError('ALREADY_EXISTS', {
      clientMessage: 'An API key with the given id already exists.',
    });
  }
  if (apiKeys.length >= MAX_API_KEYS)
    throw new OperationError('INVALID_REQUEST', { clientMessage: 'The project has too many API keys.' });
  const expiresAtMs = expiresAt === undefined ? null : Date.parse(expiresAt);
  const key: ApiKey = {
    id,
    algorithm,
    publicKey: Buffer.from(publicKey, 'base64'),
    scopes,
    expiresAtMs,
    allowedIps,
  };
  assertProof(key, projectId, Buffer.from(proof, 'base64'));
  const body = {
    id,
    algorithm,
    scopes,
    allowedIps,
    ...(expiresAtMs !== null && { expiresAt: new Date(expiresAtMs).toISOString() }),
  };
  return {
    answer: jsonAnswer(201, body),
    ...nextAuthority(request, { apiKeys: [...apiKeys, key] }, service),
  };
}

/** Takes a key out; the last one stays, for without any the project could not be reached again. */
export async function handleRevokeApiKey(
  { client, project: rows }: AuthorityRequest,
  service: ReadyService,
): Promise<AuthorityResponse> {
  const request = await authorizeAuthorityChange('revoke-api-key', { client, rows }, service);
  const { apiKeys } = request.project.authority.record;
  const others = apiKeys.filter((key) => key.id !== request.id);
  if (others.length === apiKeys.length)
    throw new OperationError('NOT_FOUND', { clientMessage: 'API key not found.' });
  if (others.length === 0)
    throw new OperationError('INVALID_REQUEST', { clientMessage: 'The last API key cannot be revoked.' });
  return { answer: NO_CONTENT, ...nextAuthority(request, { apiKeys: others }, service) };
}

function assertProof({ id, algorithm, publicKey }: ApiKey, projectId: Uint8Array, proof: Uint8Array): void {
  const refused = () =>
    new OperationError('INVALID_REQUEST', { clientMessage: 'The proof of the new API key is invalid.' });
  const key = importApiKey(algorithm, publicKey, refused);
  const message = proofMessage('api-key', projectId, Buffer.from(id));
  const signature = algorithm === 'EdDSA' ? proof : derSignature(proof);
  if (signature === null || !verify(algorithm === 'EdDSA' ? null : 'sha256', message, key, signature))
    throw refused();
}
