// A thief has both databases and a project of his own, but not the KMS key; or an enclave that opens everything, but not both databases.
import { createSecretKey, hkdfSync, randomBytes } from 'node:crypto';
import type { AccountRows, ProjectRows } from '@strongroom/shared/operations/fields';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type SealKind, seal } from '../../../enclave-app/src/keys/seal.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';

interface SealedBlob {
  readonly kind: SealKind;
  readonly bytes: Uint8Array;
}

let lab: Laboratory;
let enclave: LabEnclave;
let victim: LabProject;
let thief: LabProject;
let accounts: { readonly victims: LabAccount; readonly thiefs: LabAccount };
let blobs: SealedBlob[];
/** Everything that is stolen, and the thief's own. */
let stolen: Uint8Array[];

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  victim = await createLabProject(enclave);
  thief = await createLabProject(enclave);
  accounts = {
    victims: await createLabAccount(enclave, victim),
    thiefs: await createLabAccount(enclave, thief),
  };
  const both = Object.values(accounts);
  blobs = [...[victim, thief].flatMap(blobsOfProject), ...both.flatMap(blobsOfAccount)];
  const scalarOf = (jwk: { d?: string }) => Buffer.from(jwk.d ?? '', 'base64url');
  stolen = [
    await lab.rootRecord(),
    ...[victim, thief].flatMap(({ rows, certificate }) => [rows.projectId, certificate]),
    ...both.map(({ certificate }) => certificate),
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

const refused = expect.objectContaining({ code: 'SEALED_BLOB_REFUSED' });

/** Asks for a signature by an account of a project whose Wallet Secret the thief has as well. */
function sign(
  project: LabProject,
  { address }: LabAccount,
  presented: { project: ProjectRows; rows: AccountRows },
) {
  const body = { hash: `0x${'ab'.repeat(32)}` };
  const client = signedRequest(project, { path: `/v2/evm/accounts/${address}/sign`, body });
  return enclave.call(signEvmHash, { client, ...presented });
}

describe('an enclave that KMS gave the root key', () => {
  it('signs when every row is there', async () => {
    const { status } = await sign(victim, accounts.victims, {
      project: victim.rows,
      rows: accounts.victims.rows,
    });
    expect(status).toBe(200);
  });

  it('opens no wallet key of the vault by rows of a project of the thief', async () => {
    const { walletKey } = accounts.victims.rows;
    const rows = { ...accounts.thiefs.rows, walletKey };
    await expect(sign(thief, accounts.thiefs, { project: thief.rows, rows })).rejects.toThrow(refused);
    const swapped = { ...thief.rows, clientSecret: walletKey };
    await expect(sign(thief, accounts.thiefs, { project: swapped, rows })).rejects.toThrow(refused);
  });

  it('has nothing to sign with for the primary database alone', async () => {
    const { account } = accounts.victims.rows;
    for (const walletKey of [accounts.thiefs.rows.walletKey, account.sealed, victim.rows.clientSecret]) {
      const presented = { project: victim.rows, rows: { account, walletKey } };
      await expect(sign(victim, accounts.victims, presented)).rejects.toThrow(refused);
    }
  });

  it("opens nothing with another project's client secret", async () => {
    const { rows } = accounts.victims;
    const project = { ...victim.rows, clientSecret: thief.rows.clientSecret };
    await expect(sign(victim, accounts.victims, { project, rows })).rejects.toThrow(refused);
    const { projectId } = victim.rows;
    const under = { ...thief.rows, projectId };
    await expect(sign(victim, accounts.victims, { project: under, rows })).rejects.toThrow(refused);
  });
});
