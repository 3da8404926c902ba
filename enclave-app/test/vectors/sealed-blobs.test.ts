// Blobs that were sealed once must open for ever: whoever changes the format finds out here.
import { createSecretKey } from 'node:crypto';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { type SealContext, type SealKind, seal, unseal } from '../../src/keys/seal.ts';

interface SealedVector {
  readonly kind: SealKind;
  readonly keyHex: string;
  readonly generation: number;
  readonly deploymentIdHex: string;
  readonly projectIdHex: string | null;
  readonly objectIdHex: string;
  readonly version: number;
  readonly wallet: { readonly curve: 'secp256k1' | 'ed25519'; readonly publicKeyHex: string } | null;
  readonly plaintextHex: string;
  readonly sealedHex: string;
}

const file = new URL('../../../vectors/protocol/sealed.json', import.meta.url);
const bytes = (hex: string) => Uint8Array.from(Buffer.from(hex, 'hex'));

function contextOf({
  kind,
  deploymentIdHex,
  projectIdHex,
  objectIdHex,
  version,
  wallet,
}: Omit<SealedVector, 'sealedHex'>): SealContext {
  return {
    kind,
    deploymentId: bytes(deploymentIdHex),
    projectId: projectIdHex === null ? null : bytes(projectIdHex),
    objectId: bytes(objectIdHex),
    version,
    ...(wallet !== null && { wallet: { curve: wallet.curve, publicKey: bytes(wallet.publicKeyHex) } }),
  };
}

if (!existsSync(file) && process.env['UPDATE_VECTORS'] === '1') {
  const kinds: SealKind[] = [
    'root',
    'identity',
    'client-secret',
    'authority',
    'account',
    'wallet',
    'import-key',
  ];
  const vectors = kinds.map((kind, index) => {
    const vector = {
      kind,
      keyHex: `${index + 1}`.padStart(2, '0').repeat(kind === 'wallet' || kind === 'import-key' ? 64 : 32),
      generation: index + 1,
      deploymentIdHex: 'd0'.repeat(32),
      projectIdHex: kind === 'root' || kind === 'identity' ? null : 'e0'.repeat(32),
      objectIdHex: 'f0'.repeat(16),
      version: 1,
      wallet:
        kind === 'wallet' ? ({ curve: 'secp256k1', publicKeyHex: `02${'c0'.repeat(32)}` } as const) : null,
      plaintextHex: Buffer.from(`what a blob of kind ${kind} holds`).toString('hex'),
    };
    const sealingKey = { key: createSecretKey(bytes(vector.keyHex)), generation: vector.generation };
    return {
      ...vector,
      sealedHex: Buffer.from(seal(sealingKey, contextOf(vector), bytes(vector.plaintextHex))).toString('hex'),
    };
  });
  writeFileSync(file, `${JSON.stringify(vectors, null, 1)}\n`);
}

const vectors = JSON.parse(readFileSync(file, 'utf8')) as SealedVector[];

describe('sealed blobs of the past', () => {
  it.each(vectors)('of kind $kind open', (vector) => {
    const key = createSecretKey(bytes(vector.keyHex));
    const plaintext = unseal(
      (generation) => (generation === vector.generation ? key : undefined),
      contextOf(vector),
      bytes(vector.sealedHex),
    );
    expect(Buffer.from(plaintext).toString('hex')).toBe(vector.plaintextHex);
  });
});
