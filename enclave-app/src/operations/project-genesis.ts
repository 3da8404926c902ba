// TRUST BOUNDARY: a project genesis as the parent relays it.
import { createPublicKey, hash, type KeyObject } from 'node:crypto';
import { apiKeyId } from '@strongroom/shared/api/api-key-body';
import { authority, maxFeeWei } from '@strongroom/shared/api/project-settings-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { bytesOf } from '@strongroom/shared/operations/fields';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import { openUnverifiedCoseSign1 } from '../certificates/cose-sign1.ts';
import { type AuthorityRecord, apiKeySchema } from '../records/authority-record.ts';

const genesisSchema = v.strictObject({
  type: v.literal('strongroom/project-genesis/v1'),
  deploymentId: bytesOf(32),
  nonce: bytesOf(32),
  walletSecret: bytesOf(91),
  apiKeys: v.pipe(
    v.array(v.strictObject({ ...apiKeySchema.entries, id: apiKeyId })),
    v.minLength(1),
    v.maxLength(16),
  ),
  authorities: v.pipe(v.array(authority), v.minLength(1), v.maxLength(16)),
  policyAuthority: v.picklist(['wallet', 'api-key']),
  exportAllowed: v.boolean(),
  maxFeeWei,
});

/** A genesis that its own Wallet Secret signed. */
export interface VerifiedGenesis {
  readonly nonce: Uint8Array;
  readonly deploymentId: Uint8Array;
  /** Version 1 of the project's authority record. */
  readonly record: AuthorityRecord;
}

/**
 * Verifies a project genesis: a COSE_Sign1 (ES256) by the Wallet Secret over the whole initial record, nonce and deployment.
 * The project id is SHA-256 of the signed payload, so no other key list can carry the id.
 * @throws OperationError PROJECT_GENESIS_REFUSED
 */
export function verifyProjectGenesis(untrustedGenesis: Uint8Array): VerifiedGenesis {
  const message = decodeGenesis(untrustedGenesis);
  const parsed = v.safeParse(genesisSchema, decodePayload(message.payload));
  if (!parsed.success) throw refused();
  const {
    deploymentId,
    nonce,
    walletSecret,
    apiKeys,
    authorities,
    policyAuthority,
    exportAllowed,
    maxFeeWei: maxFee,
  } = parsed.output;
  if (!message.isSignedBy(importApiKey('ES256', walletSecret))) throw refused();
  for (const { algorithm, publicKey } of apiKeys) importApiKey(algorithm, publicKey);
  if (new Set(apiKeys.map((key) => key.id)).size !== apiKeys.length) throw refused();
  const record: AuthorityRecord = {
    v: 1,
    projectId: hash('sha256', message.payload, 'buffer'),
    version: 1,
    previous: null,
    walletSecrets: [{ publicKey: walletSecret, state: 'active', notAfterMs: null }],
    apiKeys,
    authorities,
    policyAuthority,
    exportAllowed,
    maxFeeWei: maxFee,
    policies: [],
    recentTokens: [],
    recovery: null,
    factors: null,
  };
  return { nonce, deploymentId, record };
}

function decodeGenesis(untrusted: Uint8Array) {
  try {
    const message = openUnverifiedCoseSign1(untrusted, 'ES256');
    if (message !== null) return message;
  } catch (cause) {
    throw refused(cause);
  }
  throw refused();
}

function decodePayload(payload: Uint8Array): unknown {
  try {
    return decodeCbor(payload);
  } catch (cause) {
    throw refused(cause);
  }
}

/** Imports an API key's public part of the algorithm that it is registered for. */
export function importApiKey(
  algorithm: 'EdDSA' | 'ES256',
  spki: Uint8Array,
  refuse: (cause?: unknown) => Error = refused,
): KeyObject {
  let key: KeyObject;
  try {
    key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  } catch (cause) {
    throw refuse(cause);
  }
  const isRight =
    algorithm === 'EdDSA'
      ? key.asymmetricKeyType === 'ed25519'
      : key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  if (!isRight) throw refuse();
  return key;
}

function refused(cause?: unknown): OperationError {
  return new OperationError('PROJECT_GENESIS_REFUSED', { cause });
}
