import { randomBytes } from 'node:crypto';
import { OperationError } from '@strongroom/shared/channel/operation-error';
import { exportEd25519Seed } from '../keys/ed25519-key.ts';
import type { Entropy } from '../keys/entropy.ts';
import { createRootKeys, type RootKey } from '../keys/root-keys.ts';
import {
  type DataKey,
  type Deployment,
  encodeRootRecord,
  type RootRecord,
  type RootRecordBody,
  wrapRoot,
} from '../keys/root-record.ts';
import type { Kms } from '../kms/kms.ts';

const MAX_RESTORES = 0xffff_ffff;

/** A deployment with the record that it was opened from. */
export interface LoadedRoots {
  readonly record: RootRecord;
  readonly deployment: Deployment;
  readonly rootKeys: readonly RootKey[];
}

export interface WrappingKeys {
  readonly kms: Kms;
  /** ARNs of KMS keys, each of the measured configuration. */
  readonly keyArns: readonly string[];
}

/**
 * Makes a root key of the next generation that opens and does not seal yet: all enclaves have to know it before one of them uses it.
 * The new key is forgotten; the record, once stored, brings it back by way of KMS.
 * @returns the next version of the root record
 * @throws OperationError ROTATION_REFUSED while another rotation is under way; KMS_*, CREDENTIALS_MISSING
 */
export async function announceRoot(
  loaded: LoadedRoots,
  wrapping: WrappingKeys,
  entropy: Entropy,
): Promise<Uint8Array> {
  const { body } = loaded.record;
  const [only, ...others] = body.roots;
  if (only === undefined || others.length > 0) throw new OperationError('ROTATION_REFUSED');
  const root: RootKey = { id: randomBytes(16), generation: only.generation + 1, secret: entropy(32) };
  const dataKeys = await makeDataKeys(body.deploymentId, root.generation, wrapping);
  const wraps = wrapRoot(body.deploymentId, root, dataKeys);
  for (const secret of [root.secret, ...dataKeys.map((key) => key.plaintext)]) secret.fill(0);
  const roots = [only, { id: root.id, generation: root.generation, wraps }];
  return nextRecord(loaded, roots, loaded.deployment.roots.current.generation);
}

/**
 * Lets the announced root key seal from now on.
 * @throws OperationError ROTATION_REFUSED when none is announced
 */
export function activateRoot(loaded: LoadedRoots): Uint8Array {
  const { roots } = loaded.record.body;
  const newest = Math.max(...roots.map(({ generation }) => generation));
  if (newest === loaded.deployment.roots.current.generation) throw new OperationError('ROTATION_REFUSED');
  return nextRecord(loaded, roots, newest);
}

/**
 * Drops all root keys but the one that seals.
 * @throws OperationError ROTATION_REFUSED when there is nothing to drop
 */
export function retireRoots(loaded: LoadedRoots): Uint8Array {
  const { generation } = loaded.deployment.roots.current;
  const { roots } = loaded.record.body;
  const kept = roots.filter((root) => root.generation === generation);
  if (kept.length === roots.length || roots.some((root) => root.generation > generation)) {
    throw new OperationError('ROTATION_REFUSED');
  }
  return nextRecord(loaded, kept, generation);
}

/**
 * Wraps each root key by further KMS keys, so that the service outlives the one that it was made with.
 * @throws OperationError ROTATION_REFUSED when each root key has all of these wraps; KMS_*, CREDENTIALS_MISSING
 */
export async function addWraps(loaded: LoadedRoots, { kms, keyArns }: WrappingKeys): Promise<Uint8Array> {
  const { deploymentId, roots } = loaded.record.body;
  const extended = [];
  let isChanged = false;
  for (const root of roots) {
    const missing = keyArns.filter((arn) => root.wraps.every((wrap) => wrap.keyArn !== arn));
    const rootKey = loaded.rootKeys.find(({ generation }) => generation === root.generation);
    if (rootKey === undefined) throw new OperationError('ROTATION_REFUSED');
    const dataKeys = await makeDataKeys(deploymentId, root.generation, { kms, keyArns: missing });
    extended.push({ ...root, wraps: [...root.wraps, ...wrapRoot(deploymentId, rootKey, dataKeys)] });
    for (const { plaintext } of dataKeys) plaintext.fill(0);
    isChanged ||= missing.length > 0;
  }
  if (!isChanged) throw new OperationError('ROTATION_REFUSED');
  return nextRecord(loaded, extended, loaded.deployment.roots.current.generation);
}

/**
 * Counts a restore; the same root keys go on.
 * @param atLeast restores that clients know of, so that no epoch is shown a second time
 * @throws OperationError ROTATION_REFUSED when the count is at its end
 */
export function countRestore(loaded: LoadedRoots, atLeast: number): Uint8Array {
  const { body } = loaded.record;
  const restores = Math.max(body.restores ?? 0, atLeast) + 1;
  if (restores > MAX_RESTORES) throw new OperationError('ROTATION_REFUSED');
  const record = { ...loaded.record, body: { ...body, restores } };
  return nextRecord({ ...loaded, record }, body.roots, loaded.deployment.roots.current.generation);
}

async function makeDataKeys(
  deploymentId: Uint8Array,
  generation: number,
  { kms, keyArns }: WrappingKeys,
): Promise<DataKey[]> {
  const dataKeys: DataKey[] = [];
  for (const keyArn of keyArns) await kms.checkKey(keyArn);
  for (const keyArn of keyArns)
    dataKeys.push(await kms.generateDataKey(keyArn, { deploymentId, generation }));
  return dataKeys;
}

function nextRecord(
  { record, deployment, rootKeys }: LoadedRoots,
  roots: RootRecordBody['roots'],
  sealingGeneration: number,
): Uint8Array {
  const current = rootKeys.find(({ generation }) => generation === sealingGeneration);
  if (current === undefined) throw new OperationError('ROTATION_REFUSED');
  const seed = exportEd25519Seed(deployment.identityKey);
  try {
    const body = { ...record.body, version: record.body.version + 1, roots };
    return encodeRootRecord(body, createRootKeys(rootKeys, current), seed);
  } finally {
    seed.fill(0);
  }
}
