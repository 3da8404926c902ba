// Two proxies as processes over one pair of PostgreSQL databases, and what is in those databases afterwards.
import { createPublicKey, randomBytes } from 'node:crypto';
import { getBase58Decoder } from '@solana/kit';
import { createOperationClient } from '@strongroom/shared/channel/operation-client';
import { tcpDialer } from '@strongroom/shared/transport/dev/tcp';
import { privateKeyToAddress } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { rotateRootKey } from '../../../parent-proxy/src/rotation/rotate-root-key.ts';
import { Secret } from '../../../parent-proxy/src/secrets.ts';
import { openStore } from '../../../parent-proxy/src/store/open-store.ts';
import { cells } from '../../../parent-proxy/test/store/postgres-cells.ts';
import { type PostgresServer, startPostgres } from '../../../parent-proxy/test/store/postgres-server.ts';
import type { Child } from '../../src/system/child.ts';
import { TWIN_KEY_ARN, twinKeyPolicy } from '../../src/system/twin-configuration.ts';
import type { TwinStoreLocation } from '../../src/system/twin-store.ts';
import { importKeyOf } from '../support/import-key.ts';
import { encryptForImport } from '../support/lab-policy.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { sign } from '../support/rotation-round.ts';
import { startSecondProxy } from '../support/second-proxy.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const EVM = '/v2/evm/accounts';
const NAME = 'a-telling-name';
const imported = randomBytes(32);

let server: PostgresServer;
let location: Extract<TwinStoreLocation, { engine: 'postgres' }>;
let system: TestSystem;
let second: Child;
/** One project, as dialled at each of the proxies. */
let atBoth: readonly [TestProject, TestProject];

beforeAll(async () => {
  server = await startPostgres();
  const primaryUrl = await server.createDatabase('primary');
  location = { engine: 'postgres', primaryUrl, vaultUrl: await server.createDatabase('vault') };
  system = await startTestSystem({ store: location });
  second = await startSecondProxy(system, undefined, location);
  const otherUrl = `http://127.0.0.1:${second.port}`;
  const authorities = [system.baseUrl, otherUrl].map((url) => new URL(url).host);
  const project = await createTestProject(system, { authorities });
  atBoth = [project, { ...project, baseUrl: otherUrl }];
});
afterAll(async () => {
  await second.stop();
  await system[Symbol.asyncDispose]();
  await server[Symbol.asyncDispose]();
});

async function create(at: number, body: object, key: string | null = null) {
  const { status, text } = await sendSigned(atBoth[at % 2] as TestProject, 'POST', EVM, { body, key });
  return { status, address: JSON.parse(text).address as `0x${string}` };
}

async function addresses(): Promise<`0x${string}`[]> {
  const { text } = await sendSigned(atBoth[0], 'GET', EVM, { query: '?pageSize=1000' });
  return JSON.parse(text).accounts.map(({ address }: { address: string }) => address);
}

describe('two proxies over one pair of PostgreSQL databases', () => {
  it('give a name to one account, whoever is asked', async () => {
    const answers = await Promise.all(Array.from({ length: 10 }, (_, i) => create(i, { name: NAME })));
    expect(answers.map(({ status }) => status).toSorted()).toEqual([201, ...Array(9).fill(409)]);
  });

  it('take an idempotency key for one request', async () => {
    const raced = await Promise.all(Array.from({ length: 6 }, (_, i) => create(i, {}, 'the-key')));
    const again = await Promise.all([create(0, {}, 'the-key'), create(1, {}, 'the-key')]);
    expect(again.map(({ status }) => status)).toEqual([201, 201]);
    const told = [...raced, ...again].filter(({ status }) => status === 201);
    expect(new Set(told.map(({ address }) => address)).size).toBe(1);
  });

  it('take a key that is imported, and sign with it at either', async () => {
    const publicKey = createPublicKey(await importKeyOf(atBoth[0]));
    const body = { encryptedPrivateKey: encryptForImport(publicKey, imported) };
    const { status, text } = await sendSigned(atBoth[0], 'POST', `${EVM}/import`, { body });
    expect(status, text).toBe(201);
    const address = privateKeyToAddress(`0x${imported.toString('hex')}`);
    for (const project of atBoth) expect(await sign(project, address)).toBeNull();
  });

  it('seal everything anew while the root key is rotated, and erase what was', async () => {
    const before = await addresses();
    const old = await blobs();
    system.kms.setPolicy(TWIN_KEY_ARN, twinKeyPolicy([system.measurements], 'genesis'));
    const { primaryUrl, vaultUrl } = location;
    const store = await openStore({
      engine: 'postgres',
      primaryUrl: new Secret(primaryUrl),
      vaultUrl: new Secret(vaultUrl),
    });
    const connect = () => tcpDialer(system.enclave.port).dial();
    const client = createOperationClient({ connect, maxInFlight: 4, deadlineMs: 60_000 });
    const options = { generation: 2, keyArns: null, settleMs: 1500, share: 1, report: () => undefined };
    const outcome = await rotateRootKey({ call: client.call, store, ...options });
    expect(outcome).toMatchObject({ generation: 2, isErased: true });
    client.close();
    await store.close();
    expect(await blobs()).toHaveLength(old.length);
    for (const blob of await blobs()) expect(blob.readUInt32BE(1)).toBe(2);
    for (const project of atBoth)
      for (const address of before) expect(await sign(project, address)).toBeNull();
  });

  it('lose nothing when one of them is killed, and the other goes on', async () => {
    const creating = Array.from({ length: 40 }, (_, i) => create(i, {}).catch(() => null));
    setTimeout(() => void second.kill(), 100);
    const told = (await Promise.all(creating)).filter((answer) => answer?.status === 201);
    await second.kill();
    expect(told.length).toBeGreaterThanOrEqual(20);
    const shown = await addresses();
    for (const answer of told) expect(shown).toContain(answer?.address);
    for (const address of shown) expect(await sign(atBoth[0], address)).toBeNull();
  });
});

const SEALED = [
  'account.record_sealed',
  'wallet_key.sealed',
  'project.authority_sealed',
  'project.client_secret',
];

async function blobs(): Promise<Buffer[]> {
  const all = [...(await cells(location.primaryUrl)), ...(await cells(location.vaultUrl))];
  return all.filter(({ where }) => SEALED.includes(where)).map(({ bytes }) => bytes);
}

/** The same bytes in each form in which they could have been written. */
function formsOf(bytes: Buffer): Buffer[] {
  const hex = bytes.toString('hex');
  const base64 = bytes.toString('base64').replace(/=+$/, '');
  const texts = [
    hex,
    hex.toUpperCase(),
    base64,
    bytes.toString('base64url'),
    getBase58Decoder().decode(bytes),
  ];
  return [bytes, ...texts.map((text) => Buffer.from(text))];
}

describe('the databases afterwards', () => {
  it('have no secret in any form: not in a value, nor in a file of the server', async () => {
    const all = [...(await cells(location.primaryUrl)), ...(await cells(location.vaultUrl))];
    const files = [...server.files()].map(([where, bytes]) => ({ where, bytes }));
    const everywhere = [...all, ...files];
    const { apiKey, walletKey, walletSecret } = atBoth[0];
    const scalars = [apiKey, walletKey].map((key) =>
      Buffer.from(key.export({ format: 'jwk' }).d ?? '', 'base64url'),
    );
    const secrets = [
      ...scalars,
      imported,
      Buffer.from(walletSecret, 'base64'),
      Buffer.from(system.enrolmentToken),
    ];
    for (const needle of secrets.flatMap(formsOf))
      for (const { where, bytes } of everywhere) expect(bytes.includes(needle), where).toBe(false);
    // What may be there is found, so that the search is one.
    expect(everywhere.filter(({ bytes }) => bytes.includes(NAME)).length).toBeGreaterThan(1);
  });

  it('tell in the vault nothing of anybody', async () => {
    const vault = await cells(location.vaultUrl);
    const columns = [...new Set(vault.map(({ where }) => where))].toSorted();
    expect(columns).toEqual([
      'strongroom_database.kind',
      'strongroom_database.schema_version',
      'strongroom_database.store_id',
      'wallet_key.sealed',
      'wallet_key.stored_day',
      'wallet_key.vault_id',
    ]);
    const bytesOf = (address: string) => Buffer.from(address.slice(2), 'hex');
    const known = [...(await addresses())].flatMap((address) => [Buffer.from(address), bytesOf(address)]);
    const { projectId, apiKeyId } = atBoth[0];
    const identifying = [
      ...formsOf(Buffer.from(projectId)),
      Buffer.from(apiKeyId),
      Buffer.from(NAME),
      ...known,
    ];
    for (const { where, bytes } of vault)
      for (const needle of identifying) expect(bytes.includes(needle), where).toBe(false);
  });
});
