// Backups over real processes: written while the service runs, restored into empty databases, drilled by an enclave; and what is refused.
import { createHash, randomBytes } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { connectService } from '@strongroom/client/service';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { decodeCbor } from '@strongroom/shared/wire/cbor';
import { Encrypter, generateIdentity, identityToRecipient } from 'age-encryption';
import { hashMessage, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readArchive } from '../../../parent-proxy/src/backup/read-backup.ts';
import { backup, drill, inspect, restore } from '../../../parent-proxy/src/operator/backup.ts';
import { type Deployment, openDeployment } from '../../../parent-proxy/src/operator/deployment.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { type System, startSystem } from '../../src/system/start-system.ts';
import { importKeyOf } from '../support/import-key.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned } from '../support/signed-request.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const quiet = { report: () => undefined };
const directory = mkdtempSync(join(tmpdir(), 'strongroom-backup-'));
const path = join(directory, 'first.age');
const home = join(directory, 'home');
let system: System;
let deployment: Deployment;
let deploymentId: Uint8Array;
let project: TestProject;
let cdp: CdpClient;
let identity: string;
let recipient: string;
let evmAddress: `0x${string}`;
let solanaAddress: string;
const archive = () => ({ path, identity, deploymentId });

beforeAll(async () => {
  system = await startSystem({ home });
  await untilTokensAreTaken();
  project = await createTestProject(system, { scopes: ['read', 'sign', 'accounts#export'] });
  cdp = connectSdk(project);
  deployment = await openDeployment({
    store: { engine: 'sqlite', directory: join(home, 'data') },
    dialer: tcpDialer(system.enclave.port),
    credentials: { read: () => Promise.reject(new Error('not asked for')) },
  });
  identity = await generateIdentity();
  recipient = await identityToRecipient(identity);
  evmAddress = (await cdp.evm.createAccount({ name: 'kept' })).address;
  const encryptionPublicKey = await importKeyOf(project);
  const imported = { privateKey: randomBytes(32), name: 'kept', encryptionPublicKey };
  solanaAddress = (await cdp.solana.importAccount(imported)).address;
  deploymentId = (await manifest()).deploymentId;
  await backup(deployment, { path, recipients: [recipient], ...quiet });
});

afterAll(async () => {
  await deployment?.close();
  await system?.[Symbol.asyncDispose]();
  rmSync(directory, { recursive: true, force: true });
});

/** The service anew, with these databases, where its clients know it. */
async function startOn(store: { readonly engine: 'sqlite'; readonly directory: string }): Promise<void> {
  const port = Number(new URL(system.baseUrl).port);
  await system[Symbol.asyncDispose]();
  system = await startSystem({ home, port, store });
  await untilTokensAreTaken();
}

async function untilTokensAreTaken(): Promise<void> {
  await sleep(1005 - (Date.now() % 1000));
}

async function manifest() {
  const { manifest: bytes } = await connectService(system.baseUrl).attestation(Buffer.alloc(32, 7));
  return decodeCbor(bytes) as { deploymentId: Uint8Array; securityEpoch: number };
}

async function expectSigns(): Promise<void> {
  const { signature } = await cdp.evm.signMessage({ address: evmAddress, message: 'kept' });
  expect(await recoverAddress({ hash: hashMessage('kept'), signature })).toBe(evmAddress);
}

describe('a backup', () => {
  it('says what is in it, certified by the enclave', async () => {
    const { certificate, rows } = await inspect(archive());
    expect(certificate).toMatchObject({ projects: 1, accounts: 2, securityEpoch: 1, rootRecordVersion: 1 });
    expect(Math.abs(certificate.certifiedAtMs - Date.now())).toBeLessThan(60_000);
    expect(rows).toBeGreaterThan(5);
  });

  it('holds no key, secret or token in the clear, and does not show to those without the identity', async () => {
    const plaintext: Buffer[] = [];
    for await (const part of readArchive({ path, identity: new Secret(identity) })) {
      if (part.kind !== 'batch') continue;
      for (const value of part.rows.flat()) {
        plaintext.push(value instanceof Uint8Array ? Buffer.from(value) : Buffer.from(String(value)));
      }
    }
    const exported = await cdp.evm.exportAccount({ address: evmAddress });
    const secrets = [project.walletSecret, project.apiKeySecret].map((text) => Buffer.from(text, 'base64'));
    secrets.push(Buffer.from(exported.replace(/^0x/, ''), 'hex'));
    const content = Buffer.concat(plaintext);
    expect(content.includes(Buffer.from(evmAddress))).toBe(true);
    for (const secret of secrets) expect(content.includes(secret.subarray(0, 32))).toBe(false);
    const file = readFileSync(path);
    expect(file.includes(Buffer.from(evmAddress))).toBe(false);
    const stranger = { ...archive(), identity: await generateIdentity() };
    await expect(inspect(stranger)).rejects.toEqual(code('ARCHIVE_UNREADABLE'));
  });

  it('is never written over a file, and leaves none when it fails', async () => {
    const options = { recipients: [recipient], ...quiet };
    await expect(backup(deployment, { path, ...options })).rejects.toEqual(code('ARCHIVE_EXISTS'));
    const silent = { ...deployment, call: () => Promise.reject(new Error('gone')) };
    const nowhere = join(directory, 'nowhere', 'backup.age');
    await expect(backup(deployment, { path: nowhere, ...options })).rejects.toThrow('ENOENT');
    const other = join(directory, 'failed.age');
    await expect(backup(silent as Deployment, { path: other, ...options })).rejects.toThrow('gone');
    expect(() => readFileSync(other)).toThrow('ENOENT');
    expect(() => readFileSync(`${other}.partial`)).toThrow('ENOENT');
  });
});

describe('a drill', () => {
  it('proves that the archive and KMS lead to the keys', async () => {
    const [drilled] = await drill(deployment, archive(), [evmAddress, solanaAddress]);
    expect(drilled?.addresses).toEqual([evmAddress, solanaAddress]);
    expect(Buffer.from(drilled?.projectId ?? []).equals(project.projectId)).toBe(true);
  });

  it('names no account that is not there', async () => {
    const later = (await cdp.evm.createAccount({})).address;
    await expect(drill(deployment, archive(), [later])).rejects.toEqual(code('DRILL_ADDRESS_MISSING'));
  });
});

/** Encrypts to the recipient, which whoever has the public key can. */
async function forged(change: (content: Buffer) => Buffer): Promise<string> {
  const { Decrypter } = await import('age-encryption');
  const decrypter = new Decrypter();
  decrypter.addIdentity(identity);
  const content = Buffer.from(await decrypter.decrypt(readFileSync(path)));
  const encrypter = new Encrypter();
  encrypter.addRecipient(recipient);
  const file = join(
    directory,
    `forged-${createHash('sha256').update(change(content)).digest('hex').slice(0, 8)}.age`,
  );
  writeFileSync(file, await encrypter.encrypt(change(content)));
  return file;
}

describe('an archive that is not what the enclave signed for', () => {
  it('is refused for a bit anywhere in the file', async () => {
    const file = readFileSync(path);
    for (const at of [0, 40, 150, file.length >> 1, file.length - 1]) {
      const altered = Buffer.from(file);
      altered[at] = (altered[at] as number) ^ 1;
      const name = join(directory, `altered-${at}.age`);
      writeFileSync(name, altered);
      await expect(inspect({ ...archive(), path: name })).rejects.toEqual(code('ARCHIVE_UNREADABLE'));
    }
  });

  it('is refused cut short, lengthened, or with other content, although it is encrypted to the recipient', async () => {
    const cut = await forged((content) => content.subarray(0, content.length - 1));
    await expect(inspect({ ...archive(), path: cut })).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    const longer = await forged((content) => Buffer.concat([content, Buffer.from([0, 0, 0, 1, 0xa0])]));
    await expect(inspect({ ...archive(), path: longer })).rejects.toEqual(code('ARCHIVE_MALFORMED'));
    const other = await forged((content) => {
      const at = content.indexOf(evmAddress);
      const altered = Buffer.from(content);
      altered.write('0xdead', at);
      return altered;
    });
    await expect(inspect({ ...archive(), path: other })).rejects.toEqual(code('ARCHIVE_NOT_CERTIFIED'));
  });

  it('is refused when it is of another deployment', async () => {
    const other = { ...archive(), deploymentId: new Uint8Array(32) };
    await expect(inspect(other)).rejects.toEqual(code('ARCHIVE_NOT_CERTIFIED'));
  });
});

describe('a restore', () => {
  const location = (name: string) => ({ engine: 'sqlite', directory: join(directory, name) }) as const;

  it('writes nothing over databases that are used', async () => {
    const used = { engine: 'sqlite', directory: join(home, 'data') } as const;
    const options = { newestKnownMs: null, seenEpoch: null, ...quiet };
    await expect(restore(used, archive(), options)).rejects.toEqual(code('RESTORE_NOT_EMPTY'));
    await expectSigns();
  });

  it('refuses an older backup than the newest that is known of', async () => {
    const options = { newestKnownMs: Date.now() + 1, seenEpoch: null, ...quiet };
    await expect(restore(location('older'), archive(), options)).rejects.toEqual(code('ARCHIVE_OLDER'));
  });

  it('brings back every account, raises the security epoch, once, and shows it to clients', async () => {
    const target = location('restored');
    await restore(target, archive(), { newestKnownMs: null, seenEpoch: null, ...quiet });
    await startOn(target);
    await expectSigns();
    const message = await cdp.solana.signMessage({ address: solanaAddress, message: 'kept' });
    expect(message.signature).toMatch(/^[1-9A-HJ-NP-Za-km-z]{80,90}$/);
    expect((await manifest()).securityEpoch).toBe(2);
    await startOn(target);
    expect((await manifest()).securityEpoch).toBe(2);
    expect((await cdp.evm.listAccounts({})).accounts).toHaveLength(1);
    const receipts = JSON.parse((await sendSigned(project, 'GET', '/v2/enclave/transfer-receipts')).text);
    expect(receipts).toMatchObject({ transferReceipts: [{ transfer: 'import', address: solanaAddress }] });
  });

  it('of the same backup once more shows no epoch that clients have seen', async () => {
    const target = location('restored-again');
    await restore(target, archive(), { newestKnownMs: null, seenEpoch: 2, ...quiet });
    await startOn(target);
    expect((await manifest()).securityEpoch).toBe(3);
    await expectSigns();
  });
});
