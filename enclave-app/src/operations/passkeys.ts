import { createPublicKey, hash } from 'node:crypto';
import { addPasskeyBody, MAX_CREDENTIAL_ID_BYTES, MAX_PASSKEYS } from '@strongroom/shared/api/factor-body';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import type { addPasskey } from '@strongroom/shared/operations/add-passkey';
import type { ParsedRequestOf, ResponseOf } from '@strongroom/shared/operations/operation';
import { authorizeAuthorityChange } from '../auth/authorize-authority-change.ts';
import { enrolmentChallenge } from '../auth/factor-challenge.ts';
import { spendChallenge } from '../auth/second-factor.ts';
import { decodeFactorField, verifyAssertion } from '../auth/webauthn.ts';
import type { ReadyService } from '../ready-service.ts';
import { type Factors, NO_FACTORS, type Passkey } from '../records/factors.ts';
import { jsonAnswer } from './account-answer.ts';
import { NO_CONTENT, nextAuthority } from './authority-change.ts';
import { assertStillServed } from './factor-requirements.ts';
import { parseBody } from './parse-body.ts';

type FactorRequest = ParsedRequestOf<typeof addPasskey>;
type FactorResponse = ResponseOf<typeof addPasskey>;
type Webauthn = NonNullable<Factors['webauthn']>;

/** Adds a passkey that proves that it exists. The first one says where all of them are used. */
export async function handleAddPasskey(
  { client, project: rows }: FactorRequest,
  service: ReadyService,
): Promise<FactorResponse> {
  const request = await authorizeAuthorityChange('add-passkey', { client, rows }, service);
  const { name, publicKey: encodedKey, rpId, origins, assertion } = parseBody(addPasskeyBody, request.body);
  const factors = request.factors ?? NO_FACTORS;
  const credentialId = decodeFactorField(assertion.credentialId);
  const publicKey = Buffer.from(encodedKey, 'base64');
  assertNewPasskey(credentialId, publicKey, factors);
  const webauthn = { rpId, origins };
  assertWebauthn(webauthn, factors.webauthn);
  const challenge = decodeFactorField(assertion.challenge);
  const { project } = request;
  const signCount = verifyAssertion(assertion, {
    challenge: enrolmentChallenge({ project, challenge }, webauthn, service),
    webauthn,
    passkey: { publicKey, signCount: 0 },
  });
  spendChallenge(challenge, project, service);
  const added: Passkey = { credentialId, publicKey, name, signCount, enrolledAtMs: service.clock.nowMs() };
  const next = { ...factors, webauthn, passkeys: [...factors.passkeys, added] };
  return {
    answer: jsonAnswer(201, { id: passkeyId(credentialId), name }),
    ...nextAuthority(request, { factors: next }, service),
  };
}

/** Takes a passkey out; with the last one goes where they are used. */
export async function handleRemovePasskey(
  { client, project: rows }: FactorRequest,
  service: ReadyService,
): Promise<FactorResponse> {
  const request = await authorizeAuthorityChange('remove-passkey', { client, rows }, service);
  const factors = request.factors ?? NO_FACTORS;
  const passkeys = factors.passkeys.filter(({ credentialId }) => passkeyId(credentialId) !== request.id);
  if (passkeys.length === factors.passkeys.length)
    throw new OperationError('NOT_FOUND', { clientMessage: 'Passkey not found.' });
  const next = { ...factors, passkeys, webauthn: passkeys.length === 0 ? null : factors.webauthn };
  assertStillServed(next);
  return { answer: NO_CONTENT, ...nextAuthority(request, { factors: next }, service) };
}

/** The first 16 bytes of SHA-256 over the credential id, hex. */
function passkeyId(credentialId: Uint8Array): string {
  return hash('sha256', credentialId, 'hex').slice(0, 32);
}

function assertNewPasskey(credentialId: Uint8Array, publicKey: Uint8Array, { passkeys }: Factors): void {
  if (passkeys.some((known) => Buffer.compare(known.credentialId, credentialId) === 0))
    throw new OperationError('ALREADY_EXISTS', { clientMessage: 'The project has this passkey.' });
  if (passkeys.length >= MAX_PASSKEYS) throw invalid('The project has too many passkeys.');
  if (credentialId.length > MAX_CREDENTIAL_ID_BYTES) throw invalid('The credential id is too long.');
  if (!isP256(publicKey)) throw invalid('The public key is not a P-256 key in 91 bytes.');
}

function isP256(spki: Uint8Array): boolean {
  try {
    const key = createPublicKey({ key: Buffer.from(spki), format: 'der', type: 'spki' });
    const isSame = Buffer.compare(key.export({ format: 'der', type: 'spki' }), spki) === 0;
    return isSame && spki.length === 91 && key.asymmetricKeyDetails?.namedCurve === 'prime256v1';
  } catch {
    return false;
  }
}

/** A relying party's origins are its own hosts or below them (WebAuthn section 5.1.3), and one project has one relying party. */
function assertWebauthn({ rpId, origins }: Webauthn, known: Webauthn | null): void {
  const isWithin = (origin: string) => {
    const { hostname } = new URL(origin);
    return hostname === rpId || hostname.endsWith(`.${rpId}`);
  };
  if (!origins.every((origin) => URL.canParse(origin) && isWithin(origin)))
    throw invalid('An origin is not within the relying party.');
  const isSame = known === null || (known.rpId === rpId && known.origins.join(' ') === origins.join(' '));
  if (!isSame) throw invalid('The passkeys of this project are used at other origins.');
}

function invalid(clientMessage: string): OperationError {
  return new OperationError('INVALID_REQUEST', { clientMessage });
}
