import { verify } from 'node:crypto';
import { setRecoveryKeyBody } from '@strongroom/shared/api/recovery-body';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { removeRecoveryKey } from '@strongroom/shared/operations/remove-recovery-key';
import type { setRecoveryKey } from '@strongroom/shared/operations/set-recovery-key';
import { isStrongEnough } from '@strongroom/shared/recovery/stretching';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import { importRecoveryKey } from '../auth/recovery-request.ts';
import type { ReadyService } from '../ready-service.ts';
import { jsonAnswer } from './account-answer.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';
import { noRecoveryKey } from './recovery-challenge.ts';

/**
 * Sets or replaces the recovery key. The enclave sees neither words nor seed; that the key was stretched as the body says is the
 * client's to do. A recovery that waits ends with its key: whoever has a Wallet Secret could veto it anyway.
 */
export async function handleSetRecoveryKey(
  { client, project: rows }: ParsedRequestOf<typeof setRecoveryKey>,
  service: ReadyService,
): Promise<ResponseOf<typeof setRecoveryKey>> {
  const request = await authorizeAuthorityChange('set-recovery-key', { client, rows }, service);
  const body = parseBody(setRecoveryKeyBody, request.body);
  const { projectId, recovery } = request.project.authority.record;
  const { stretching, waitingPeriodSeconds } = body;
  if (!isStrongEnough(stretching, recovery?.stretching))
    throw invalid('The passphrase is stretched less than is required, or than the one that it replaces.');
  const waitingPeriodMs = waitingPeriodSeconds * 1000;
  if (waitingPeriodMs < service.minRecoveryWaitMs)
    throw invalid('The waiting period is shorter than this service allows.');
  const publicKey = Buffer.from(body.publicKey, 'base64');
  assertProof(publicKey, Buffer.from(body.proof, 'base64'), projectId);
  const startedAtMs = recovery?.startedAtMs ?? [];
  const next = { publicKey, stretching, waitingPeriodMs, startedAtMs, pending: null };
  return {
    answer: jsonAnswer(200, { publicKey: body.publicKey, waitingPeriodSeconds }),
    ...nextAuthority(request, { recovery: next }, service),
  };
}

/**
 * Removes the recovery key and a recovery that waits for it. Starts of the last day are forgotten with it, as only a Wallet Secret can set
 * another key.
 */
export async function handleRemoveRecoveryKey(
  { client, project: rows }: ParsedRequestOf<typeof removeRecoveryKey>,
  service: ReadyService,
): Promise<ResponseOf<typeof removeRecoveryKey>> {
  const request = await authorizeAuthorityChange('remove-recovery-key', { client, rows }, service);
  if (request.project.authority.record.recovery === null) throw noRecoveryKey();
  return { answer: NO_CONTENT, ...nextAuthority(request, { recovery: null }, service) };
}

function assertProof(publicKey: Uint8Array, proof: Uint8Array, projectId: Uint8Array): void {
  const message = proofMessage('recovery-key', projectId, publicKey);
  const isProved = publicKey.length === 32 && verify(null, message, importRecoveryKey(publicKey), proof);
  if (!isProved) throw invalid('The recovery key or its proof is invalid.');
}

function invalid(clientMessage: string): OperationError {
  return new OperationError('INVALID_REQUEST', { clientMessage });
}
