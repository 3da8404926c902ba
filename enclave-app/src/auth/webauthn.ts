// TRUST BOUNDARY: an assertion of a passkey, from a browser through client and parent.
import { createPublicKey, hash, verify } from 'node:crypto';
import type { PasskeyAssertion } from '@strongroom/shared/api/factor-body';
import { parseBase64url } from '@strongroom/shared/auth/base64url';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { toJsonValue } from '@strongroom/shared/json/json-value';
import { parseJson } from '@strongroom/shared/json/parse-json';
import type { Factors, Passkey } from '../records/factors.ts';

/** What an assertion has to be made for. */
export interface AssertionExpectation {
  /** 32 bytes. */
  readonly challenge: Uint8Array;
  readonly webauthn: NonNullable<Factors['webauthn']>;
  readonly passkey: Pick<Passkey, 'publicKey' | 'signCount'>;
}

/** rpIdHash(32) || flags(1) || signCount(4), WebAuthn section 6.1; an assertion has no more without extensions, which nobody asks for. */
const AUTHENTICATOR_DATA_BYTES = 37;
const FLAGS_AT = 32;
const SIGN_COUNT_AT = 33;
const USER_PRESENT = 0x01;
const USER_VERIFIED = 0x04;
/** Backup eligibility and state: a passkey that is synchronized is one as well. */
const BACKUP_FLAGS = 0x18;

/**
 * Verifies an assertion (WebAuthn level 3 section 7.2): type, challenge, origin, relying party, user presence and verification, ES256
 * signature over authenticator data and SHA-256 of the client data, and that the counter goes up.
 * @returns the authenticator's counter
 * @throws OperationError SECOND_FACTOR_REFUSED
 */
export function verifyAssertion(
  untrusted: PasskeyAssertion,
  { challenge, webauthn, passkey }: AssertionExpectation,
): number {
  const clientData = decodeFactorField(untrusted.clientDataJson);
  const authenticatorData = decodeFactorField(untrusted.authenticatorData);
  const signature = decodeFactorField(untrusted.signature);
  assertClientData(clientData, challenge, webauthn.origins);
  const signCount = readSignCount(authenticatorData, webauthn.rpId);
  const signed = Buffer.concat([authenticatorData, hash('sha256', clientData, 'buffer')]);
  const key = createPublicKey({ key: Buffer.from(passkey.publicKey), format: 'der', type: 'spki' });
  if (!verify('sha256', signed, key, signature)) throw factorRefused();
  // Both zero is an authenticator that does not count; otherwise one that stands still or goes back was copied.
  const isCounting = signCount > 0 || passkey.signCount > 0;
  if (isCounting && signCount <= passkey.signCount) throw factorRefused();
  return signCount;
}

/** Unknown members are allowed, as browsers add them; a member that is there twice is not. */
function assertClientData(clientData: Uint8Array, challenge: Uint8Array, origins: readonly string[]): void {
  const members = parseMembers(clientData);
  const isRight =
    members['type'] === 'webauthn.get' &&
    members['challenge'] === Buffer.from(challenge).toString('base64url') &&
    origins.some((origin) => origin === members['origin']) &&
    (members['crossOrigin'] === undefined || members['crossOrigin'] === false) &&
    members['topOrigin'] === undefined;
  if (!isRight) throw factorRefused();
}

function parseMembers(clientData: Uint8Array): Readonly<Record<string, unknown>> {
  try {
    const node = parseJson(clientData);
    if (node.kind === 'object') return toJsonValue(node) as Readonly<Record<string, unknown>>;
  } catch (cause) {
    throw factorRefused(cause);
  }
  throw factorRefused();
}

function readSignCount(authenticatorData: Buffer, rpId: string): number {
  if (authenticatorData.length !== AUTHENTICATOR_DATA_BYTES) throw factorRefused();
  const flags = authenticatorData[FLAGS_AT] as number;
  const isRight =
    authenticatorData.subarray(0, FLAGS_AT).equals(hash('sha256', rpId, 'buffer')) &&
    (flags & ~BACKUP_FLAGS) === (USER_PRESENT | USER_VERIFIED);
  if (!isRight) throw factorRefused();
  return authenticatorData.readUInt32BE(SIGN_COUNT_AT);
}

/** @throws OperationError SECOND_FACTOR_REFUSED for what is not canonical base64url */
export function decodeFactorField(text: string): Buffer {
  const bytes = parseBase64url(text);
  if (bytes === null) throw factorRefused();
  return bytes;
}

/** Said whatever is wrong with a factor. */
export function factorRefused(cause?: unknown): OperationError {
  return new OperationError('SECOND_FACTOR_REFUSED', { cause });
}
