// User operations executed by the real EntryPoint on a real node: what the enclave hashes and signs is what the chain verifies.
import type { CdpClient } from '@coinbase/cdp-sdk';
import type { Address, Hex } from 'viem';
import { toCoinbaseSmartAccount } from 'viem/account-abstraction';
import { toAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import {
  type ChainBundler,
  installEntryPoint,
  installWallet,
  startChainBundler,
} from '../support/entry-point.ts';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const REVERTS: Address = '0x00000000000000000000000000000000000000ee';
let anvil: Anvil;
let bundler: ChainBundler;
let system: TestSystem;
let cdp: CdpClient;
let recipients = 0;

beforeAll(async () => {
  anvil = await startAnvil();
  bundler = await startChainBundler(anvil);
  const rpcUrls = { [NETWORK]: [anvil.url] };
  system = await startTestSystem({
    relay: { rpcUrls, bundlerUrls: { [NETWORK]: [bundler.url] }, tokens: {} },
  });
  cdp = connectSdk(await createTestProject(system));
  await installEntryPoint(anvil);
  await anvil.client.setCode({ address: REVERTS, bytecode: '0x5f5ffd' });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await bundler?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });
const call = (to: Address, value: bigint, data: Hex = '0x') => ({ to, value, data });

function newRecipient(): Address {
  recipients += 1;
  return `0x${recipients.toString(16).padStart(2, '0').repeat(20)}`;
}

async function wallet() {
  const owner = await cdp.evm.createAccount();
  const account = await cdp.evm.createSmartAccount({ owner });
  await installWallet(anvil, account.address, owner.address);
  return { owner, account };
}

describe('the EntryPoint', () => {
  it('executes what a signed request asked for, one operation after the other', async () => {
    const { account } = await wallet();
    const [first, second] = [newRecipient(), newRecipient()];
    for (const calls of [[call(first, 5n)], [call(first, 1n, '0x1234'), call(second, 7n)]]) {
      const { userOpHash } = await cdp.evm.prepareAndSendUserOperation({
        smartAccount: account,
        network: NETWORK,
        calls,
      });
      const done = await account.waitForUserOperation({ userOpHash });
      expect(done).toMatchObject({ status: 'complete', transactionHash: expect.stringMatching(/^0x/) });
    }
    expect(await anvil.client.getBalance({ address: first })).toBe(6n);
    expect(await anvil.client.getBalance({ address: second })).toBe(7n);
  });

  it("executes what the SDK's plain path had signed", async () => {
    const { account } = await wallet();
    const recipient = newRecipient();
    const { userOpHash } = await account.sendUserOperation({
      network: NETWORK,
      calls: [call(recipient, 3n), call(recipient, 4n)],
      dataSuffix: '0xdddddddd',
    });
    expect(await account.waitForUserOperation({ userOpHash })).toMatchObject({ status: 'complete' });
    expect(await anvil.client.getBalance({ address: recipient })).toBe(7n);
  });

  it('says which call failed, and goes on with the next nonce', async () => {
    const { account } = await wallet();
    const send = (to: Address) =>
      cdp.evm.prepareAndSendUserOperation({ smartAccount: account, network: NETWORK, calls: [call(to, 1n)] });
    const failing = await send(REVERTS);
    expect(await account.waitForUserOperation(failing)).toMatchObject({ status: 'failed' });
    const recipient = newRecipient();
    expect(await account.waitForUserOperation(await send(recipient))).toMatchObject({ status: 'complete' });
    expect(await anvil.client.getBalance({ address: recipient })).toBe(1n);
  });

  it('refuses the signature of whoever is no owner', async () => {
    const { account } = await wallet();
    await installWallet(anvil, account.address, REVERTS);
    const sending = cdp.evm.prepareAndSendUserOperation({
      smartAccount: account,
      network: NETWORK,
      calls: [call(newRecipient(), 1n)],
    });
    await expect(sending).rejects.toEqual(refusal(400, 'invalid_request'));
  });

  it("takes what viem's own Coinbase account makes with the same owner", async () => {
    const { owner, account } = await wallet();
    const recipient = newRecipient();
    const local = toAccount({
      address: owner.address,
      sign: ({ hash }) => owner.sign({ hash }),
      signMessage: ({ message }) => owner.signMessage({ message }),
      signTransaction: () => Promise.reject(new Error('not asked')),
      signTypedData: () => Promise.reject(new Error('not asked')),
    });
    const theirs = await toCoinbaseSmartAccount({
      client: anvil.client as never,
      owners: [local],
      version: '1.1',
      address: account.address,
    });
    const operation = {
      sender: account.address,
      nonce: 0n,
      initCode: '0x',
      callData: await theirs.encodeCalls([call(recipient, 9n)]),
      callGasLimit: 100_000n,
      verificationGasLimit: 100_000n,
      preVerificationGas: 50_000n,
      maxFeePerGas: 2_000_000_000n,
      maxPriorityFeePerGas: 1_000_000_000n,
      paymasterAndData: '0x',
    } as const;
    const signature = await theirs.signUserOperation({ ...operation, chainId: 84_532 } as never);
    const hex = Object.fromEntries(
      Object.entries({ ...operation, signature }).map(([name, value]) => [
        name,
        typeof value === 'bigint' ? `0x${value.toString(16)}` : value,
      ]),
    );
    const body = { jsonrpc: '2.0', id: 1, method: 'eth_sendUserOperation', params: [hex] };
    const response = await fetch(bundler.url, { method: 'POST', body: JSON.stringify(body) });
    expect(await response.json()).toMatchObject({ result: expect.stringMatching(/^0x[0-9a-f]{64}$/) });
    expect(await anvil.client.getBalance({ address: recipient })).toBe(9n);
  });
});
