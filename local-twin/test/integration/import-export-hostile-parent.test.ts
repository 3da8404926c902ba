// Each test is a parent that cheats with keys that come in or go out; the enclave refuses it with a code of its own.
import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';
import { verifyTransferReceipt } from '@strongroom/attestation/transfer-receipt';
import { exportEvmAccount } from '@strongroom/shared/operations/export-evm-account';
import { importEvmAccount } from '@strongroom/shared/operations/import-evm-account';
import { importSolanaAccount } from '@strongroom/shared/operations/import-solana-account';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { encryptForImport, fullySignedRequest, makeLabImportKey } from '../support/lab-policy.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });

let lab: Laboratory;
let enclave: LabEnclave;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
});
afterAll(() => lab[Symbol.asyncDispose]());

/** Verifies by the key that the laboratory's root record names. */
async function openReceipt(receipt: Uint8Array | undefined, { rows: { projectId } }: LabProject) {
  const { body } = decodeCbor(await lab.rootRecord()) as { body: { identityKey: Uint8Array } };
  return await verifyTransferReceipt(receipt ?? new Uint8Array(), body.identityKey, { projectId });
}

describe('an import key', () => {
  it('that many ask for at once is made once for a project, and sealed for each of them', async () => {
    const [mine, theirs] = [await createLabProject(enclave), await createLabProject(enclave)];
    const asked = [...Array.from({ length: 12 }, () => mine), theirs];
    const made = await Promise.all(asked.map((project) => makeLabImportKey(enclave, project)));
    const pems = made.map(({ publicKey }) => publicKey.export({ format: 'pem', type: 'spki' }));
    const otherPem = pems.pop();
    expect(new Set(pems).size).toBe(1);
    expect(pems).not.toContain(otherPem);
    expect(new Set(made.map(({ sealed }) => Buffer.from(sealed).toString('hex'))).size).toBe(asked.length);
  });
});

describe('an import', () => {
  const importPath = '/v2/evm/accounts/import';

  it("by another project's import key, or by a key made up", async () => {
    const mine = await createLabProject(enclave);
    const theirs = await createLabProject(enclave);
    const ownKey = await makeLabImportKey(enclave, mine);
    const theirKey = await makeLabImportKey(enclave, theirs);
    const body = { encryptedPrivateKey: encryptForImport(ownKey.publicKey, randomBytes(32)) };
    for (const importKey of [theirKey.sealed, randomBytes(2000), mine.rows.clientSecret]) {
      const client = signedRequest(mine, { path: importPath, body });
      const attempt = enclave.call(importEvmAccount, {
        client,
        project: mine.rows,
        existing: null,
        importKey,
      });
      await expect(attempt).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    }
  });

  it('of a ciphertext that another project was sent', async () => {
    const victim = await createLabProject(enclave);
    const thief = await createLabProject(enclave);
    const victimKey = await makeLabImportKey(enclave, victim);
    const thiefKey = await makeLabImportKey(enclave, thief);
    const body = { encryptedPrivateKey: encryptForImport(victimKey.publicKey, randomBytes(32)) };
    for (const operation of [importEvmAccount, importSolanaAccount]) {
      const path = operation === importEvmAccount ? importPath : '/v2/solana/accounts/import';
      const attempt = (importKey: Uint8Array) =>
        enclave.call(operation, {
          client: signedRequest(thief, { path, body }),
          project: thief.rows,
          existing: null,
          importKey,
        });
      await expect(attempt(thiefKey.sealed)).rejects.toThrow(code('INVALID_REQUEST'));
      await expect(attempt(victimKey.sealed)).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    }
  });

  it('whose ciphertext was swapped after the token', async () => {
    const project = await createLabProject(enclave);
    const { sealed, publicKey } = await makeLabImportKey(enclave, project);
    const bodyOf = () => ({ encryptedPrivateKey: encryptForImport(publicKey, randomBytes(32)) });
    const client = signedRequest(project, { path: importPath, body: bodyOf() });
    const swapped = { ...client, body: Buffer.from(JSON.stringify(bodyOf())) };
    const rows = { project: project.rows, existing: null, importKey: sealed };
    await expect(enclave.call(importEvmAccount, { client: swapped, ...rows })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    expect((await enclave.call(importEvmAccount, { client, ...rows })).answer.status).toBe(201);
  });

  it('is receipted when it makes an account, and not when it is answered again', async () => {
    const project = await createLabProject(enclave);
    const { sealed, publicKey } = await makeLabImportKey(enclave, project);
    const body = { encryptedPrivateKey: encryptForImport(publicKey, randomBytes(32)) };
    const rows = { project: project.rows, importKey: sealed };
    const ask = (existing: { address: string; account: LabAccount['rows']['account'] } | null) =>
      enclave.call(importEvmAccount, {
        client: signedRequest(project, { path: importPath, body }),
        ...rows,
        existing,
      });
    const { created, receipt } = await ask(null);
    if (created === null) throw new Error('no account');
    const { address } = created.view;
    expect(await openReceipt(receipt, project)).toMatchObject({
      transfer: 'import',
      address,
      recipientDigest: null,
    });
    const again = await ask({ address, account: created.account });
    expect(again).toMatchObject({ created: null });
    expect(again.receipt).toBeUndefined();
  });

  it('that was done before, answered with an account of another key', async () => {
    const project = await createLabProject(enclave);
    const { sealed, publicKey } = await makeLabImportKey(enclave, project);
    const other = await createLabAccount(enclave, project);
    const body = { encryptedPrivateKey: encryptForImport(publicKey, randomBytes(32)) };
    const existing = { address: other.address, account: other.rows.account };
    const client = signedRequest(project, { path: importPath, body });
    const rows = { project: project.rows, existing, importKey: sealed };
    await expect(enclave.call(importEvmAccount, { client, ...rows })).rejects.toThrow(
      code('IDEMPOTENCY_MISMATCH'),
    );
  });
});

describe('an export', () => {
  const recipient = () =>
    generateKeyPairSync('rsa', { modulusLength: 2048 })
      .publicKey.export({ format: 'der', type: 'spki' })
      .toString('base64');
  const allScopes = { exportAllowed: true, scopes: ['read', 'sign', 'accounts#export'] };

  async function exporting(choices: object = allScopes) {
    const project = await createLabProject(enclave, choices);
    const account = await createLabAccount(enclave, project, { name: 'mine' });
    const path = `/v2/evm/accounts/${account.address}/export`;
    const exportEncryptionKey = recipient();
    const client = fullySignedRequest(project, { path, body: { exportEncryptionKey } });
    const { address, rows } = account;
    return {
      account,
      request: { client, project: project.rows, address, rows },
      project,
      exportEncryptionKey,
    };
  }

  it('that all allow is answered', async () => {
    const { request } = await exporting();
    expect((await enclave.call(exportEvmAccount, request)).status).toBe(200);
  });

  it('is receipted with the account and the key that it was encrypted to, for its own project', async () => {
    const { request, account, project, exportEncryptionKey } = await exporting();
    const { receipt } = await enclave.call(exportEvmAccount, request);
    const recipientDigest = createHash('sha256').update(Buffer.from(exportEncryptionKey, 'base64')).digest();
    const opened = await openReceipt(receipt, project);
    expect(opened).toMatchObject({
      transfer: 'export',
      address: account.address,
      recordVersion: project.rows.authority.version,
    });
    expect(Buffer.from(opened.recipientDigest ?? [])).toEqual(recipientDigest);
    const other = await createLabProject(enclave);
    await expect(openReceipt(receipt, other)).rejects.toThrow(code('STATEMENT_PROJECT'));
  });

  it('to a key that was swapped after the token', async () => {
    const { request } = await exporting();
    const body = Buffer.from(JSON.stringify({ exportEncryptionKey: recipient() }));
    const swapped = { ...request, client: { ...request.client, body } };
    await expect(enclave.call(exportEvmAccount, swapped)).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
  });

  it('by an API key that may not, by none, or by one of another project', async () => {
    const { request } = await exporting({ ...allScopes, scopes: ['read', 'sign'] });
    await expect(enclave.call(exportEvmAccount, request)).rejects.toThrow(code('FORBIDDEN'));
    const other = await exporting();
    const { project, account } = await exporting();
    const path = `/v2/evm/accounts/${account.address}/export`;
    const body = { exportEncryptionKey: recipient() };
    const rows = { project: project.rows, address: account.address, rows: account.rows };
    const foreign = fullySignedRequest(project, { path, body }, other.project.apiKey);
    const none = { ...fullySignedRequest(project, { path, body }), bearerToken: null };
    for (const client of [foreign, none])
      await expect(enclave.call(exportEvmAccount, { client, ...rows })).rejects.toThrow(
        code('BEARER_REFUSED'),
      );
  });

  it('in a project that allows none', async () => {
    const { request } = await exporting({ ...allScopes, exportAllowed: false });
    await expect(enclave.call(exportEvmAccount, request)).rejects.toThrow(code('FORBIDDEN'));
  });

  it('of the account of another name than the one that was asked for', async () => {
    const { project, account } = await exporting();
    const other = await createLabAccount(enclave, project, { name: 'other' });
    const path = '/v2/evm/accounts/export/by-name/mine';
    const ask = ({ address, rows }: LabAccount) =>
      enclave.call(exportEvmAccount, {
        client: fullySignedRequest(project, { path, body: { exportEncryptionKey: recipient() } }),
        project: project.rows,
        address,
        rows,
      });
    await expect(ask(other)).rejects.toThrow(code('RECORD_MISMATCH'));
    expect((await ask(account)).status).toBe(200);
  });
});
