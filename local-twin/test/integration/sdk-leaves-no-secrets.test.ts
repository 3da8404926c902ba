// A full run of the official SDK, after which every secret of it is looked for where the parent could read it.
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { hashMessage, recoverAddress, serializeTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { TWIN_CREDENTIALS } from '../../src/system/twin-configuration.ts';
import { importKeyOf } from '../support/import-key.ts';
import { type LoggedSystem, startLoggedSystem } from '../support/logged-system.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { TYPED_DATA } from '../support/typed-data.ts';
import { startUnreliableRelay, type UnreliableRelay } from '../support/unreliable-relay.ts';

const MESSAGE = 'what a client signs is nobody else’s business';
const NAME = 'confidential-name';
const TRANSFERRED = randomBytes(32);

let system: LoggedSystem;
let relay: UnreliableRelay;
let projects: TestProject[];
let addresses: string[];
let metrics: string;

beforeAll(async () => {
  system = await startLoggedSystem();
  relay = await startUnreliableRelay();
  // The SDK obeys these; the relay sees each token that it sends.
  Object.assign(process.env, { http_proxy: relay.url, no_proxy: '', NO_PROXY: '' });
  const scopes = ['read', 'sign', 'accounts#export'];
  projects = [
    await createTestProject(system, { scopes }),
    await createTestProject(system, { algorithm: 'ES256' }),
  ];
  addresses = [];
  for (const project of projects) addresses.push(await runEverything(project));
  await importAndExport(projects[0] as TestProject);
  // The proxy pulls events and metrics out of the enclave every two seconds.
  metrics = await vi.waitFor(
    async () => {
      const text = await readMetrics();
      if (!/enclave_signatures_total\{\S+\} [1-9]/.test(text)) throw new Error('not told yet');
      return text;
    },
    { timeout: 10_000, interval: 200 },
  );
});
afterAll(async () => {
  delete process.env['http_proxy'];
  await relay[Symbol.asyncDispose]();
  await system[Symbol.asyncDispose]();
});

async function runEverything(project: TestProject): Promise<string> {
  const cdp = connectSdk(project);
  const account = await cdp.evm.createAccount({ name: NAME, idempotencyKey: 'a-key' });
  const { address } = account;
  await account.signMessage({ message: MESSAGE });
  await account.sign({ hash: hashMessage(MESSAGE) });
  await account.signTypedData(TYPED_DATA['an EIP-2612 permit'] as never);
  await account.signTransaction({ type: 'eip1559', chainId: 1, to: address, gas: 21_000n });
  await cdp.evm.updateAccount({ address, update: { name: `${NAME}-2` } });
  await cdp.evm.getOrCreateAccount({ name: `${NAME}-3` });
  await cdp.evm.listAccounts();
  await refuseSome(cdp, address);
  return address;
}

async function importAndExport(project: TestProject): Promise<void> {
  const cdp = connectSdk(project);
  const encryptionPublicKey = await importKeyOf(project);
  const privateKey = `0x${TRANSFERRED.toString('hex')}` as const;
  const { address } = await cdp.evm.importAccount({ privateKey, encryptionPublicKey });
  expect(await cdp.evm.exportAccount({ address })).toBe(TRANSFERRED.toString('hex'));
}

/** What goes wrong is logged more than what goes right. */
async function refuseSome(cdp: CdpClient, address: `0x${string}`): Promise<void> {
  const transaction = serializeTransaction({ type: 'eip1559', chainId: 1 }).slice(0, -2) as `0x${string}`;
  await expect(cdp.evm.signTransaction({ address, transaction })).rejects.toThrow();
  await expect(cdp.evm.createAccount({ name: `${NAME}-3` })).rejects.toThrow();
  await expect(cdp.evm.createAccount({ name: `${NAME} of no account` })).rejects.toThrow();
  relay.hangUpOnce('before-request');
  await expect(cdp.evm.signMessage({ address, message: MESSAGE })).rejects.toThrow();
}

const readMetrics = async () => await (await fetch(system.metricsUrl)).text();

/** Everything that the parent writes or shows: the log of both processes, its metrics, and the files of both databases. */
function writings(): ReadonlyMap<string, Buffer> {
  const data = join(system.home, 'data');
  const files = readdirSync(data).map((name) => [name, readFileSync(join(data, name))] as const);
  return new Map([['log', Buffer.from(system.log)], ['metrics', Buffer.from(metrics)], ...files]);
}

/** The same secret in each form in which it could have been written. */
function formsOf(secret: Buffer): Buffer[] {
  const texts = (['hex', 'base64', 'base64url'] as const).map((encoding) => secret.toString(encoding));
  return [secret, ...texts.map((text) => Buffer.from(text.replace(/=+$/, '')))];
}

function expectNowhere(what: string, needles: readonly Buffer[]): void {
  for (const [where, bytes] of writings())
    for (const needle of needles) expect(bytes.includes(needle), `${what} in ${where}`).toBe(false);
}

describe('after a full run', () => {
  it('what may be written is found where it is looked for', () => {
    const found = (needle: string) =>
      [...writings()].filter(([, bytes]) => bytes.includes(needle)).map(([where]) => where);
    for (const address of addresses) expect(found(address)).toEqual(expect.arrayContaining(['log']));
    for (const { apiKeyId } of projects) expect(found(apiKeyId)).toEqual(expect.arrayContaining(['log']));
    expect(found(NAME).some((where) => where.startsWith('primary.sqlite'))).toBe(true);
    expect([...writings().keys()].some((where) => where.startsWith('vault.sqlite'))).toBe(true);
    expect(system.log).toMatch(/"event":"signed"/);
    expect(system.log).toMatch(/"event":"request-refused"/);
    expect(system.log).toMatch(/"event":"enclave-reported","reported":"root-record-loaded"/);
    expect(found('strongroom_enclave_requests_total')).toEqual(['metrics']);
  });

  it('no secret of a client is written anywhere', () => {
    for (const { apiKey, apiKeySecret, walletKey, walletSecret } of projects) {
      for (const key of [apiKey, walletKey]) {
        const scalar = Buffer.from(key.export({ format: 'jwk' }).d as string, 'base64url');
        expectNowhere('a private key', formsOf(scalar));
      }
      expectNowhere('the Wallet Secret', [
        Buffer.from(walletSecret),
        ...formsOf(Buffer.from(walletSecret, 'base64')),
      ]);
      const body = apiKeySecret.split('\n').find((line) => !line.startsWith('-')) as string;
      expectNowhere("the API key's secret", [Buffer.from(body)]);
    }
  });

  it('no key that came in and went out is written anywhere, though the receipts are', () => {
    const receipts = [...system.log.matchAll(/"receipt":"([^"]+)"/g)].map(([, base64 = '']) =>
      Buffer.from(base64, 'base64'),
    );
    expect(receipts).toHaveLength(2);
    const databases = [...writings()].filter(([where]) => where.startsWith('primary.sqlite'));
    for (const receipt of receipts) expect(databases.some(([, bytes]) => bytes.includes(receipt))).toBe(true);
    expectNowhere('a transferred key', formsOf(TRANSFERRED));
  });

  it('no token is written anywhere', () => {
    const headers = relay.forwarded.flatMap(({ headers: { authorization, ...others } }) => [
      String(authorization).replace('Bearer ', ''),
      String(others['x-wallet-auth'] ?? ''),
    ]);
    const tokens = headers.filter((token) => token !== '');
    expect(tokens.length).toBeGreaterThan(40);
    // The last part is the signature: who has it and the request has the token.
    for (const token of tokens) expectNowhere('a token', [Buffer.from(token.split('.')[2] as string)]);
  });

  it("no secret of the operator's is written anywhere", () => {
    expectNowhere('the enrolment token', [Buffer.from(system.enrolmentToken)]);
    expectNowhere('the AWS credential', [Buffer.from(TWIN_CREDENTIALS.secretAccessKey)]);
  });

  it('neither address, id nor name of anybody is in the metrics', () => {
    const ids = projects.flatMap(({ apiKeyId, projectId }) => [
      apiKeyId,
      Buffer.from(projectId).toString('hex'),
    ]);
    for (const text of [...ids, ...addresses, NAME]) {
      expect(metrics.toLowerCase().includes(text.toLowerCase()), text).toBe(false);
    }
  });

  it('neither name nor message is in the log', () => {
    const digest = hashMessage(MESSAGE).slice(2);
    for (const text of [NAME, MESSAGE, digest]) expect(system.log).not.toContain(text);
    expectNowhere('the message', [Buffer.from(MESSAGE)]);
  });
});

describe('200 signatures', () => {
  it('need no request to the key management service', async () => {
    const cdp = connectSdk(projects[0] as TestProject);
    const { address } = await cdp.evm.getAccount({ name: `${NAME}-2` });
    const before = await system.kmsRequests();
    expect(before['Decrypt']).toBeGreaterThan(0);
    const sign = async (index: number) => {
      const message = `message ${index}`;
      const { signature } = await cdp.evm.signMessage({ address, message });
      expect(await recoverAddress({ hash: hashMessage(message), signature })).toBe(address);
    };
    for (let index = 0; index < 200; index += 20)
      await Promise.all(Array.from({ length: 20 }, (_, offset) => sign(index + offset)));
    expect(await system.kmsRequests()).toEqual(before);
  });
});
