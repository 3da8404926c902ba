// TRUST BOUNDARY: certificates that a service claims its enclave signed.
import { AttestationError, assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isBytes, sha256 } from './bytes.ts';
import { type CoseProfile, splitCoseSign1 } from './cose-sign1.ts';
import { decodeStrictCbor } from './strict-cbor.ts';
import { bytes, type Fields, oneOf, readFields } from './strict-fields.ts';

/** What every certificate of a deployment begins with. */
export interface Statement {
  readonly type: string;
  /** SHA-256 of the identity key that signed it. */
  readonly deploymentId: Bytes;
}

/** One type of certificate: its name and what its payload holds beside `type` and `deploymentId`. */
export interface CertificateType<T extends Statement> {
  readonly type: T['type'];
  readonly fields: Fields<Omit<T, keyof Statement>>;
}

/** {1: -8}, EdDSA. */
const CERTIFICATE_PROFILE: CoseProfile = {
  protectedHeader: Uint8Array.of(0xa1, 0x01, 0x27),
  maxPayloadLength: 262144,
  mayBeTagged: false,
};
const SIGNATURE_BYTES = 64;
const MAX_CERTIFICATE_BYTES = 270_000;

/**
 * Verifies a certificate of one type, or of one of its versions: untagged COSE_Sign1 (RFC 9052) by a deployment's identity key over a map in strict
 * CBOR of exactly the fields of its type. To add a type, write a file with its `CertificateType`.
 * @param identityKey raw Ed25519 public key, 32 bytes, of a service that was verified
 * @returns the payload, frozen
 * @throws AttestationError STATEMENT_*, INPUT_*, COSE_*, CBOR_*
 */
export async function verifyCertificate<T extends Statement>(
  untrusted: Uint8Array,
  identityKey: Uint8Array,
  ...versions: readonly CertificateType<T>[]
): Promise<T> {
  assertThat(isBytes(untrusted), 'INPUT_NOT_BYTES');
  assertThat(untrusted.length > 0, 'INPUT_EMPTY');
  assertThat(untrusted.length <= MAX_CERTIFICATE_BYTES, 'INPUT_TOO_LARGE');
  const { payload, signature, signedBytes } = splitCoseSign1(Uint8Array.from(untrusted), CERTIFICATE_PROFILE);
  assertThat(signature.length === SIGNATURE_BYTES, 'COSE_SIGNATURE_LENGTH');
  const key = await importIdentityKey(identityKey);
  const verified = await crypto.subtle.verify('Ed25519', key, signature, signedBytes);
  assertThat(verified, 'STATEMENT_SIGNATURE_INVALID');

  const value = decodeStrictCbor(payload);
  assertThat(value instanceof Map, 'STATEMENT_TYPE');
  const version = versions.find(({ type }) => value.get('type') === type);
  assertThat(version !== undefined, 'STATEMENT_TYPE');
  const all = { type: oneOf(version.type), deploymentId: bytes(32), ...version.fields };
  // qed: the fields of T are those of Statement and those of its type.
  const statement = readFields(value, all as unknown as Fields<T>, 'STATEMENT_MALFORMED') as T;
  const deploymentId = await sha256(identityKey);
  assertThat(equalBytes(statement.deploymentId, deploymentId), 'STATEMENT_DEPLOYMENT');
  return statement;
}

async function importIdentityKey(identityKey: Uint8Array): Promise<CryptoKey> {
  assertThat(isBytes(identityKey) && identityKey.length === 32, 'STATEMENT_IDENTITY_KEY');
  try {
    return await crypto.subtle.importKey('raw', Uint8Array.from(identityKey), 'Ed25519', false, ['verify']);
  } catch {
    throw new AttestationError('STATEMENT_IDENTITY_KEY');
  }
}

/** Checks that a certificate is of the project that the caller deals with. @throws STATEMENT_PROJECT */
export function assertProject(actual: Uint8Array, expected: Uint8Array): void {
  assertThat(isBytes(expected) && equalBytes(actual, expected), 'STATEMENT_PROJECT');
}
