// What a project's owner asks of the enclave about its own keys, for tests that play the parent in between.
import type { KeyObject } from 'node:crypto';
import { type RecoveryChallenge, verifyRecoveryChallenge } from '@strongroom/attestation/recovery-challenge';
import { makeWalletSecret, type WalletSecret } from '@strongroom/client/credentials';
import { openRecoveryKey, type RecoveryKey } from '@strongroom/client/recovery-key';
import { type RecoveryGrant, signRecovery } from '@strongroom/client/recovery-message';
import { proveWalletSecret, walletSecretId } from '@strongroom/client/wallet-secrets';
import { proofMessage } from '@strongroom/shared/auth/proof-of-possession';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { challengeRecovery } from '@strongroom/shared/operations/challenge-recovery';
import { completeRecovery } from '@strongroom/shared/operations/complete-recovery';
import type { ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import type { ResponseOf } from '@strongroom/shared/operations/operation';
import { revokeWalletSecret } from '@strongroom/shared/operations/revoke-wallet-secret';
import { setRecoveryKey } from '@strongroom/shared/operations/set-recovery-key';
import { startRecovery } from '@strongroom/shared/operations/start-recovery';
import { vetoRecovery } from '@strongroom/shared/operations/veto-recovery';
import { MIN_STRETCHING } from '@strongroom/shared/recovery/stretching';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { type LabProject, signedRequest } from './lab-project.ts';
import type { LabEnclave } from './laboratory.ts';

type Changed = ResponseOf<typeof addWalletSecret>;
export type SigningProject = Pick<LabProject, 'rows' | 'walletSecret'>;

/** The project with the record that a change returned, as the store would then have it. */
export function afterChange<P extends { readonly rows: ProjectRows }>(project: P, { authority }: Changed): P {
  return { ...project, rows: { ...project.rows, authority } };
}

export const hexOf = (bytes: Uint8Array) => Buffer.from(bytes).toString('hex');
export const base64Of = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');

/** The body of a request for a new Wallet Secret. */
export function newSecretBody(added: WalletSecret, projectId: Uint8Array, retireOthersAtMs?: number) {
  return {
    publicKey: base64Of(added.publicKey),
    proof: proveWalletSecret(added, projectId),
    ...(retireOthersAtMs !== undefined && { retireOthersAt: new Date(retireOthersAtMs).toISOString() }),
  };
}

export function addSecret(
  enclave: LabEnclave,
  project: SigningProject,
  added: WalletSecret,
  changes: { readonly retireOthersAtMs?: number; readonly body?: object } = {},
): Promise<Changed> {
  const body = newSecretBody(added, project.rows.projectId, changes.retireOthersAtMs);
  const client = signedRequest(project, {
    path: '/v2/enclave/wallet-secrets',
    body: { ...body, ...changes.body },
  });
  return enclave.call(addWalletSecret, { client, project: project.rows });
}

export function revokeSecret(enclave: LabEnclave, project: SigningProject, publicKey: Uint8Array) {
  const path = `/v2/enclave/wallet-secrets/${walletSecretId(publicKey)}`;
  const client = signedRequest(project, { method: 'DELETE', path });
  return enclave.call(revokeWalletSecret, { client, project: project.rows });
}

/** A recovery key as a passphrase would give it, without the second that stretching takes. */
export function recoveryKeyOfSeed(fill: number): Promise<RecoveryKey> {
  return openRecoveryKey(new Uint8Array(32).fill(fill));
}

/** A request that sets a recovery key. */
export async function recoveryKeyRequest(
  project: SigningProject,
  key: RecoveryKey,
  body: object = {},
): Promise<ClientRequest> {
  const proof = await key.sign(proofMessage('recovery-key', project.rows.projectId, key.publicKey));
  return signedRequest(project, {
    method: 'PUT',
    path: '/v2/enclave/recovery-key',
    body: {
      publicKey: base64Of(key.publicKey),
      stretching: MIN_STRETCHING,
      waitingPeriodSeconds: 2,
      proof: base64Of(proof),
      ...body,
    },
  });
}

export async function setKey(
  enclave: LabEnclave,
  project: SigningProject,
  key: RecoveryKey,
  body: object = {},
): Promise<Changed> {
  const client = await recoveryKeyRequest(project, key, body);
  return await enclave.call(setRecoveryKey, { client, project: project.rows });
}

/** The challenge that the enclave gives for these rows, read as a client reads it. */
export async function challengeOf(
  enclave: LabEnclave,
  rows: ProjectRows,
  identityKey: Uint8Array,
): Promise<RecoveryChallenge> {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const { certificate } = await enclave.call(challengeRecovery, { project: rows, nonce });
  return await verifyRecoveryChallenge(certificate, identityKey, { projectId: rows.projectId, nonce });
}

export interface RecoveryAttempt {
  readonly rows: ProjectRows;
  readonly key: RecoveryKey;
  readonly challenge: RecoveryChallenge;
  readonly secret?: WalletSecret;
  readonly apiKey?: RecoveryGrant['apiKey'];
  /** Of the request's body, after it was signed. */
  readonly body?: object;
}

/** A start as its client sends it: the same call can be made twice with what this returns. */
export async function recoveryStart({
  rows,
  key,
  challenge,
  secret = makeWalletSecret(),
  apiKey = null,
  body = {},
}: RecoveryAttempt): Promise<ClientRequest> {
  const recovery = await signRecovery(key, challenge, { walletSecret: secret.publicKey, apiKey });
  const sent = {
    projectId: hexOf(rows.projectId),
    recovery: base64Of(recovery),
    proof: proveWalletSecret(secret, rows.projectId),
    ...body,
  };
  return {
    method: 'POST',
    path: '/v2/enclave/recoveries',
    body: Buffer.from(JSON.stringify(sent)),
    bearerToken: null,
    walletToken: null,
  };
}

export async function start(enclave: LabEnclave, attempt: RecoveryAttempt): Promise<Changed> {
  const client = await recoveryStart(attempt);
  return await enclave.call(startRecovery, { client, project: attempt.rows });
}

/** The id of the recovery that an answer of the enclave shows. */
export function recoveryIdOf({ answer }: Changed): string {
  return (JSON.parse(Buffer.from(answer.body).toString()) as { id: string }).id;
}

export function veto(enclave: LabEnclave, project: SigningProject, id: string): Promise<Changed> {
  const client = signedRequest(project, { method: 'DELETE', path: `/v2/enclave/recoveries/${id}` });
  return enclave.call(vetoRecovery, { client, project: project.rows });
}

export function complete(
  enclave: LabEnclave,
  { rows, walletSecret }: { readonly rows: ProjectRows; readonly walletSecret: KeyObject },
  id: string,
): Promise<Changed> {
  const path = `/v2/enclave/recoveries/${id}/completion`;
  const client = signedRequest({ walletSecret }, { path, body: { projectId: hexOf(rows.projectId) } });
  return enclave.call(completeRecovery, { client, project: rows });
}

/** The deployment's identity key, out of a manifest that these tests have no reason to doubt. */
export function identityKeyOf(manifest: Uint8Array): Uint8Array {
  return Uint8Array.from((decodeCbor(manifest) as { identityKey: Uint8Array }).identityKey);
}
