// Second factors of an honest owner, and what of them somebody else may alter.
import { generateKeyPairSync, hash, type KeyObject, sign } from 'node:crypto';
import { type FactorChallenge, verifyFactorChallenge } from '@strongroom/attestation/factor-challenge';
import { encodeSecondFactor, enrolmentChallenge, operationChallenge } from '@strongroom/client/second-factor';
import { encryptTotpSecret } from '@strongroom/client/totp-secret';
import type { PasskeyAssertion, SecondFactor } from '@strongroom/shared/api/factor-body';
import { addPasskey } from '@strongroom/shared/operations/add-passkey';
import { addTotp } from '@strongroom/shared/operations/add-totp';
import { challengeFactors } from '@strongroom/shared/operations/challenge-factors';
import type { ClientRequest, ProjectRows } from '@strongroom/shared/operations/fields';
import { removePasskey } from '@strongroom/shared/operations/remove-passkey';
import { setFactorRequirements } from '@strongroom/shared/operations/set-factor-requirements';
import { setRecoveryCodes } from '@strongroom/shared/operations/set-recovery-codes';
import { base64Of, type SigningProject } from '../../src/hostile/lab-owner.ts';
import { signedRequest } from '../../src/hostile/lab-project.ts';
import type { LabEnclave } from '../../src/hostile/laboratory.ts';
import type { makeLabImportKey } from './lab-policy.ts';

export const RP_ID = 'localhost';
export const ORIGIN = 'http://localhost:8787';

/** An authenticator of a test's own, with one key. */
export interface SoftwarePasskey {
  readonly credentialId: Buffer;
  /** SubjectPublicKeyInfo, DER, 91 bytes. */
  readonly publicKey: Buffer;
  readonly privateKey: KeyObject;
  /** Raised by every assertion. */
  signCount: number;
}

export function makePasskey(signCount = 1): SoftwarePasskey {
  const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const spki = publicKey.export({ format: 'der', type: 'spki' });
  return { credentialId: hash('sha256', spki, 'buffer'), publicKey: spki, privateKey, signCount };
}

/** Parts of an assertion that are otherwise right. */
export interface AssertionChanges {
  readonly type?: string;
  readonly origin?: string;
  readonly rpId?: string;
  readonly flags?: number;
  readonly signCount?: number;
  readonly crossOrigin?: boolean;
  readonly more?: object;
}

const PRESENT_AND_VERIFIED = 0x05;

/** Signs what a browser would have its authenticator sign (WebAuthn section 6.3.3). */
export function assertionOf(
  passkey: SoftwarePasskey,
  { challenge, webauthnChallenge }: { challenge: Uint8Array; webauthnChallenge: Uint8Array },
  changes: AssertionChanges = {},
): PasskeyAssertion {
  const { type = 'webauthn.get', origin = ORIGIN, rpId = RP_ID, flags = PRESENT_AND_VERIFIED } = changes;
  passkey.signCount += 1;
  const { signCount = passkey.signCount, crossOrigin = false, more = {} } = changes;
  const clientData = Buffer.from(
    JSON.stringify({
      type,
      challenge: Buffer.from(webauthnChallenge).toString('base64url'),
      origin,
      crossOrigin,
      ...more,
    }),
  );
  const counter = Buffer.alloc(4);
  counter.writeUInt32BE(signCount);
  const authenticatorData = Buffer.concat([hash('sha256', rpId, 'buffer'), Buffer.of(flags), counter]);
  const signed = Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]);
  return {
    challenge: Buffer.from(challenge).toString('base64url'),
    credentialId: passkey.credentialId.toString('base64url'),
    clientDataJson: clientData.toString('base64url'),
    authenticatorData: authenticatorData.toString('base64url'),
    signature: sign('sha256', signed, passkey.privateKey).toString('base64url'),
  };
}

/** The challenge that the enclave gives for these rows, read as a client reads it. */
export async function factorChallengeOf(
  enclave: LabEnclave,
  rows: ProjectRows,
  identityKey: Uint8Array,
): Promise<FactorChallenge> {
  const nonce = crypto.getRandomValues(new Uint8Array(32));
  const { certificate } = await enclave.call(challengeFactors, { project: rows, nonce });
  return await verifyFactorChallenge(certificate, identityKey, { projectId: rows.projectId, nonce });
}

/** The same request with a factor. */
export function withFactor(client: ClientRequest, factor: SecondFactor): ClientRequest {
  return { ...client, secondFactor: encodeSecondFactor(factor) };
}

/** The same request with a passkey's assertion that is right for it but for the changes. */
export async function withPasskey(
  client: ClientRequest,
  passkey: SoftwarePasskey,
  challenge: FactorChallenge,
  changes: AssertionChanges = {},
): Promise<ClientRequest> {
  const webauthnChallenge = await operationChallenge(challenge, client);
  const assertion = assertionOf(passkey, { challenge: challenge.challenge, webauthnChallenge }, changes);
  return withFactor(client, { kind: 'passkey', assertion });
}

/** A request that enrols a passkey. */
export async function passkeyRequest(
  project: SigningProject,
  passkey: SoftwarePasskey,
  challenge: FactorChallenge,
  changes: AssertionChanges & { readonly body?: object } = {},
): Promise<ClientRequest> {
  const webauthn = { rpId: RP_ID, origins: [ORIGIN] };
  const webauthnChallenge = await enrolmentChallenge(challenge, webauthn);
  const assertion = assertionOf(passkey, { challenge: challenge.challenge, webauthnChallenge }, changes);
  const publicKey = base64Of(passkey.publicKey);
  const body = { name: 'laptop', publicKey, ...webauthn, assertion, ...changes.body };
  return signedRequest(project, { path: '/v2/enclave/factors/passkeys', body });
}

export function addPasskeyTo(enclave: LabEnclave, project: SigningProject, client: ClientRequest) {
  return enclave.call(addPasskey, { client, project: project.rows });
}

export function removePasskeyRequest(project: SigningProject, passkey: SoftwarePasskey): ClientRequest {
  const id = hash('sha256', passkey.credentialId, 'hex').slice(0, 32);
  return signedRequest(project, { method: 'DELETE', path: `/v2/enclave/factors/passkeys/${id}` });
}

export function removePasskeyFrom(enclave: LabEnclave, project: SigningProject, client: ClientRequest) {
  return enclave.call(removePasskey, { client, project: project.rows });
}

export function requirementsRequest(project: SigningProject, requiredFor: readonly string[]): ClientRequest {
  const path = '/v2/enclave/factors/requirements';
  return signedRequest(project, { method: 'PUT', path, body: { requiredFor } });
}

export function setRequirements(enclave: LabEnclave, project: SigningProject, client: ClientRequest) {
  return enclave.call(setFactorRequirements, { client, project: project.rows });
}

export function setCodes(enclave: LabEnclave, project: SigningProject, digests: readonly Uint8Array[]) {
  const path = '/v2/enclave/factors/recovery-codes';
  const body = { digests: digests.map(base64Of) };
  const client = signedRequest(project, { method: 'PUT', path, body });
  return enclave.call(setRecoveryCodes, { client, project: project.rows });
}

export interface TotpEnrolment {
  readonly secret: Uint8Array;
  readonly code: string;
  readonly importKey: Awaited<ReturnType<typeof makeLabImportKey>>;
  readonly encryptedSecret?: Uint8Array;
}

export function addTotpTo(
  enclave: LabEnclave,
  project: SigningProject,
  { secret, code, importKey, encryptedSecret }: TotpEnrolment,
) {
  const encrypted = encryptedSecret ?? encryptTotpSecret(secret, importKey.publicKey, project.rows.projectId);
  const body = { encryptedSecret: base64Of(encrypted), code };
  const client = signedRequest(project, { path: '/v2/enclave/factors/totp', body });
  return enclave.call(addTotp, { client, project: project.rows, importKey: importKey.sealed });
}
