// A thief has both databases, and the secrets of a project of his own, but not the KMS key.
import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SealKind, seal } from '../../../enclave-app/src/keys/seal.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
} from '../../src/hostile/lab-project.ts';
import { type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

interface SealedBlob {
  readonly kind: SealKind;
  readonly bytes: Uint8Array;
}

let lab: Laboratory;
let blobs: SealedBlob[];
/** Everything that is stolen, and the thief's own. */
let stolen: Uint8Array[];

beforeAll(async () => {
  lab = await openLaboratory();
  const enclave = await lab.bootReady();
  const [victim, thief] = [await createLabProject(enclave), await createLabProject(enclave)];
  const accounts = [await createLabAccount(enclave, victim), await createLabAccount(enclave, thief)];
  blobs = [...[victim, thief].flatMap(blobsOfProject), ...accounts.flatMap(blobsOfAccount)];
  const scalarOf = (jwk: { d?: string }) => Buffer.from(jwk.d ?? '', 'base64url');
  stolen = [
    await lab.rootRecord(),
    ...[victim, thief].flatMap(({ rows, certificate }) => [rows.projectId, certificate]),
    ...accounts.map(({ certificate }) => certificate),
    ...blobs.map(({ bytes }) => bytes),
    scalarOf(thief.walletSecret.export({ format: 'jwk' })),
    scalarOf(thief.apiKey.privateKey.export({ format: 'jwk' })),
  ];
});
afterAll(() => lab[Symbol.asyncDispose]());

function blobsOfProject({ rows }: LabProject): SealedBlob[] {
  return [
    { kind: 'authority', bytes: rows.authority.sealed },
    { kind: 'client-secret', bytes: rows.clientSecret },
  ];
}

function blobsOfAccount({ rows }: LabAccount): SealedBlob[] {
  return [
    { kind: 'account', bytes: rows.account.sealed },
    { kind: 'wallet', bytes: rows.walletKey },
  ];
}

/** By the blob's commitment to its key, computed apart from the enclave's code (docs/protocol.md section 4). */
function isKeyOf(key: Uint8Array, { kind, bytes }: SealedBlob): boolean {
  const okm = Buffer.from(hkdfSync('sha256', key, bytes.subarray(5, 37), `strongroom/${kind}/v1`, 64));
  return okm.subarray(32).equals(bytes.subarray(37, 69));
}

/** Every 32 bytes in a row. */
function* keysIn(values: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const value of values)
    for (let at = 0; at + 32 <= value.length; at += 1) yield value.subarray(at, at + 32);
}

const openedBy = (values: readonly Uint8Array[], blob: SealedBlob) =>
  [...keysIn(values)].filter((key) => isKeyOf(key, blob)).length;

describe('both databases without the KMS key', () => {
  it('hold no 32 bytes that open any of their blobs', () => {
    expect(blobs).toHaveLength(8);
    for (const blob of blobs) expect(openedBy(stolen, blob), blob.kind).toBe(0);
  });

  it('would be opened by the key, were it anywhere among them', () => {
    const key = randomBytes(32);
    const context = {
      kind: 'wallet',
      deploymentId: key,
      projectId: null,
      objectId: key,
      version: 1,
    } as const;
    const bytes = seal({ key: createSecretKey(key), generation: 1 }, context, randomBytes(32));
    const hidden = Buffer.concat([randomBytes(7), key, randomBytes(5)]);
    expect(openedBy([...stolen, hidden], { kind: 'wallet', bytes })).toBe(1);
  });
});
