import { hash } from 'node:crypto';
import { completeRecoveryBody, startRecoveryBody } from '@strongroom/shared/api/recovery-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import type { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { authorize, parseUnsignedRequest, type UnsignedRequest } from '../auth/authorize.ts';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import { type RecoveryRequest, verifyRecoveryRequest } from '../auth/recovery-request.ts';
import { GATED_OPERATIONS, isRequired, requireSecondFactor } from '../auth/second-factor.ts';
import type { ReadyService } from '../ready-service.ts';
import type { AuthorityRecord, Recovery } from '../records/authority-record.ts';
import { jsonAnswer } from './account-answer.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { parseBody } from './parse-body.ts';
import { importApiKey } from './project-genesis.ts';
import { noRecoveryKey } from './recovery-challenge.ts';
import { assertNewWalletSecret } from './wallet-secrets.ts';

type RecoveryCall = ParsedRequestOf<typeof startRecovery>;
type RecoveryAnswer = ResponseOf<typeof startRecovery>;
type Pending = NonNullable<Recovery['pending']>;

/** A thief of the passphrase who is vetoed may come again, but not without end. */
const MAX_STARTS_A_DAY = 3;
const DAY_MS = 24 * 60 * 60_000;
const MAX_API_KEYS = 64;

/** Starts the waiting period, by the enclave's clock; until it is over a Wallet Secret of the project can veto. */
export function handleStartRecovery(
  { client, project: rows }: RecoveryCall,
  service: ReadyService,
): RecoveryAnswer {
  const request = parseUnsignedRequest('start-recovery', { client, rows }, service);
  const { recovery: message, proof } = parseBody(startRecoveryBody, request.body);
  const { record } = request.project.authority;
  const recovery = recoveryOf(record);
  const asked = verifyRecoveryRequest(Buffer.from(message, 'base64'), request.project, recovery, service);
  assertNewWalletSecret(asked.walletSecret, Buffer.from(proof, 'base64'), record.projectId);
  assertNewApiKey(asked.apiKey, record);
  const startedAtMs = service.clock.nowMs();
  const recentStarts = recovery.startedAtMs.filter((timeMs) => timeMs > startedAtMs - DAY_MS);
  if (recentStarts.length >= MAX_STARTS_A_DAY) throw new OperationError('RATE_LIMITED');
  const factors = endWaiting({ client, project: request.project }, recovery, service);
  const pending: Pending = {
    id: hash('sha256', asked.payload, 'buffer').subarray(0, 16),
    walletSecret: asked.walletSecret,
    apiKey: asked.apiKey,
    startedAtMs,
    completableAtMs: startedAtMs + recovery.waitingPeriodMs,
  };
  const next = { ...recovery, startedAtMs: [...recentStarts, startedAtMs], pending };
  const token = { id: pending.id, issuedAtS: Math.floor(startedAtMs / 1000) };
  return {
    answer: jsonAnswer(201, shown(pending)),
    ...nextAuthority({ ...request, token, factors }, { recovery: next }, service),
  };
}

/**
 * One recovery waits at a time. Where completing one needs a second factor, somebody who has the words alone could start one that he cannot
 * complete and block the owner who has lost his Wallet Secret and so the veto: with a factor the owner's takes its place.
 * @returns the project's factors after that use
 * @throws OperationError RECOVERY_PENDING, SECOND_FACTOR_*, RATE_LIMITED
 */
function endWaiting(
  request: Parameters<typeof requireSecondFactor>[0],
  { pending }: Recovery,
  service: ReadyService,
): AuthorityRecord['factors'] {
  const { factors } = request.project.authority.record;
  if (pending === null) return factors;
  const purposes = GATED_OPERATIONS['complete-recovery'];
  if (factors === null || !isRequired(factors, purposes)) throw new OperationError('RECOVERY_PENDING');
  return requireSecondFactor(request, { purposes, isBesideSignature: true, writesRecord: true }, service);
}

/** Ends a recovery that waits. The passphrase stays: to end it too, it is replaced. */
export async function handleVetoRecovery(
  { client, project: rows }: RecoveryCall,
  service: ReadyService,
): Promise<RecoveryAnswer> {
  const request = await authorizeAuthorityChange('veto-recovery', { client, rows }, service);
  const { recovery } = pendingOf(request);
  return {
    answer: NO_CONTENT,
    ...nextAuthority(request, { recovery: { ...recovery, pending: null } }, service),
  };
}

/** The new Wallet Secret asks for its own place; the others, lost or stolen, had the waiting period to speak and count no more. */
export async function handleCompleteRecovery(
  { client, project: rows }: RecoveryCall,
  service: ReadyService,
): Promise<RecoveryAnswer> {
  const request = await authorize('complete-recovery', { client, rows }, service, (unsigned) => ({
    ...unsigned.project.authority.record,
    walletSecrets: [newSecretOf(pendingOf(unsigned).pending)],
  }));
  parseBody(completeRecoveryBody, request.body);
  const { recovery, pending } = pendingOf(request);
  if (service.clock.nowMs() < pending.completableAtMs) throw new OperationError('RECOVERY_NOT_DUE');
  const { apiKeys } = request.project.authority.record;
  const { apiKey } = pending;
  const isFree =
    apiKey !== null && apiKeys.length < MAX_API_KEYS && !apiKeys.some(({ id }) => id === apiKey.id);
  const change: Partial<AuthorityRecord> = {
    walletSecrets: [newSecretOf(pending)],
    apiKeys: isFree ? [...apiKeys, apiKey] : apiKeys,
    recovery: { ...recovery, pending: null },
  };
  const demand = {
    purposes: GATED_OPERATIONS['complete-recovery'],
    isBesideSignature: true,
    writesRecord: true,
  };
  const factors = requireSecondFactor({ client, project: request.project }, demand, service);
  return {
    answer: jsonAnswer(200, shown(pending)),
    ...nextAuthority({ ...request, factors }, change, service),
  };
}

function recoveryOf({ recovery }: AuthorityRecord): Recovery {
  if (recovery === null) throw noRecoveryKey();
  return recovery;
}

/** @throws OperationError NOT_FOUND when the recovery that the path names does not wait */
function pendingOf({ project, id }: UnsignedRequest): { recovery: Recovery; pending: Pending } {
  const recovery = recoveryOf(project.authority.record);
  const { pending } = recovery;
  if (pending === null || Buffer.from(pending.id).toString('hex') !== id)
    throw new OperationError('NOT_FOUND', { clientMessage: 'No such recovery is waiting.' });
  return { recovery, pending };
}

function assertNewApiKey(apiKey: RecoveryRequest['apiKey'], { apiKeys }: AuthorityRecord): void {
  if (apiKey === null) return;
  const refused = (cause?: unknown) => new OperationError('RECOVERY_REFUSED', { cause });
  importApiKey(apiKey.algorithm, apiKey.publicKey, refused);
  if (apiKeys.length >= MAX_API_KEYS || apiKeys.some(({ id }) => id === apiKey.id)) throw refused();
}

function newSecretOf({ walletSecret }: Pending): AuthorityRecord['walletSecrets'][number] {
  return { publicKey: walletSecret, state: 'active', notAfterMs: null };
}

function shown({ id, startedAtMs, completableAtMs }: Pending) {
  return {
    id: Buffer.from(id).toString('hex'),
    startedAt: new Date(startedAtMs).toISOString(),
    completableAt: new Date(completableAtMs).toISOString(),
  };
}
