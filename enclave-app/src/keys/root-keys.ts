import { createSecretKey, type KeyObject } from 'node:crypto';
import type { SealingKey } from './seal.ts';

/** One generation of the root key. */
export interface RootKey {
  readonly id: Uint8Array;
  readonly generation: number;
  /** 32 bytes. */
  readonly secret: Uint8Array;
}

/** The root keys in use: one of them seals, each of them opens. They leave this object only inside keys derived from them. */
export interface RootKeys {
  /** The one that seals. */
  readonly current: { readonly id: Uint8Array; readonly generation: number };
  /** The root key itself, for what belongs to the deployment or to a project as a whole. */
  readonly sealing: SealingKey;
  ofGeneration(generation: number): KeyObject | undefined;
  /** Keys under root || client secret, for the wallet keys of one project. */
  withClientSecret(clientSecret: Uint8Array): ProjectKeys;
}

/** The keys that seal one project's wallets. */
export interface ProjectKeys {
  readonly sealing: SealingKey;
  ofGeneration(generation: number): KeyObject | undefined;
}

/**
 * Takes ownership of the secrets and zeroes nothing of them while the enclave lives.
 * @param current the one of `roots` that seals
 */
export function createRootKeys(roots: readonly RootKey[], current: RootKey): RootKeys {
  const { id, generation: sealingGeneration } = current;
  const byGeneration = new Map(roots.map((root) => [root.generation, createSecretKey(root.secret)]));
  return {
    current: { id, generation: sealingGeneration },
    sealing: { key: byGeneration.get(sealingGeneration) as KeyObject, generation: sealingGeneration },
    ofGeneration: (generation) => byGeneration.get(generation),
    withClientSecret(clientSecret) {
      const combined = new Map(roots.map((root) => [root.generation, combine(root.secret, clientSecret)]));
      return {
        sealing: { key: combined.get(sealingGeneration) as KeyObject, generation: sealingGeneration },
        ofGeneration: (generation) => combined.get(generation),
      };
    },
  };
}

function combine(root: Uint8Array, clientSecret: Uint8Array): KeyObject {
  const ikm = new Uint8Array(root.length + clientSecret.length);
  ikm.set(root);
  ikm.set(clientSecret, root.length);
  try {
    return createSecretKey(ikm);
  } finally {
    ikm.fill(0);
  }
}
