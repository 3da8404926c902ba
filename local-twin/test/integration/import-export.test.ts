// The official SDK against enclave and proxy as processes of their own: keys that come in and go out.
import { generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { createKeyPairSignerFromPrivateKeyBytes, getBase58Decoder, getBase58Encoder } from '@solana/kit';
import { verifyTransferReceipt } from '@strongroom/attestation/transfer-receipt';
import { connectService } from '@strongroom/client/service';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { hashMessage, recoverAddress } from 'viem';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { describeTransferReceipts } from '../support/describe-transfer-receipts.ts';
import { importKeyOf } from '../support/import-key.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const ALL_SCOPES = ['read', 'sign', 'accounts#export', 'policies#manage'];

let system: TestSystem;
let project: TestProject;
let encryptionPublicKey: string;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system, { scopes: ALL_SCOPES });
  encryptionPublicKey = await importKeyOf(project);
});
beforeEach(() => {
  cdp = connectSdk(project);
});
afterAll(() => system[Symbol.asyncDispose]());

const base58 = (bytes: Uint8Array) => getBase58Decoder().decode(bytes);
const base58Bytes = (text: string) => Buffer.from(getBase58Encoder().encode(text) as unknown as Uint8Array);

async function solanaKey(seed = randomBytes(32)) {
  const { address } = await createKeyPairSignerFromPrivateKeyBytes(seed);
  return { seed, address };
}

describe("a project's import key", () => {
  it('is one for good, and another for another project', async () => {
    expect(await importKeyOf(project)).toBe(encryptionPublicKey);
    const other = await createTestProject(system);
    const raced = await Promise.all(Array.from({ length: 3 }, () => importKeyOf(other)));
    expect(new Set(raced).size).toBe(1);
    expect(raced[0]).not.toBe(encryptionPublicKey);
    expect(raced[0]).toMatch(/^-----BEGIN PUBLIC KEY-----\n[A-Za-z0-9+/=\n]+-----END PUBLIC KEY-----\n$/);
  });
});

describe('an imported EVM key', () => {
  it('is the account of its address, signs, and comes out again the same', async () => {
    const privateKey = generatePrivateKey();
    const { address } = privateKeyToAccount(privateKey);
    const account = await cdp.evm.importAccount({ privateKey, name: 'imported', encryptionPublicKey });
    expect(account).toMatchObject({ address, name: 'imported' });
    const signature = await account.signMessage({ message: 'mine' });
    expect(await recoverAddress({ hash: hashMessage('mine'), signature })).toBe(address);
    expect(await cdp.evm.exportAccount({ address })).toBe(privateKey.slice(2));
    expect(await cdp.evm.exportAccount({ name: 'imported' })).toBe(privateKey.slice(2));
  });

  it('comes in once', async () => {
    const privateKey = generatePrivateKey();
    await cdp.evm.importAccount({ privateKey, encryptionPublicKey });
    await expect(cdp.evm.importAccount({ privateKey, encryptionPublicKey })).rejects.toEqual(
      refusal(409, 'already_exists', 'EVM account with the given address already exists.'),
    );
  });

  it.each([
    ['zero', '00'.repeat(32)],
    ['the order of the curve', 'fffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141'],
    ['too short', '11'.repeat(31)],
    ['too long', '11'.repeat(33)],
  ])('that is %s is refused', async (_name, hex) => {
    await expect(cdp.evm.importAccount({ privateKey: `0x${hex}`, encryptionPublicKey })).rejects.toEqual(
      refusal(400, 'invalid_request', 'The encrypted private key is invalid.'),
    );
  });

  it("that is encrypted to somebody else's key, or to Coinbase's, is refused with the same words", async () => {
    const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey;
    const other = await importKeyOf(await createTestProject(system));
    const pem = stranger.export({ format: 'pem', type: 'spki' }).toString();
    for (const key of [pem, other, undefined]) {
      const privateKey = generatePrivateKey();
      const options = { privateKey, ...(key !== undefined && { encryptionPublicKey: key }) };
      await expect(cdp.evm.importAccount(options)).rejects.toEqual(
        refusal(400, 'invalid_request', 'The encrypted private key is invalid.'),
      );
    }
  });
});

describe('an imported Solana key', () => {
  it('is taken as 32 and as 64 bytes, signs, and comes out again the same', async () => {
    const short = await solanaKey();
    const long = await solanaKey();
    const first = await cdp.solana.importAccount({ privateKey: short.seed, encryptionPublicKey });
    expect(first.address).toBe(short.address);
    const full = base58(Buffer.concat([long.seed, base58Bytes(long.address)]));
    const second = await cdp.solana.importAccount({ privateKey: full, name: 'long', encryptionPublicKey });
    expect(second.address).toBe(long.address);
    await cdp.solana.signMessage({ address: long.address, message: 'mine' });
    expect(await cdp.solana.exportAccount({ name: 'long' })).toBe(full);
    const exported = base58Bytes(await cdp.solana.exportAccount({ address: short.address }));
    expect(exported.subarray(0, 32)).toEqual(Buffer.from(short.seed));
  });
});

describe('an idempotency key of an import', () => {
  it('finds the same key under every encryption of it, after a restart of both processes too', async () => {
    const privateKey = generatePrivateKey();
    const options = { privateKey, name: 'once', encryptionPublicKey, idempotencyKey: 'import-once' };
    const { address } = await cdp.evm.importAccount(options);
    expect(await cdp.evm.importAccount(options)).toMatchObject({ address, name: 'once' });
    await system.proxy.stop();
    await system.restartProxy();
    await system.enclave.stop();
    await system.restartEnclave();
    expect(await cdp.evm.importAccount(options)).toMatchObject({ address, name: 'once' });
    expect(
      (await cdp.evm.listAccounts({ pageSize: 1000 })).accounts.filter((a) => a.name === 'once'),
    ).toHaveLength(1);
  });

  it('is answered as the first time under its new name too', async () => {
    const options = {
      privateKey: generatePrivateKey(),
      encryptionPublicKey,
      idempotencyKey: 'import-renamed',
    };
    const { address } = await cdp.evm.importAccount({ ...options, name: 'born-as' });
    await cdp.evm.updateAccount({ address, update: { name: 'known-as' } });
    const again = await cdp.evm.importAccount({ ...options, name: 'born-as' });
    expect(again).toMatchObject({ address, name: 'born-as' });
    await expect(cdp.evm.importAccount({ ...options, name: 'known-as' })).rejects.toEqual(
      refusal(422, 'idempotency_error'),
    );
  });

  it('is refused for another key and for another name', async () => {
    const privateKey = generatePrivateKey();
    const options = { privateKey, encryptionPublicKey, idempotencyKey: 'import-other' };
    await cdp.evm.importAccount(options);
    const mismatch = refusal(422, 'idempotency_error');
    await expect(cdp.evm.importAccount({ ...options, privateKey: generatePrivateKey() })).rejects.toEqual(
      mismatch,
    );
    await expect(cdp.evm.importAccount({ ...options, name: 'other' })).rejects.toEqual(mismatch);
  });
});

describe('an export', () => {
  it('of a made account can be used elsewhere', async () => {
    const { address } = await cdp.evm.createAccount();
    const hex = await cdp.evm.exportAccount({ address });
    expect(privateKeyToAccount(`0x${hex}`).address).toBe(address);
  });

  it('comes with a receipt that the enclave signed', async () => {
    const { address } = await cdp.evm.createAccount();
    const exportEncryptionKey = spki(generateKeyPairSync('rsa', { modulusLength: 2048 }).publicKey);
    const path = `/v2/evm/accounts/${address}/export`;
    const { status, transferReceipt } = await sendSigned(project, 'POST', path, {
      body: { exportEncryptionKey },
    });
    expect(status).toBe(200);
    const { manifest } = await connectService(system.baseUrl).attestation(randomBytes(32));
    const { identityKey } = decodeCbor(manifest) as { identityKey: Uint8Array };
    const receipt = Buffer.from(transferReceipt ?? '', 'base64');
    const opened = await verifyTransferReceipt(receipt, identityKey, { projectId: project.projectId });
    expect(opened).toMatchObject({ transfer: 'export', address });
  });

  it('is refused to a key without the scope', async () => {
    const reader = await createTestProject(system, { scopes: ['read', 'sign'] });
    cdp = connectSdk(reader);
    const { address } = await cdp.evm.createAccount({ name: 'mine' });
    await expect(cdp.evm.exportAccount({ address })).rejects.toEqual(refusal(403, 'forbidden'));
    await expect(cdp.evm.exportAccount({ name: 'mine' })).rejects.toEqual(refusal(403, 'forbidden'));
  });

  it('is refused by a project that allows none', async () => {
    const closed = await createTestProject(system, { scopes: ALL_SCOPES, exportAllowed: false });
    cdp = connectSdk(closed);
    const { address } = await cdp.solana.createAccount();
    await expect(cdp.solana.exportAccount({ address })).rejects.toEqual(
      refusal(403, 'forbidden', 'This project does not allow keys to be exported.'),
    );
  });

  it('of what does not exist is refused', async () => {
    await expect(cdp.evm.exportAccount({ name: 'nobody' })).rejects.toEqual(refusal(404, 'not_found'));
    const theirs = await createTestProject(system);
    const { address } = await connectSdk(theirs).evm.createAccount();
    cdp = connectSdk(project);
    await expect(cdp.evm.exportAccount({ address })).rejects.toEqual(refusal(404, 'not_found'));
  });

  const spki = (key: KeyObject) => key.export({ format: 'der', type: 'spki' }).toString('base64');
  it.each([
    ['RSA of 1024 bits', () => spki(generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey)],
    [
      'RSA with the exponent 3',
      () => spki(generateKeyPairSync('rsa', { modulusLength: 2048, publicExponent: 3 }).publicKey),
    ],
    ['no RSA', () => spki(generateKeyPairSync('ed25519').publicKey)],
    ['no key', () => 'AAAA'],
  ])('to %s is refused', async (_name, recipient) => {
    const { address } = await cdp.evm.createAccount();
    const path = `/v2/evm/accounts/${address}/export`;
    const answer = await sendSigned(project, 'POST', path, { body: { exportEncryptionKey: recipient() } });
    expect(answer.status).toBe(400);
    expect(JSON.parse(answer.text)).toMatchObject({ errorType: 'invalid_request' });
  });
});

describeTransferReceipts(() => system);
