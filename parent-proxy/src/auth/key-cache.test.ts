import { generateKeyPairSync } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createKeyCache } from './key-cache.ts';

const newKey = () => generateKeyPairSync('ed25519').publicKey.export({ format: 'der', type: 'spki' });

describe('createKeyCache', () => {
  it('imports a key once', () => {
    const cache = createKeyCache();
    const publicKey = newKey();
    expect(cache.keyOf({ apiKeyId: 'a', publicKey })).toBe(
      cache.keyOf({ apiKeyId: 'a', publicKey: Buffer.from(publicKey) }),
    );
  });

  it('never takes a replaced key for its predecessor', () => {
    const cache = createKeyCache();
    const [before, after] = [newKey(), newKey()];
    cache.keyOf({ apiKeyId: 'a', publicKey: before });
    const key = cache.keyOf({ apiKeyId: 'a', publicKey: after });
    expect(key.export({ format: 'der', type: 'spki' })).toEqual(after);
  });

  it('forgets the key that was used least recently', () => {
    const cache = createKeyCache(2);
    const keys = ['a', 'b', 'c'].map((apiKeyId) => ({ apiKeyId, publicKey: newKey() }));
    const [a, b, c] = keys as [(typeof keys)[0], (typeof keys)[0], (typeof keys)[0]];
    const first = cache.keyOf(a);
    const second = cache.keyOf(b);
    cache.keyOf(a);
    cache.keyOf(c);
    expect(cache.keyOf(a)).toBe(first);
    expect(cache.keyOf(b)).not.toBe(second);
  });

  it('reports a stored key that is none', () => {
    expect(() => createKeyCache().keyOf({ apiKeyId: 'a', publicKey: new Uint8Array(44) })).toThrow();
  });
});
