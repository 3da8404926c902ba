// TRUST BOUNDARY: manifests, from whoever answers for a service.
import { assertThat } from './attestation-error.ts';
import { type Bytes, equalBytes, isBytes, sha256 } from './bytes.ts';
import { decodeStrictCbor } from './strict-cbor.ts';
import { bytes, list, map, nullable, oneOf, readFields, text, uint } from './strict-fields.ts';

/** What an attestation document of Strongroom was made for; it is worth nothing for anything else. */
export type DocumentPurpose = 'client' | 'kms' | 'status' | 'emulation';

/** A KMS key whose policy the enclave rebuilt and found equal. */
export interface CheckedKeyPolicy {
  readonly keyArn: string;
  /** SHA-256 of the policy. */
  readonly digest: Bytes;
  /** Every image that the policy admits, 48 bytes each. */
  readonly pcrs: readonly { readonly pcr0: Bytes; readonly pcr1: Bytes; readonly pcr2: Bytes }[];
  readonly checkedAtMs: number;
}

/** What an enclave says of itself; `user_data` of the document is the SHA-256 of its bytes (docs/protocol.md section 8). */
export interface Manifest {
  readonly v: 1;
  readonly purpose: DocumentPurpose;
  readonly phase: string;
  /** SHA-256 of the identity key; both or neither are null. */
  readonly deploymentId: Bytes | null;
  readonly configurationDigest: Bytes;
  readonly securityEpoch: number;
  /** Raw Ed25519 public key, 32 bytes: signs certificates. */
  readonly identityKey: Bytes | null;
  /** Raw Ed25519 public key, 32 bytes: signs receipts, until this enclave ends. */
  readonly receiptKey: Bytes | null;
  readonly root: { readonly id: Bytes; readonly generation: number } | null;
  readonly kmsPolicies: readonly CheckedKeyPolicy[];
}

const MAX_MANIFEST_BYTES = 65536;
const PCR = bytes(48);

/**
 * Decodes a manifest and checks that it agrees with itself; that the enclave said it, only an attestation document shows.
 * @throws INPUT_NOT_BYTES, INPUT_EMPTY, INPUT_TOO_LARGE, CBOR_*, MANIFEST_MALFORMED, MANIFEST_IDENTITY
 */
export async function decodeUnverifiedManifest(untrusted: Uint8Array): Promise<Manifest> {
  assertThat(isBytes(untrusted), 'INPUT_NOT_BYTES', 'manifest');
  assertThat(untrusted.length > 0, 'INPUT_EMPTY', 'manifest');
  assertThat(untrusted.length <= MAX_MANIFEST_BYTES, 'INPUT_TOO_LARGE', 'manifest');
  const manifest = readFields<Manifest>(
    decodeStrictCbor(Uint8Array.from(untrusted)),
    {
      v: oneOf(1),
      purpose: oneOf('client', 'kms', 'status', 'emulation'),
      phase: text(64),
      deploymentId: nullable(bytes(32)),
      configurationDigest: bytes(32),
      securityEpoch: uint,
      identityKey: nullable(bytes(32)),
      receiptKey: nullable(bytes(32)),
      root: nullable(map({ id: bytes(16), generation: uint })),
      kmsPolicies: list(
        map({
          keyArn: text(2048),
          digest: bytes(32),
          pcrs: list(map({ pcr0: PCR, pcr1: PCR, pcr2: PCR })),
          checkedAtMs: uint,
        }),
      ),
    },
    'MANIFEST_MALFORMED',
  );
  await assertIdentity(manifest);
  return manifest;
}

async function assertIdentity({ deploymentId, identityKey }: Manifest): Promise<void> {
  if (deploymentId === null || identityKey === null) {
    assertThat(deploymentId === identityKey, 'MANIFEST_IDENTITY');
    return;
  }
  assertThat(equalBytes(await sha256(identityKey), deploymentId), 'MANIFEST_IDENTITY');
}
