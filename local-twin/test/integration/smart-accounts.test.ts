// Smart accounts and user operations by the official SDK, against a real node and a bundler that checks what it is sent.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { type Address, decodeFunctionData, getAddress, type Hex, parseAbi } from 'viem';
import { entryPoint06Address } from 'viem/account-abstraction';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { type FakeBundler, startFakeBundler } from '../support/fake-bundler.ts';
import { createTestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const TO: Address = '0x00000000000000000000000000000000000000aa';
const owners = new Map<string, string>();
const walletAbi = parseAbi([
  'function execute(address target, uint256 value, bytes data)',
  'function executeBatch((address target, uint256 value, bytes data)[] calls)',
]);
let anvil: Anvil;
let bundler: FakeBundler;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  bundler = await startFakeBundler(84_532, (sender, index) => (index === 0 ? owners.get(sender) : undefined));
  const relay = {
    rpcUrls: { [NETWORK]: [anvil.url] },
    bundlerUrls: { [NETWORK]: [bundler.url] },
    tokens: {},
  };
  system = await startTestSystem({ relay });
  cdp = connectSdk(await createTestProject(system));
  // An EntryPoint that answers every question, and so getNonce, with 0.
  await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x5f5f5260205ff3' });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await bundler?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

async function smartAccount(name?: string) {
  const owner = await cdp.evm.createAccount();
  const account = await cdp.evm.createSmartAccount({ owner, ...(name !== undefined && { name }) });
  owners.set(account.address, owner.address);
  return { owner, account };
}

describe('smart accounts', () => {
  it('have the address of the factory, and are found by it and by name', async () => {
    const owner = privateKeyToAccount(`0x${'00'.repeat(31)}01`);
    const account = await cdp.evm.createSmartAccount({ owner, name: 'known', enableSpendPermissions: true });
    // Owner 0x7E5F… with CDP's Spend Permission Manager; see the unit test for where the value is from.
    expect(account.address).toBe('0xF083256D678b1455DA4D3628f37B78B503529680');
    for (const key of [{ address: account.address }, { name: 'known' }]) {
      const found = await cdp.evm.getSmartAccount({ ...key, owner });
      expect(found).toMatchObject({ address: account.address, name: 'known', policies: [] });
    }
    const lower = account.address.toLowerCase() as Address;
    expect((await cdp.evm.getSmartAccount({ address: lower, owner })).address).toBe(account.address);
  });

  it('are one per owner, and named once', async () => {
    const { owner } = await smartAccount('taken');
    await expect(cdp.evm.createSmartAccount({ owner })).rejects.toEqual(
      refusal(409, 'already_exists', 'Multiple smart wallets with the same owner are not supported.'),
    );
    const other = await cdp.evm.createAccount();
    await expect(cdp.evm.createSmartAccount({ owner: other, name: 'taken' })).rejects.toEqual(
      refusal(409, 'already_exists'),
    );
    const again = await cdp.evm.getOrCreateSmartAccount({ owner, name: 'taken' });
    expect(again.name).toBe('taken');
  });

  it('are made once under one idempotency key', async () => {
    const owner = await cdp.evm.createAccount();
    const first = await cdp.evm.createSmartAccount({ owner, idempotencyKey: 'smart-1' });
    const second = await cdp.evm.createSmartAccount({ owner, idempotencyKey: 'smart-1' });
    expect(second.address).toBe(first.address);
  });

  it('are renamed and listed', async () => {
    const { owner, account } = await smartAccount('before');
    const renamed = await cdp.evm.updateSmartAccount({
      address: account.address,
      owner,
      update: { name: 'after' },
    });
    expect(renamed.name).toBe('after');
    await expect(
      cdp.evm.updateSmartAccount({ address: account.address, owner, update: { name: 'taken' } }),
    ).rejects.toEqual(refusal(409, 'already_exists'));
    const { accounts } = await cdp.evm.listSmartAccounts({ pageSize: 100 });
    expect(accounts[0]).toMatchObject({ address: account.address, owners: [owner.address] });
    const page = await cdp.evm.listSmartAccounts({ pageSize: 1 });
    const next = await cdp.evm.listSmartAccounts({ pageSize: 1, pageToken: page.nextPageToken as string });
    expect(next.accounts[0]?.address).toBe(accounts[1]?.address);
  });

  it('of nobody are not found', async () => {
    const owner = await cdp.evm.createAccount();
    await expect(cdp.evm.getSmartAccount({ address: TO, owner })).rejects.toEqual(refusal(404, 'not_found'));
    await expect(cdp.evm.getSmartAccount({ name: 'nobody', owner })).rejects.toEqual(
      refusal(404, 'not_found'),
    );
  });
});

describe('user operations', () => {
  it('are prepared, signed by the owner in the enclave, sent, and complete', async () => {
    const { owner, account } = await smartAccount();
    const { userOpHash, status } = await cdp.evm.sendUserOperation({
      smartAccount: account,
      network: NETWORK,
      calls: [{ to: TO, value: 5n, data: '0x1234' }],
    });
    expect(status).toBe('broadcast');
    const operation = bundler.sent.get(userOpHash);
    expect(operation?.['sender']).toBe(account.address);
    expect(operation?.['initCode']?.slice(0, 42)).toBe('0xBA5ED110eFDBa3D005bfC882d75358ACBbB85842');
    const call = decodeFunctionData({ abi: walletAbi, data: operation?.['callData'] as Hex });
    expect(call).toEqual({ functionName: 'execute', args: [getAddress(TO), 5n, '0x1234'] });
    expect(await account.getUserOperation({ userOpHash })).toMatchObject({ status: 'broadcast' });
    bundler.mine(userOpHash, true);
    expect(await account.waitForUserOperation({ userOpHash })).toMatchObject({
      status: 'complete',
      transactionHash: `0x${'11'.repeat(32)}`,
    });
    expect(owners.get(account.address)).toBe(owner.address);
  });

  it('of a deployed account carry no init code, batches several calls, and say when they failed', async () => {
    const { account } = await smartAccount();
    await anvil.client.setCode({ address: account.address, bytecode: '0x00' });
    const { userOpHash } = await account.sendUserOperation({
      network: NETWORK,
      calls: [
        { to: TO, value: 1n, overrideGasLimit: '100000' },
        { to: TO, value: 2n, overrideGasLimit: '50000' },
      ],
      dataSuffix: '0xdddddddd',
    });
    const operation = bundler.sent.get(userOpHash);
    expect(operation?.['initCode']).toBe('0x');
    expect(BigInt(operation?.['callGasLimit'] as Hex)).toBe(150_000n);
    expect(operation?.['callData']?.endsWith('dddddddd')).toBe(true);
    expect(decodeFunctionData({ abi: walletAbi, data: operation?.['callData'] as Hex }).functionName).toBe(
      'executeBatch',
    );
    bundler.mine(userOpHash, false);
    expect(await account.waitForUserOperation({ userOpHash })).toMatchObject({ status: 'failed' });
    const shown = await account.getUserOperation({ userOpHash });
    expect(shown.receipts?.[0]).toMatchObject({ gasUsed: '21000', revert: { data: '0x08c379a0' } });
  });

  it('signed by somebody else are refused before any bundler sees them', async () => {
    const { account } = await smartAccount();
    const stranger = privateKeyToAccount(generatePrivateKey());
    const forged = { ...account, owners: [stranger] } as never;
    const sentBefore = bundler.sent.size;
    await expect(
      cdp.evm.sendUserOperation({ smartAccount: forged, network: NETWORK, calls: [{ to: TO }] }),
    ).rejects.toEqual(refusal(400, 'invalid_signature'));
    expect(bundler.sent.size).toBe(sentBefore);
  });

  it('whose answer was lost are handed over again', async () => {
    const { account } = await smartAccount();
    const prepared = await cdp.evm.prepareUserOperation({
      smartAccount: account,
      network: NETWORK,
      calls: [{ to: TO, value: 1n, data: '0x' }],
    });
    expect(prepared.status).toBe('pending');
    bundler.failNext('lose-answer');
    await expect(
      account.sendUserOperation({ network: NETWORK, calls: [{ to: TO, value: 1n, data: '0x' }] }),
    ).rejects.toEqual(refusal(502, 'bad_gateway'));
    const shown = await account.getUserOperation({ userOpHash: prepared.userOpHash });
    expect(shown.status).toBe('broadcast');
  });

  it('that the bundler refuses, or that name what is not there, are refused in CDP words', async () => {
    const { account } = await smartAccount();
    bundler.failNext('refuse');
    await expect(
      account.sendUserOperation({ network: NETWORK, calls: [{ to: TO, value: 7n }] }),
    ).rejects.toEqual(refusal(400, 'invalid_request'));
    await expect(account.sendUserOperation({ network: 'arbitrum', calls: [{ to: TO }] })).rejects.toEqual(
      refusal(400, 'invalid_request'),
    );
    await expect(account.getUserOperation({ userOpHash: `0x${'00'.repeat(32)}` })).rejects.toEqual(
      refusal(404, 'not_found'),
    );
    await expect(
      account.sendUserOperation({
        network: NETWORK,
        calls: [{ to: TO }],
        paymasterUrl: 'http://169.254.169.254/',
      }),
    ).rejects.toEqual(refusal(400, 'invalid_request'));
  });
});
