// Rotation of Wallet Secrets against a parent that keeps every record it has ever seen.
import { setTimeout as sleep } from 'node:timers/promises';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { addWalletSecret } from '@strongroom/shared/operations/add-wallet-secret';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  addSecret,
  afterChange,
  base64Of,
  newSecretBody,
  revokeSecret,
  type SigningProject,
} from '../../src/hostile/lab-owner.ts';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { certifiedProject } from '../support/certified-project.ts';
import { signHashBy } from '../support/lab-signing.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
let lab: Laboratory;
let enclave: LabEnclave;
let mine: LabProject;
let account: LabAccount;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());
beforeEach(async () => {
  mine = await createLabProject(enclave);
  account = await createLabAccount(enclave, mine);
});

const sign = async (project: SigningProject, to = enclave) => (await signHashBy(to, project, account)).status;
const newSecretRequest = (added = makeWalletSecret(), issuedAtS?: number) =>
  signedRequest(mine, {
    path: '/v2/enclave/wallet-secrets',
    body: newSecretBody(added, mine.rows.projectId),
    ...(issuedAtS !== undefined && { issuedAtS }),
  });
const secretsOf = async (project: SigningProject) => (await certifiedProject(enclave, project)).walletSecrets;

describe('rotation', () => {
  it('lets both sign until the chosen time, and then the new one alone', async () => {
    const added = makeWalletSecret();
    const retireOthersAtMs = Date.now() + 1200;
    const rotated = afterChange(mine, await addSecret(enclave, mine, added, { retireOthersAtMs }));
    const renewed = { ...rotated, walletSecret: added.privateKey };
    expect(await sign(rotated)).toBe(200);
    expect(await sign(renewed)).toBe(200);
    await sleep(retireOthersAtMs + 300 - Date.now());
    await expect(sign(rotated)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
    expect(await sign(renewed)).toBe(200);
  });

  it('without a time leaves both until one is revoked', async () => {
    const added = makeWalletSecret();
    const rotated = afterChange(mine, await addSecret(enclave, mine, added));
    expect(await secretsOf(rotated)).toHaveLength(2);
    const [first] = await secretsOf(rotated);
    const renewed = { ...rotated, walletSecret: added.privateKey };
    const alone = afterChange(renewed, await revokeSecret(enclave, renewed, first!.publicKey));
    expect(await sign(alone)).toBe(200);
    await expect(sign({ ...alone, walletSecret: mine.walletSecret })).rejects.toThrow(
      code('WALLET_TOKEN_SIGNATURE'),
    );
  });

  it('never moves an end that was set further away', async () => {
    const [second, third] = [makeWalletSecret(), makeWalletSecret()];
    const soonMs = Date.now() + 60_000;
    const once = afterChange(mine, await addSecret(enclave, mine, second, { retireOthersAtMs: soonMs }));
    const renewed = { ...once, walletSecret: second.privateKey };
    const change = await addSecret(enclave, renewed, third, { retireOthersAtMs: soonMs + 3_600_000 });
    const secrets = await secretsOf(afterChange(renewed, change));
    expect(secrets).toMatchObject([
      { state: 'retiring', notAfterMs: soonMs },
      { state: 'retiring', notAfterMs: soonMs + 3_600_000 },
      { state: 'active', notAfterMs: null },
    ]);
  });

  it('stops at eight', async () => {
    let project: LabProject = mine;
    for (let count = 1; count < 8; count++)
      project = afterChange(project, await addSecret(enclave, project, makeWalletSecret()));
    await expect(addSecret(enclave, project, makeWalletSecret())).rejects.toThrow(code('INVALID_REQUEST'));
  });

  it('keeps the last active secret, also beside one that retires', async () => {
    const [only] = await secretsOf(mine);
    await expect(revokeSecret(enclave, mine, only!.publicKey)).rejects.toThrow(code('INVALID_REQUEST'));
    const added = makeWalletSecret();
    const change = await addSecret(enclave, mine, added, { retireOthersAtMs: Date.now() + 60_000 });
    const rotated = afterChange(mine, change);
    await expect(revokeSecret(enclave, rotated, added.publicKey)).rejects.toThrow(code('INVALID_REQUEST'));
  });
});

describe('a parent', () => {
  it('cannot go back to the record before a rotation or a revocation', async () => {
    const added = makeWalletSecret();
    const rotated = afterChange(mine, await addSecret(enclave, mine, added));
    const renewed = { ...rotated, walletSecret: added.privateKey };
    expect(await sign(renewed)).toBe(200);
    await expect(sign(mine)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
    const [first] = await secretsOf(rotated);
    const alone = afterChange(renewed, await revokeSecret(enclave, renewed, first!.publicKey));
    expect(await sign(alone)).toBe(200);
    await expect(sign(rotated)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('cannot leave the enclave between two records: one that does not open whole was not presented', async () => {
    const rotated = afterChange(mine, await addSecret(enclave, mine, makeWalletSecret()));
    const broken = { ...rotated, rows: { ...rotated.rows, clientSecret: Buffer.alloc(113) } };
    expect(await sign(mine)).toBe(200);
    await expect(sign(broken)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    const { rows: theirs } = await createLabProject(enclave);
    const foreign = { ...rotated, rows: { ...rotated.rows, clientSecret: theirs.clientSecret } };
    await expect(sign(foreign)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    // Not by the memory of its rows alone: the mark is where it was.
    const other = afterChange(mine, await addSecret(enclave, mine, makeWalletSecret()));
    expect(await sign(other)).toBe(200);
    await expect(sign(rotated)).rejects.toThrow(code('RECORD_FORKED'));
    await expect(sign(mine)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });

  it('cannot show two successors of one record', async () => {
    const [one, other] = [
      afterChange(mine, await addSecret(enclave, mine, makeWalletSecret())),
      afterChange(mine, await addSecret(enclave, mine, makeWalletSecret())),
    ];
    expect(await sign(one)).toBe(200);
    await expect(sign(other)).rejects.toThrow(code('RECORD_FORKED'));
  });

  it('cannot add a secret of its own: without a token, or with its own', async () => {
    const own = makeWalletSecret();
    const client = { ...newSecretRequest(own), walletToken: null };
    await expect(enclave.call(addWalletSecret, { client, project: mine.rows })).rejects.toThrow(
      code('WALLET_TOKEN_MISSING'),
    );
    const forged = { ...mine, walletSecret: own.privateKey };
    await expect(addSecret(enclave, forged, own)).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
  });

  it('cannot put its secret into a request that the owner signed', async () => {
    const own = makeWalletSecret();
    const signed = newSecretRequest();
    const body = Buffer.from(JSON.stringify(newSecretBody(own, mine.rows.projectId)));
    const client = { ...signed, body };
    await expect(enclave.call(addWalletSecret, { client, project: mine.rows })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
  });

  it('cannot use the token of a rotation again on the record that it made', async () => {
    const client = newSecretRequest();
    const change = await enclave.call(addWalletSecret, { client, project: mine.rows });
    const { rows } = afterChange(mine, change);
    await using second = await lab.bootReady();
    await sleep(1100);
    await expect(enclave.call(addWalletSecret, { client, project: rows })).rejects.toThrow(
      code('WALLET_TOKEN_REPLAYED'),
    );
    await expect(second.call(addWalletSecret, { client, project: rows })).rejects.toThrow(
      code('WALLET_TOKEN_BEFORE_BOOT'),
    );
  });
});

describe('a token of the future', () => {
  const inSeconds = (seconds: number) => Math.floor(Date.now() / 1000) + seconds;
  const signLater = (project: SigningProject, issuedAtS: number) =>
    signHashBy(enclave, project, account, issuedAtS);

  it('does not act once its record was replaced: neither sign nor change anything', async () => {
    const issuedAtS = inSeconds(2);
    const client = newSecretRequest(makeWalletSecret(), issuedAtS);
    const held = [signLater(mine, issuedAtS), enclave.call(addWalletSecret, { client, project: mine.rows })];
    const outcomes = Promise.allSettled(held);
    await sleep(100);
    expect(await sign(afterChange(mine, await addSecret(enclave, mine, makeWalletSecret())))).toBe(200);
    const older = { status: 'rejected', reason: code('RECORD_OLDER_VERSION') };
    expect(await outcomes).toEqual([older, older]);
  });

  it('is no way around the end of its secret', async () => {
    const change = await addSecret(enclave, mine, makeWalletSecret(), {
      retireOthersAtMs: Date.now() + 10_000,
    });
    const rotated = afterChange(mine, change);
    expect(await sign(rotated)).toBe(200);
    await expect(signLater(rotated, inSeconds(20))).rejects.toThrow(code('WALLET_TOKEN_SIGNATURE'));
  });
});

describe('a new secret', () => {
  it('needs a proof of its own, for this project', async () => {
    const added = makeWalletSecret();
    const theirs = await createLabProject(enclave);
    const wrong = [
      newSecretBody(makeWalletSecret(), mine.rows.projectId).proof,
      newSecretBody(added, theirs.rows.projectId).proof,
      'AAAA',
    ];
    for (const proof of wrong)
      await expect(addSecret(enclave, mine, added, { body: { proof } })).rejects.toThrow(
        code('INVALID_REQUEST'),
      );
  });

  it('is another one, of P-256, ending in the future', async () => {
    const [only] = await secretsOf(mine);
    const held = { publicKey: only!.publicKey, privateKey: mine.walletSecret, secret: '' };
    await expect(addSecret(enclave, mine, held)).rejects.toThrow(code('ALREADY_EXISTS'));
    const { apiKey } = mine;
    const body = { publicKey: base64Of(apiKey.publicKey) };
    await expect(addSecret(enclave, mine, makeWalletSecret(), { body })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
    const past = { retireOthersAtMs: Date.now() - 1000 };
    await expect(addSecret(enclave, mine, makeWalletSecret(), past)).rejects.toThrow(code('INVALID_REQUEST'));
  });
});

describe('not prevented', () => {
  it('a revoked secret signs on an enclave that never saw the newer record', async () => {
    const added = makeWalletSecret();
    const rotated = afterChange(mine, await addSecret(enclave, mine, added));
    const [first] = await secretsOf(rotated);
    const renewed = { ...rotated, walletSecret: added.privateKey };
    const alone = afterChange(renewed, await revokeSecret(enclave, renewed, first!.publicKey));
    expect(await sign(alone)).toBe(200);
    await using restarted = await lab.bootReady();
    await sleep(1100);
    expect(await sign(mine, restarted)).toBe(200);
    expect(await sign(alone, restarted)).toBe(200);
    await expect(sign(mine, restarted)).rejects.toThrow(code('RECORD_OLDER_VERSION'));
  });
});
