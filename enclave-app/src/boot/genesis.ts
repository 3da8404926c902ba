import { randomBytes } from 'node:crypto';
import { importEd25519Seed, rawEd25519PublicKey } from '../keys/ed25519-key.ts';
import type { Entropy } from '../keys/entropy.ts';
import { createRootKeys, type RootKey } from '../keys/root-keys.ts';
import { type DataKey, deploymentIdOf, encodeRootRecord, wrapRoot } from '../keys/root-record.ts';
import type { Kms } from '../kms/kms.ts';

/**
 * Makes root key and identity key of a deployment, and forgets them.
 * @returns its first root record
 * @throws OperationError KMS_*, CREDENTIALS_MISSING
 */
export async function makeDeployment(
  kms: Kms,
  keyArns: readonly string[],
  entropy: Entropy,
): Promise<Uint8Array> {
  for (const keyArn of keyArns) await kms.checkKey(keyArn);
  const identitySeed = entropy(32);
  const identityKey = rawEd25519PublicKey(importEd25519Seed(identitySeed));
  const deploymentId = deploymentIdOf(identityKey);
  const root: RootKey = { id: randomBytes(16), generation: 1, secret: entropy(32) };
  const dataKeys: DataKey[] = [];
  for (const keyArn of keyArns) {
    dataKeys.push(await kms.generateDataKey(keyArn, { deploymentId, generation: root.generation }));
  }
  const wraps = wrapRoot(deploymentId, root, dataKeys);
  const record = encodeRootRecord(
    {
      v: 1,
      deploymentId,
      identityKey,
      version: 1,
      roots: [{ id: root.id, generation: root.generation, wraps }],
    },
    createRootKeys([root], root),
    identitySeed,
  );
  for (const secret of [identitySeed, root.secret, ...dataKeys.map((key) => key.plaintext)]) secret.fill(0);
  return record;
}
