import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { type SealContext, type SealKind, seal, unseal } from './seal.ts';

const root = createSecretKey(randomBytes(32));
const other = createSecretKey(randomBytes(32));
const context: SealContext = {
  kind: 'wallet',
  deploymentId: Buffer.alloc(32, 1),
  projectId: Buffer.alloc(32, 2),
  objectId: Buffer.alloc(16, 3),
  version: 1,
  wallet: { curve: 'secp256k1', publicKey: Buffer.alloc(33, 4) },
};
const plaintext = randomBytes(32);
const blob = seal({ key: root, generation: 7 }, context, plaintext);
const open = (sealed: Uint8Array, expected: SealContext, key = root) =>
  unseal((generation) => (generation === 7 ? key : undefined), expected, sealed);
const refused = expect.objectContaining({ code: 'SEALED_BLOB_REFUSED' });

describe('seal', () => {
  it('opens what it sealed, under the same key and context', () => {
    expect(Buffer.compare(open(blob, context), plaintext)).toBe(0);
    expect(blob).toHaveLength(69 + 32 + 16);
  });

  it('never makes the same blob twice', () => {
    expect(Buffer.compare(seal({ key: root, generation: 7 }, context, plaintext), blob)).not.toBe(0);
  });

  it.each<[string, Partial<SealContext>]>([
    ['another deployment', { deploymentId: Buffer.alloc(32, 9) }],
    ['another project', { projectId: Buffer.alloc(32, 9) }],
    ['no project', { projectId: null }],
    ['another object', { objectId: Buffer.alloc(16, 9) }],
    ['another version', { version: 2 }],
    ['another curve', { wallet: { curve: 'ed25519', publicKey: Buffer.alloc(33, 4) } }],
    ['another public key', { wallet: { curve: 'secp256k1', publicKey: Buffer.alloc(33, 9) } }],
    ...(['root', 'identity', 'client-secret', 'authority', 'account'] as SealKind[]).map(
      (kind): [string, Partial<SealContext>] => [`the kind ${kind}`, { kind }],
    ),
  ])('does not open for %s', (_what, change) => {
    expect(() => open(blob, { ...context, ...change })).toThrow(refused);
  });

  it('does not open under another key or generation', () => {
    expect(() => open(blob, context, other)).toThrow(refused);
    expect(() => unseal(() => undefined, context, blob)).toThrow(refused);
  });

  it('does not open with any bit flipped, or cut at any length', () => {
    for (let bit = 0; bit < blob.length * 8; bit++) {
      const flipped = Uint8Array.from(blob);
      flipped[bit >> 3] = (flipped[bit >> 3] as number) ^ (1 << (bit & 7));
      expect(() => unseal(() => root, context, flipped)).toThrow(refused);
    }
    for (let length = 0; length < blob.length; length++)
      expect(() => open(blob.subarray(0, length), context)).toThrow(refused);
  });
});
