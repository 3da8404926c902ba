// TRUST BOUNDARY: sealed blobs as the parent's databases return them.
import {
  createCipheriv,
  createDecipheriv,
  createSecretKey,
  hkdfSync,
  type KeyObject,
  randomBytes,
  timingSafeEqual,
} from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { encodeCbor } from '@strongroom/shared/wire/cbor';

/** What a sealed blob holds. A blob of one kind cannot be opened as another. */
export type SealKind =
  | 'root'
  | 'identity'
  | 'client-secret'
  | 'authority'
  | 'account'
  | 'wallet'
  | 'import-key';

/** What a blob is bound to: the reader states what it expects, so no blob can be moved, swapped or rolled into another place. */
export interface SealContext {
  readonly kind: SealKind;
  /** SHA-256 of the identity key, 32 bytes. */
  readonly deploymentId: Uint8Array;
  /** 32 bytes, or null for what belongs to the deployment. */
  readonly projectId: Uint8Array | null;
  /** Names the object among those of its kind and owner. */
  readonly objectId: Uint8Array;
  readonly version: number;
  /** For wallet keys: the key that must come out. */
  readonly wallet?: { readonly curve: 'secp256k1' | 'ed25519'; readonly publicKey: Uint8Array };
}

/** A key to seal under, and the generation of the root key that it stands for. */
export interface SealingKey {
  readonly key: KeyObject;
  readonly generation: number;
}

const FORMAT = 1;
const SALT_AT = 5;
const COMMITMENT_AT = 37;
const CIPHERTEXT_AT = 69;
const TAG_BYTES = 16;
/** Each key encrypts one message only, so its nonce may be constant (NIST SP 800-38D section 8.2). */
const SINGLE_USE_IV = new Uint8Array(12);

/**
 * Encrypts under a key of its own: format(1) || generation(4, big-endian) || salt(32) || commitment(32) || ciphertext || tag(16).
 * AES-256-GCM key and commitment are the two halves of HKDF-SHA-256(key, salt, "strongroom/" kind "/v1", 64); RFC 5869.
 * The commitment makes a blob open under one key at most, which GCM alone does not promise.
 */
export function seal(sealingKey: SealingKey, context: SealContext, plaintext: Uint8Array): Uint8Array {
  const header = Buffer.alloc(CIPHERTEXT_AT);
  header[0] = FORMAT;
  header.writeUInt32BE(sealingKey.generation, 1);
  randomBytes(32).copy(header, SALT_AT);
  const { key, commitment } = deriveKeys(
    sealingKey.key,
    header.subarray(SALT_AT, COMMITMENT_AT),
    context.kind,
  );
  commitment.copy(header, COMMITMENT_AT);
  const cipher = createCipheriv('aes-256-gcm', key, SINGLE_USE_IV).setAAD(
    associatedData(context, sealingKey.generation),
  );
  return Uint8Array.from(
    Buffer.concat([header, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]),
  );
}

/**
 * Opens a blob that was sealed under the same key and context; returns an own copy of the plaintext.
 * @throws OperationError SEALED_BLOB_REFUSED for every other blob, with no reason
 */
export function unseal(
  keyOfGeneration: (generation: number) => KeyObject | undefined,
  context: SealContext,
  untrustedBlob: Uint8Array,
): Uint8Array {
  if (untrustedBlob.length < CIPHERTEXT_AT + TAG_BYTES || untrustedBlob[0] !== FORMAT) throw refused();
  const blob = Buffer.from(untrustedBlob.buffer, untrustedBlob.byteOffset, untrustedBlob.length);
  const generation = blob.readUInt32BE(1);
  const sealingKey = keyOfGeneration(generation);
  if (sealingKey === undefined) throw refused();
  const { key, commitment } = deriveKeys(sealingKey, blob.subarray(SALT_AT, COMMITMENT_AT), context.kind);
  if (!timingSafeEqual(commitment, blob.subarray(COMMITMENT_AT, CIPHERTEXT_AT))) throw refused();
  const decipher = createDecipheriv('aes-256-gcm', key, SINGLE_USE_IV, { authTagLength: TAG_BYTES })
    .setAAD(associatedData(context, generation))
    .setAuthTag(blob.subarray(blob.length - TAG_BYTES));
  try {
    const plaintext = decipher.update(blob.subarray(CIPHERTEXT_AT, blob.length - TAG_BYTES));
    decipher.final();
    return plaintext;
  } catch {
    throw refused();
  }
}

/** Keys of which one seals and each opens. */
export interface KeyGenerations {
  readonly sealing: SealingKey;
  ofGeneration(generation: number): KeyObject | undefined;
}

/**
 * Opens a blob and seals what was in it under the key that seals now.
 * @throws OperationError SEALED_BLOB_REFUSED
 */
export function reseal(keys: KeyGenerations, context: SealContext, untrustedBlob: Uint8Array): Uint8Array {
  const plaintext = unseal(keys.ofGeneration, context, untrustedBlob);
  try {
    return seal(keys.sealing, context, plaintext);
  } finally {
    plaintext.fill(0);
  }
}

/** Generation that a blob says it was sealed under; only a hint until it opens. */
export function generationOf(untrustedBlob: Uint8Array): number {
  if (untrustedBlob.length < CIPHERTEXT_AT) throw refused();
  return Buffer.from(untrustedBlob.buffer, untrustedBlob.byteOffset, untrustedBlob.length).readUInt32BE(1);
}

function deriveKeys(
  ikm: KeyObject,
  salt: Uint8Array,
  kind: SealKind,
): { key: KeyObject; commitment: Buffer } {
  const derived = Buffer.from(hkdfSync('sha256', ikm, salt, `strongroom/${kind}/v1`, 64));
  const key = createSecretKey(derived.subarray(0, 32));
  const commitment = Buffer.from(derived.subarray(32));
  derived.fill(0);
  return { key, commitment };
}

function associatedData(
  { kind, deploymentId, projectId, objectId, version, wallet }: SealContext,
  generation: number,
): Uint8Array {
  return encodeCbor({
    kind,
    deploymentId,
    projectId,
    objectId,
    generation,
    version,
    curve: wallet?.curve ?? null,
    publicKey: wallet?.publicKey ?? null,
  });
}

function refused(): OperationError {
  return new OperationError('SEALED_BLOB_REFUSED');
}
