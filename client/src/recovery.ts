import { type RecoveryChallenge, verifyRecoveryChallenge } from '@strongroom/attestation/recovery-challenge';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { ClientError } from './client-error.ts';
import type { ApiKey, WalletSecret } from './credentials.ts';
import { callWithFactor, type SecondFactorSource } from './factor-call.ts';
import { freshNonce } from './nonce.ts';
import { type Owner, openOwnerSession } from './owner.ts';
import { openRecoveryKey } from './recovery-key.ts';
import { type RecoveryGrant, recoveryKeyFor, signRecovery } from './recovery-message.ts';
import { NEW_STRETCHING, parsePassphrase, stretchPassphrase } from './recovery-passphrase.ts';
import { connectService } from './service.ts';
import { base64Field, createCaller } from './service-call.ts';
import { type ServiceIdentity, type ServicePins, verifyService } from './verify-service.ts';
import { proveWalletSecret } from './wallet-secrets.ts';

const RECOVERIES = '/v2/enclave/recoveries';

/** A project as somebody knows it who has lost its secrets: nothing here is one. */
export interface LostProject {
  readonly baseUrl: string;
  readonly pins: ServicePins;
  readonly projectId: Uint8Array;
}

/** Makes a passphrase's key the project's recovery key; only its public part leaves. @throws AttestationError, ClientError */
export async function setRecoveryPassphrase(
  owner: Owner,
  typed: string,
  waitingPeriodMs: number,
): Promise<RecoveryChallenge> {
  const session = await openOwnerSession(owner);
  const { projectId } = owner;
  const seed = await stretchPassphrase(parsePassphrase(typed), projectId, NEW_STRETCHING);
  const key = await openRecoveryKey(seed);
  const proof = await key.sign(proofMessage('recovery-key', projectId, key.publicKey));
  await session.change('PUT', '/v2/enclave/recovery-key', {
    publicKey: Buffer.from(key.publicKey).toString('base64'),
    stretching: NEW_STRETCHING,
    waitingPeriodSeconds: Math.ceil(waitingPeriodMs / 1000),
    proof: Buffer.from(proof).toString('base64'),
  });
  const stored = await askChallenge(owner, session.identity);
  if (Buffer.compare(stored.publicKey, key.publicKey) !== 0)
    throw new ClientError(
      'RECOVERY_MISMATCH',
      'The enclave certifies another recovery key than the one that was set.',
    );
  return stored;
}

/**
 * Removes the project's recovery key: afterwards no passphrase opens it, and a lost Wallet Secret is lost for good.
 * @throws AttestationError, ClientError RECOVERY_MISMATCH when the enclave certifies a recovery key nevertheless
 */
export async function removeRecoveryPassphrase(owner: Owner): Promise<void> {
  const session = await openOwnerSession(owner);
  await session.change('DELETE', '/v2/enclave/recovery-key');
  const isGone = await askChallenge(owner, session.identity).then(
    () => false,
    (error: unknown) => error instanceof ClientError && error.code === 'NOT_FOUND',
  );
  if (!isGone)
    throw new ClientError(
      'RECOVERY_MISMATCH',
      'The enclave certifies a recovery key that was to be removed.',
    );
}

/** What the enclave says of the project's recovery now, verified. @throws AttestationError, ClientError */
export async function recoveryStatus(project: LostProject): Promise<RecoveryChallenge> {
  const identity = await verifyService(connectService(project.baseUrl), project.pins);
  return await askChallenge(project, identity);
}

/**
 * Starts the waiting period for a new Wallet Secret, and a new API key with it. A factor is asked for when another recovery waits and
 * the project requires one for recoveries: then this one takes its place.
 * @returns the recovery that waits, as the enclave certifies it
 * @throws AttestationError, ClientError
 */
export async function startRecovery(
  project: LostProject,
  typed: string,
  { walletSecret, apiKey }: { readonly walletSecret: WalletSecret; readonly apiKey: ApiKey | null },
  secondFactor?: SecondFactorSource,
): Promise<NonNullable<RecoveryChallenge['pending']>> {
  const identity = await verifyService(connectService(project.baseUrl), project.pins);
  const challenge = await askChallenge(project, identity);
  const key = await recoveryKeyFor(typed, challenge);
  const grant: RecoveryGrant = {
    walletSecret: walletSecret.publicKey,
    apiKey: apiKey && { id: apiKey.id, publicKey: apiKey.publicKey, scopes: ['read', 'sign'] },
  };
  const recovery = await signRecovery(key, challenge, grant);
  const { projectId } = project;
  const body = {
    projectId: Buffer.from(projectId).toString('hex'),
    recovery: Buffer.from(recovery).toString('base64'),
    proof: proveWalletSecret(walletSecret, projectId),
  };
  const call = { method: 'POST', path: RECOVERIES, body } as const;
  await callWithFactor(createCaller(project.baseUrl), call, { projectId, identity, secondFactor });
  const { pending } = await askChallenge(project, identity);
  if (pending === null || Buffer.compare(pending.walletSecret, walletSecret.publicKey) !== 0)
    throw new ClientError(
      'RECOVERY_MISMATCH',
      'The enclave certifies another recovery than the one that was signed.',
    );
  return pending;
}

/** Ends the recovery that waits, by a Wallet Secret that counts. @throws AttestationError, ClientError RECOVERY_NOT_PENDING */
export async function vetoRecovery(owner: Owner): Promise<string> {
  const session = await openOwnerSession(owner);
  const id = pendingId(await askChallenge(owner, session.identity));
  await session.change('DELETE', `${RECOVERIES}/${id}`);
  return id;
}

/** Puts the new Wallet Secret in its place once the waiting period is over. @throws AttestationError, ClientError */
export async function completeRecovery(
  project: LostProject,
  walletSecret: Pick<WalletSecret, 'privateKey'>,
  secondFactor?: SecondFactorSource,
): Promise<string> {
  const identity = await verifyService(connectService(project.baseUrl), project.pins);
  const id = pendingId(await askChallenge(project, identity));
  const call = {
    method: 'POST',
    path: `${RECOVERIES}/${id}/completion`,
    body: { projectId: Buffer.from(project.projectId).toString('hex') },
    walletSecret: walletSecret.privateKey,
  } as const;
  await callWithFactor(createCaller(project.baseUrl), call, {
    projectId: project.projectId,
    identity,
    secondFactor,
  });
  return id;
}

function pendingId({ pending }: RecoveryChallenge): string {
  if (pending === null)
    throw new ClientError('RECOVERY_NOT_PENDING', 'No recovery of this project is waiting.');
  return Buffer.from(pending.id).toString('hex');
}

async function askChallenge(
  { baseUrl, projectId }: Pick<LostProject, 'baseUrl' | 'projectId'>,
  { identityKey }: ServiceIdentity,
): Promise<RecoveryChallenge> {
  const nonce = freshNonce();
  const { json } = await createCaller(baseUrl).call({
    method: 'POST',
    path: '/v2/enclave/recovery-challenges',
    body: {
      projectId: Buffer.from(projectId).toString('hex'),
      nonce: Buffer.from(nonce).toString('hex'),
    },
  });
  return await verifyRecoveryChallenge(base64Field(json, 'certificate'), identityKey, { projectId, nonce });
}
