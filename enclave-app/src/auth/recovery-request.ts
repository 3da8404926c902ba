// TRUST BOUNDARY: a recovery, from whoever says that they know the passphrase.
import { createPublicKey } from 'node:crypto';
import { apiKeyId } from '@strongroom/shared/api/api-key-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { bytesOf, bytesUpTo } from '@strongroom/shared/operations/fields';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import { openUnverifiedCoseSign1 } from '../certificates/cose-sign1.ts';
import type { ReadyService } from '../ready-service.ts';
import { apiKeySchema, type Recovery } from '../records/authority-record.ts';
import type { OpenedProject } from '../records/projects.ts';

const recoveryRequestSchema = v.strictObject({
  type: v.literal('strongroom/recovery/v1'),
  deploymentId: bytesOf(32),
  projectId: bytesOf(32),
  recordDigest: bytesOf(32),
  challenge: bytesUpTo(64),
  walletSecret: bytesOf(91),
  /** Its id can be said in the path that revokes it. */
  apiKey: v.nullable(v.strictObject({ ...apiKeySchema.entries, id: apiKeyId })),
});

/** What the recovery key asks for. */
export type RecoveryRequest = v.InferOutput<typeof recoveryRequestSchema> & {
  /** The bytes that were signed. */
  readonly payload: Uint8Array;
};

const ED25519_SPKI_PREFIX = Buffer.from('302a300506032b6570032100', 'hex');

/**
 * Verifies a recovery: COSE_Sign1 (EdDSA) of the record's recovery key over this deployment, this project, its record as it is now and
 * a challenge that this enclave gave for it. Wrong signatures are counted; they never keep out the right one, or any stranger could keep
 * out the owner. Nothing is lost by that: whoever guesses words compares them with the certified public key, without the enclave.
 * @throws OperationError RECOVERY_REFUSED, RATE_LIMITED
 */
export function verifyRecoveryRequest(
  untrusted: Uint8Array,
  { projectId, authority }: OpenedProject,
  recovery: Recovery,
  service: ReadyService,
): RecoveryRequest {
  const { deployment, recoveryAttempts, recoveryChallenges, clock } = service;
  const nowMs = clock.nowMs();
  const message = openMessage(untrusted);
  if (!message.isSignedBy(importRecoveryKey(recovery.publicKey))) {
    recoveryAttempts.admit(projectId, nowMs);
    recoveryAttempts.noteFailure(projectId, nowMs);
    throw new OperationError('RECOVERY_REFUSED');
  }
  const parsed = v.safeParse(recoveryRequestSchema, decodePayload(message.payload));
  if (!parsed.success) throw new OperationError('RECOVERY_REFUSED');
  const request = parsed.output;
  const isForThis =
    Buffer.compare(request.deploymentId, deployment.id) === 0 &&
    Buffer.compare(request.projectId, projectId) === 0 &&
    Buffer.compare(request.recordDigest, authority.digest) === 0;
  if (!isForThis) throw new OperationError('RECOVERY_REFUSED');
  recoveryChallenges.verify(request.challenge, { projectId, digest: authority.digest }, nowMs);
  return { ...request, payload: message.payload };
}

/** @throws OperationError RECOVERY_REFUSED for 32 bytes that are no key */
export function importRecoveryKey(publicKey: Uint8Array) {
  try {
    return createPublicKey({
      key: Buffer.concat([ED25519_SPKI_PREFIX, publicKey]),
      format: 'der',
      type: 'spki',
    });
  } catch (cause) {
    throw new OperationError('RECOVERY_REFUSED', { cause });
  }
}

function openMessage(untrusted: Uint8Array) {
  try {
    const message = openUnverifiedCoseSign1(untrusted, 'EdDSA');
    if (message !== null) return message;
  } catch (cause) {
    throw new OperationError('RECOVERY_REFUSED', { cause });
  }
  throw new OperationError('RECOVERY_REFUSED');
}

function decodePayload(payload: Uint8Array): unknown {
  try {
    return decodeCbor(payload);
  } catch (cause) {
    throw new OperationError('RECOVERY_REFUSED', { cause });
  }
}
