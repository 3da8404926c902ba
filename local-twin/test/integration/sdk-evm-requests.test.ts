// The official SDK against enclave and proxy as processes of their own: what surrounds an operation.
import { randomUUID } from 'node:crypto';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { makeWalletSecret } from '@strongroom/client/credentials';
import { hashMessage, recoverAddress } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';
import { startUnreliableRelay, type UnreliableRelay } from '../support/unreliable-relay.ts';

let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
  project = await createTestProject(system);
});
beforeEach(() => {
  cdp = connectSdk(project);
});
afterAll(() => system[Symbol.asyncDispose]());

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });

async function expectSigns(client: CdpClient, address: `0x${string}`): Promise<void> {
  const { signature } = await client.evm.signMessage({ address, message: 'still here' });
  expect(await recoverAddress({ hash: hashMessage('still here'), signature })).toBe(address);
}

async function countAccounts(): Promise<number> {
  return (await cdp.evm.listAccounts({ pageSize: 1000 })).accounts.length;
}

describe('an idempotency key', () => {
  it('makes one account out of a create that is repeated', async () => {
    const idempotencyKey = randomUUID();
    const before = await countAccounts();
    const create = () => cdp.evm.createAccount({ name: 'once', idempotencyKey });
    const first = await create();
    expect(await create()).toMatchObject({ address: first.address, name: 'once' });
    expect(await countAccounts()).toBe(before + 1);
  });

  it('makes one account out of twenty creates at once', async () => {
    const idempotencyKey = randomUUID();
    const before = await countAccounts();
    const create = () => cdp.evm.createAccount({ idempotencyKey });
    const outcomes = await Promise.allSettled(Array.from({ length: 20 }, create));
    const made = outcomes.filter((outcome) => outcome.status === 'fulfilled');
    const refused = outcomes.filter((outcome) => outcome.status === 'rejected');
    expect(new Set(made.map(({ value }) => value.address)).size).toBe(1);
    for (const { reason } of refused) expect(reason).toEqual(refusal(409, 'already_exists'));
    expect((await create()).address).toBe(made[0]?.value.address);
    expect(await countAccounts()).toBe(before + 1);
    await expectSigns(cdp, (await create()).address);
  });

  it('gives the same signature for the same request', async () => {
    const { address } = await cdp.evm.createAccount();
    const sign = () => cdp.evm.signMessage({ address, message: 'x', idempotencyKey: 'sign-x' });
    const { signature } = await sign();
    expect((await sign()).signature).toBe(signature);
    expect(await recoverAddress({ hash: hashMessage('x'), signature })).toBe(address);
  });

  it('is refused for another payload, and stays with the first', async () => {
    const idempotencyKey = randomUUID();
    const { address } = await cdp.evm.createAccount({ name: 'original', idempotencyKey });
    const other = cdp.evm.createAccount({ name: 'another', idempotencyKey });
    await expect(other).rejects.toEqual(refusal(422, 'idempotency_error'));
    await expect(cdp.evm.getAccount({ name: 'another' })).rejects.toEqual(refusal(404, 'not_found'));
    const signFirst = await cdp.evm.signMessage({ address, message: 'a', idempotencyKey });
    const signOther = cdp.evm.signMessage({ address, message: 'b', idempotencyKey });
    await expect(signOther).rejects.toEqual(refusal(422, 'idempotency_error'));
    expect(await cdp.evm.signMessage({ address, message: 'a', idempotencyKey })).toEqual(signFirst);
  });

  it('counts per project, method and path', async () => {
    const idempotencyKey = randomUUID();
    const { address } = await cdp.evm.createAccount({ idempotencyKey });
    await cdp.evm.signMessage({ address, message: 'a', idempotencyKey });
    await cdp.evm.updateAccount({ address, update: { name: 'keyed' }, idempotencyKey });
    const theirs = await createTestProject(system);
    const account = await connectSdk(theirs).evm.createAccount({ name: 'theirs', idempotencyKey });
    expect(account.address).not.toBe(address);
  });

  it('is free again when its request was refused', async () => {
    const idempotencyKey = randomUUID();
    const { address } = await cdp.evm.createAccount({ name: 'in-the-way' });
    const create = () => cdp.evm.createAccount({ name: 'in-the-way', idempotencyKey });
    await expect(create()).rejects.toEqual(refusal(409, 'already_exists'));
    await cdp.evm.updateAccount({ address, update: { name: 'out-of-the-way' } });
    expect((await create()).name).toBe('in-the-way');
  });
});

describe('API keys and base paths', () => {
  it('takes an ES256 key under an id of the older form', async () => {
    const older = await createTestProject(system, { algorithm: 'ES256' });
    expect(older.apiKeyId).toMatch(/^organizations\/.+\/apiKeys\/.+$/);
    cdp = connectSdk(older);
    const { address } = await cdp.evm.createAccount();
    await expectSigns(cdp, address);
  });

  it("serves Coinbase's own base path too, and one account under both", async () => {
    const { address } = await connectSdk(project, `${project.baseUrl}/platform`).evm.createAccount();
    cdp = connectSdk(project, `${project.baseUrl}/platform`);
    await expectSigns(cdp, address);
    cdp = connectSdk(project);
    expect((await cdp.evm.getAccount({ address })).address).toBe(address);
  });

  it('answers under each authority of the project, and refuses another that leads here', async () => {
    const { port } = new URL(project.baseUrl);
    const byName = `http://localhost:${port}`;
    const strict = await createTestProject(system);
    cdp = connectSdk(strict, byName);
    // A name that the proxy answers to, but that the client left out of its record.
    await expect(cdp.evm.createAccount()).rejects.toEqual(refusal(401, 'unauthorized'));
    const lenient = await createTestProject(system, {
      authorities: [`127.0.0.1:${port}`, `localhost:${port}`],
    });
    cdp = connectSdk(lenient, byName);
    await expectSigns(cdp, (await cdp.evm.createAccount()).address);
  });
});

describe('errors as the SDK shows them', () => {
  it('401 for another API key, for its id with another secret, and for another Wallet Secret', async () => {
    const stranger = await createTestProject(system);
    const { apiKeyId, apiKeySecret, walletSecret } = stranger;
    const { address } = await cdp.evm.createAccount();
    for (const changes of [{ apiKeyId: randomUUID() }, { apiKeyId }, { apiKeySecret }]) {
      cdp = connectSdk({ ...project, ...changes });
      await expect(cdp.evm.getAccount({ address })).rejects.toEqual(refusal(401, 'unauthorized'));
    }
    for (const secret of [walletSecret, makeWalletSecret().secret]) {
      cdp = connectSdk({ ...project, walletSecret: secret });
      expect((await cdp.evm.getAccount({ address })).address).toBe(address);
      await expect(cdp.evm.signMessage({ address, message: 'x' })).rejects.toEqual(
        expect.objectContaining({
          statusCode: 401,
          errorType: 'unauthorized',
          errorMessage: 'Wallet authentication error.',
        }),
      );
      await expect(cdp.evm.createAccount({ name: 'never' })).rejects.toEqual(refusal(401, 'unauthorized'));
    }
    cdp = connectSdk(project);
    await expect(cdp.evm.getAccount({ name: 'never' })).rejects.toEqual(refusal(404, 'not_found'));
  });

  it('404 for a service of Coinbase alone', async () => {
    const { address } = await cdp.evm.createAccount();
    const faucet = cdp.evm.requestFaucet({ address, network: 'base-sepolia', token: 'eth' });
    await expect(faucet).rejects.toEqual(refusal(404, 'not_found'));
  });

  it('401 for a base path with a slash at its end, whose requests the SDK signs for another path', async () => {
    cdp = connectSdk(project, `${project.baseUrl}/`);
    await expect(cdp.evm.listAccounts()).rejects.toEqual(refusal(401, 'unauthorized'));
  });
});

describe('a connection that breaks', () => {
  let relay: UnreliableRelay;

  beforeAll(async () => {
    relay = await startUnreliableRelay();
    process.env['http_proxy'] = relay.url;
    process.env['no_proxy'] = '';
    process.env['NO_PROXY'] = '';
  });
  afterAll(async () => {
    delete process.env['http_proxy'];
    await relay[Symbol.asyncDispose]();
  });

  it('fails a signature, because the retry of the SDK covers no body', async () => {
    const { address } = await cdp.evm.createAccount();
    relay.hangUpOnce('before-request');
    const seen = relay.forwarded.length;
    await expect(cdp.evm.signMessage({ address, message: 'x' })).rejects.toEqual(
      refusal(401, 'unauthorized'),
    );
    expect(relay.forwarded.slice(seen)).toHaveLength(1);
    expect(claimsOf(relay.forwarded.at(-1)?.headers['x-wallet-auth'])).not.toHaveProperty('reqHash');
    await expectSigns(cdp, address);
  });

  it('does not make a second account when the answer to a keyed create is lost', async () => {
    const before = await countAccounts();
    const create = () => cdp.evm.createAccount({ idempotencyKey: 'answer-lost' });
    relay.hangUpOnce('before-answer');
    // An empty body needs no hash, so here the retry of the SDK is taken.
    const { address } = await create();
    expect(await countAccounts()).toBe(before + 1);
    expect((await create()).address).toBe(address);
  });

  it('is nothing to a read', async () => {
    const { address } = await cdp.evm.createAccount();
    relay.hangUpOnce('before-request');
    expect((await cdp.evm.getAccount({ address })).address).toBe(address);
  });
});

function claimsOf(token: string | string[] | undefined): unknown {
  return JSON.parse(Buffer.from(String(token).split('.')[1] ?? '', 'base64url').toString());
}
