import { createPublicKey, type KeyObject } from 'node:crypto';
import type { Principal } from '../store/store.ts';

const MAX_KEYS = 4096;

/** Public keys of API keys as KeyObjects: importing one costs as much as a verification. The least recently used goes first. */
export interface KeyCache {
  /** @throws Error when the stored key is no public key */
  keyOf(principal: Pick<Principal, 'apiKeyId' | 'publicKey'>): KeyObject;
}

/** @param maxKeys bound of the memory that API keys can take */
export function createKeyCache(maxKeys = MAX_KEYS): KeyCache {
  const keys = new Map<string, KeyObject>();
  return {
    keyOf({ apiKeyId, publicKey }) {
      // The key's own bytes are part of the name, so that a replaced key is never verified by its predecessor.
      const bytes = Buffer.from(publicKey.buffer, publicKey.byteOffset, publicKey.length);
      const name = `${bytes.toString('latin1')}${apiKeyId}`;
      const cached = keys.get(name);
      if (cached !== undefined) {
        keys.delete(name);
        keys.set(name, cached);
        return cached;
      }
      const key = createPublicKey({ key: bytes, format: 'der', type: 'spki' });
      if (keys.size >= maxKeys) keys.delete(keys.keys().next().value as string);
      keys.set(name, key);
      return key;
    },
  };
}
