// TRUST BOUNDARY: the root record as the parent's store returns it.
import { createHash, createSecretKey, hash } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { bytesOf, bytesUpTo, sealedBlob, textUpTo, uint } from '@strongroom/shared/operations/fields';
import { type CborValue, decodeCbor, encodeCbor } from '@strongroom/shared/wire/cbor';
import * as v from 'valibot';
import { importEd25519Seed, rawEd25519PublicKey } from './ed25519-key.ts';
import { createRootKeys, type RootKey, type RootKeys } from './root-keys.ts';
import { generationOf, seal, unseal } from './seal.ts';

/** The root key under one KMS key: a data key that KMS opens, and the root key sealed under that data key. */
const wrapSchema = v.strictObject({
  keyArn: textUpTo(256),
  ciphertextBlob: bytesUpTo(6144),
  sealedRoot: sealedBlob,
});
const bodySchema = v.strictObject({
  v: v.literal(1),
  deploymentId: bytesOf(32),
  identityKey: bytesOf(32),
  version: v.pipe(uint, v.minValue(1)),
  roots: v.pipe(
    v.array(
      v.strictObject({
        id: bytesOf(16),
        generation: v.pipe(uint, v.minValue(1), v.maxValue(0xffff_ffff)),
        wraps: v.pipe(v.array(wrapSchema), v.minLength(1), v.maxLength(8)),
      }),
    ),
    v.minLength(1),
    v.maxLength(4),
  ),
  /** How often databases were restored from a backup; left out before the first time, as records from before there were restores do. */
  restores: v.optional(v.pipe(uint, v.minValue(1))),
});
const recordSchema = v.strictObject({ body: bodySchema, identity: sealedBlob });

export type RootRecordBody = v.InferOutput<typeof bodySchema>;
export type RootRecord = v.InferOutput<typeof recordSchema>;
export type RootWrap = v.InferOutput<typeof wrapSchema>;

/** A data key as KMS made it, or opened it again. */
export interface DataKey {
  readonly keyArn: string;
  readonly ciphertextBlob: Uint8Array;
  /** 32 bytes. */
  readonly plaintext: Uint8Array;
}

/** A deployment in the clear: its root keys and the key that signs for it. */
export interface Deployment {
  /** SHA-256 of `identityPublicKey`, 32 bytes. */
  readonly id: Uint8Array;
  /** Replaced when a newer root record is loaded; so read it anew for each use. */
  roots: RootKeys;
  readonly identityKey: ReturnType<typeof importEd25519Seed>;
  /** Raw Ed25519 public key, 32 bytes. */
  readonly identityPublicKey: Uint8Array;
}

/** The id of a deployment: SHA-256 of its raw identity key. */
export function deploymentIdOf(identityPublicKey: Uint8Array): Uint8Array {
  return hash('sha256', identityPublicKey, 'buffer');
}

/** Seals a root key under each data key. */
export function wrapRoot(deploymentId: Uint8Array, root: RootKey, dataKeys: readonly DataKey[]): RootWrap[] {
  return dataKeys.map(({ keyArn, ciphertextBlob, plaintext }) => ({
    keyArn,
    ciphertextBlob,
    sealedRoot: seal(
      { key: createSecretKey(plaintext), generation: root.generation },
      rootContext(deploymentId, root),
      root.secret,
    ),
  }));
}

/**
 * Opens one wrap with the data key that KMS released.
 * @throws OperationError SEALED_BLOB_REFUSED
 */
export function unwrapRoot(
  deploymentId: Uint8Array,
  root: { readonly id: Uint8Array; readonly generation: number },
  { wrap, dataKey }: { wrap: RootWrap; dataKey: Uint8Array },
): RootKey {
  const key = createSecretKey(dataKey);
  const opened = unseal(
    (generation) => (generation === root.generation ? key : undefined),
    rootContext(deploymentId, root),
    wrap.sealedRoot,
  );
  return { id: root.id, generation: root.generation, secret: Uint8Array.from(opened) };
}

function rootContext(deploymentId: Uint8Array, root: { readonly id: Uint8Array }) {
  return { kind: 'root', deploymentId, projectId: null, objectId: root.id, version: 1 } as const;
}

/**
 * Writes the root record. The identity key's seal covers the whole body, so no entry of it can be changed, added or dropped;
 * the root key that it is sealed under is the one that seals everything else.
 */
export function encodeRootRecord(
  body: RootRecordBody,
  roots: RootKeys,
  identitySeed: Uint8Array,
): Uint8Array {
  return encodeCbor({
    body,
    identity: seal(roots.sealing, identityContext(body), identitySeed),
  } as CborValue);
}

/** @throws OperationError ROOT_RECORD_REFUSED */
export function decodeRootRecord(untrustedRecord: Uint8Array): RootRecord {
  try {
    const record = v.parse(recordSchema, decodeCbor(untrustedRecord));
    if (!Buffer.from(deploymentIdOf(record.body.identityKey)).equals(record.body.deploymentId))
      throw refused();
    return record;
  } catch (cause) {
    throw refused(cause);
  }
}

/**
 * Opens the identity key with the unwrapped root keys and checks that it is the record's.
 * @throws OperationError ROOT_RECORD_REFUSED
 */
export function openDeployment({ body, identity }: RootRecord, rootKeys: readonly RootKey[]): Deployment {
  try {
    const roots = createRootKeys(rootKeys, sealingRootOf(identity, rootKeys));
    const seed = unseal(roots.ofGeneration, identityContext(body), identity);
    const identityKey = importEd25519Seed(seed);
    seed.fill(0);
    const identityPublicKey = rawEd25519PublicKey(identityKey);
    if (!Buffer.from(identityPublicKey).equals(body.identityKey)) throw refused();
    return { id: deploymentIdOf(identityPublicKey), roots, identityKey, identityPublicKey };
  } catch (cause) {
    throw refused(cause);
  }
}

/** @throws OperationError ROOT_RECORD_REFUSED when the identity key is sealed under none of them */
function sealingRootOf(identity: Uint8Array, rootKeys: readonly RootKey[]): RootKey {
  const generation = generationOf(identity);
  const root = rootKeys.find((key) => key.generation === generation);
  if (root === undefined) throw refused();
  return root;
}

function identityContext(body: RootRecordBody) {
  const objectId = createHash('sha256')
    .update(encodeCbor(body as CborValue))
    .digest();
  return {
    kind: 'identity',
    deploymentId: body.deploymentId,
    projectId: null,
    objectId,
    version: body.version,
  } as const;
}

function refused(cause?: unknown): OperationError {
  return new OperationError('ROOT_RECORD_REFUSED', { cause });
}
