import { createPublicKey, hash } from 'node:crypto';
import type { FactorChallenge } from '@strongroom/attestation/factor-challenge';
import type { FactorPurpose, PasskeyAssertion } from '@strongroom/shared/api/factor-body';
import { ClientError } from './client-error.ts';
import { askFactorChallenge } from './factor-call.ts';
import { type Owner, type OwnerSession, openOwnerSession } from './owner.ts';
import { type RecoveryCode, recoveryCodeDigest } from './recovery-codes.ts';
import { enrolmentChallenge } from './second-factor.ts';
import { connectService } from './service.ts';
import { createCaller } from './service-call.ts';
import { encryptTotpSecret } from './totp-secret.ts';
import { verifyImportKey } from './verify-service.ts';

const FACTORS = '/v2/enclave/factors';

/** The id under which a passkey is removed: the first 16 bytes of SHA-256 over its credential id, hex. */
export function passkeyId(credentialId: Uint8Array): string {
  return hash('sha256', credentialId, 'hex').slice(0, 32);
}

/** The project's second factors and requirements, as the enclave certifies them now. @throws AttestationError, ClientError */
export async function listFactors(owner: Owner): Promise<FactorChallenge> {
  return await factorsOf(await openOwnerSession(owner), owner);
}

/** Where and under which name a passkey is enrolled. */
export interface PasskeyPlace {
  readonly name: string;
  readonly rpId: string;
  readonly origins: readonly string[];
}

/** What a browser made: the key, and its signature over the enrolment challenge. */
export interface MadePasskey {
  /** SubjectPublicKeyInfo, DER, base64. */
  readonly publicKey: string;
  readonly assertion: PasskeyAssertion;
}

export interface EnrolmentQuestion {
  readonly challenge: FactorChallenge;
  /** What the new passkey has to sign, 32 bytes. */
  readonly webauthnChallenge: Uint8Array;
}

/**
 * Adds the passkey that `make` has made.
 * @returns the factors as the enclave certifies them afterwards, the new one among them
 * @throws AttestationError, ClientError FACTORS_MISMATCH
 */
export async function addPasskey(
  owner: Owner,
  { name, rpId, origins }: PasskeyPlace,
  make: (question: EnrolmentQuestion) => Promise<MadePasskey>,
): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  const challenge = await factorsOf(session, owner);
  const webauthnChallenge = await enrolmentChallenge(challenge, { rpId, origins });
  const { publicKey, assertion } = await make({ challenge, webauthnChallenge });
  await session.change('POST', `${FACTORS}/passkeys`, { name, publicKey, rpId, origins, assertion });
  const after = await factorsOf(session, owner);
  const key = Buffer.from(publicKey, 'base64');
  const isThere = after.passkeys.some((passkey) => Buffer.compare(passkey.publicKey, key) === 0);
  if (!isThere || after.passkeys.length !== challenge.passkeys.length + 1) throw mismatch();
  return after;
}

/** Takes a passkey out. @throws AttestationError, ClientError FACTORS_MISMATCH */
export async function removePasskey(owner: Owner, id: string): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  await session.change('DELETE', `${FACTORS}/passkeys/${encodeURIComponent(id)}`);
  const after = await factorsOf(session, owner);
  if (after.passkeys.some(({ credentialId }) => passkeyId(credentialId) === id)) throw mismatch();
  return after;
}

/**
 * Adds a TOTP secret that only the enclave can read.
 * @param codeOf shows the secret to the owner's authenticator and asks for its code of now
 * @throws AttestationError, ClientError FACTORS_MISMATCH
 */
export async function addTotp(
  owner: Owner,
  secret: Uint8Array,
  codeOf: () => Promise<string>,
): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  const spki = await verifyImportKey(connectService(owner.baseUrl), session.identity, owner);
  const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
  const encrypted = encryptTotpSecret(secret, key, owner.projectId);
  const code = await codeOf();
  await session.change('POST', `${FACTORS}/totp`, { encryptedSecret: encrypted.toString('base64'), code });
  return await expectFactors(session, owner, ({ hasTotp }) => hasTotp);
}

/** Takes the TOTP secret out. @throws AttestationError, ClientError FACTORS_MISMATCH */
export async function removeTotp(owner: Owner): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  await session.change('DELETE', `${FACTORS}/totp`);
  return await expectFactors(session, owner, ({ hasTotp }) => !hasTotp);
}

/** Replaces all recovery codes; the codes themselves stay here. @throws AttestationError, ClientError FACTORS_MISMATCH */
export async function setRecoveryCodes(
  owner: Owner,
  codes: readonly RecoveryCode[],
): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  const digests = codes.map(({ code }) =>
    Buffer.from(recoveryCodeDigest(owner.projectId, code)).toString('base64'),
  );
  await session.change('PUT', `${FACTORS}/recovery-codes`, { digests });
  return await expectFactors(session, owner, ({ recoveryCodes }) => recoveryCodes === codes.length);
}

/** Sets what the project requires a second factor for. @throws AttestationError, ClientError FACTORS_MISMATCH */
export async function requireFactorsFor(
  owner: Owner,
  requiredFor: readonly FactorPurpose[],
): Promise<FactorChallenge> {
  const session = await openOwnerSession(owner);
  await session.change('PUT', `${FACTORS}/requirements`, { requiredFor });
  const wanted = [...requiredFor].sort().join();
  return await expectFactors(session, owner, (after) => [...after.requiredFor].sort().join() === wanted);
}

async function expectFactors(
  session: OwnerSession,
  owner: Owner,
  isRight: (after: FactorChallenge) => boolean,
): Promise<FactorChallenge> {
  const after = await factorsOf(session, owner);
  if (!isRight(after)) throw mismatch();
  return after;
}

async function factorsOf(
  { identity }: OwnerSession,
  { baseUrl, projectId }: Owner,
): Promise<FactorChallenge> {
  return await askFactorChallenge(createCaller(baseUrl), { projectId, identity });
}

function mismatch(): ClientError {
  return new ClientError(
    'FACTORS_MISMATCH',
    'The enclave certifies other second factors than this change should leave.',
  );
}
