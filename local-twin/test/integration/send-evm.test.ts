// The official SDK sends transactions through enclave and proxy as processes of their own, to a real EVM node.
import { randomUUID } from 'node:crypto';
import type { CdpClient } from '@coinbase/cdp-sdk';
import {
  type Address,
  encodeFunctionData,
  type Hex,
  parseEther,
  parseGwei,
  serializeTransaction,
} from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const RECIPIENT: Address = '0x00000000000000000000000000000000000000aa';
let anvil: Anvil;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  system = await startTestSystem({
    relay: { rpcUrls: { [NETWORK]: [anvil.url] }, bundlerUrls: {}, tokens: {} },
  });
  cdp = connectSdk(
    await createTestProject(system, {
      scopes: ['read', 'sign', 'policies#manage'],
      maxFeeWei: `${parseEther('0.01')}`,
    }),
  );
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string, errorMessage = expect.any(String)) =>
  expect.objectContaining({ statusCode, errorType, errorMessage });

async function fundedAccount(ether = '1') {
  const account = await cdp.evm.createAccount();
  await anvil.client.setBalance({ address: account.address, value: parseEther(ether) });
  return account;
}
const send = (address: Address, transaction: object | Hex, idempotencyKey?: string) =>
  cdp.evm.sendTransaction({
    address,
    network: NETWORK,
    transaction: transaction as never,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
const nonceOf = (address: Address) => anvil.client.getTransactionCount({ address });

describe('sendTransaction', () => {
  it('fills in what is left out, and is mined', async () => {
    const { address } = await fundedAccount();
    const before = await anvil.client.getBalance({ address: RECIPIENT });
    const { transactionHash } = await send(address, { to: RECIPIENT, value: 1234n });
    const mined = await anvil.client.waitForTransactionReceipt({ hash: transactionHash });
    expect(mined.status).toBe('success');
    expect(mined.from).toBe(address.toLowerCase());
    const sent = await anvil.client.getTransaction({ hash: transactionHash });
    expect(sent).toMatchObject({ nonce: 0, gas: 21_000n, value: 1234n, chainId: 84_532, type: 'eip1559' });
    expect(await anvil.client.getBalance({ address: RECIPIENT })).toBe(before + 1234n);
  });

  it('keeps what the client set', async () => {
    const { address } = await fundedAccount();
    const fields = { gas: 50_000n, maxFeePerGas: parseGwei('7'), maxPriorityFeePerGas: parseGwei('3') };
    const { transactionHash } = await send(address, { to: RECIPIENT, value: 1n, ...fields });
    expect(await anvil.client.getTransaction({ hash: transactionHash })).toMatchObject(fields);
    const second = await send(address, { to: RECIPIENT, value: 1n, nonce: 1, ...fields });
    expect(await anvil.client.getTransaction({ hash: second.transactionHash })).toMatchObject({ nonce: 1 });
  });

  it('fills in the tip below a given fee, and the fee above a given tip', async () => {
    const { address } = await fundedAccount();
    const capped = await send(address, { to: RECIPIENT, maxFeePerGas: parseGwei('2.5') });
    const first = await anvil.client.getTransaction({ hash: capped.transactionHash });
    expect(first.maxFeePerGas).toBe(parseGwei('2.5'));
    expect(first.maxPriorityFeePerGas).toBeGreaterThan(0n);
    const tipped = await send(address, { to: RECIPIENT, maxPriorityFeePerGas: parseGwei('4') });
    const second = await anvil.client.getTransaction({ hash: tipped.transactionHash });
    expect(second.maxPriorityFeePerGas).toBe(parseGwei('4'));
    expect(second.maxFeePerGas).toBeGreaterThan(parseGwei('4'));
  });

  it('takes the form of the Python SDK, with three empty signature fields', async () => {
    const { address } = await fundedAccount();
    const unsigned = serializeTransaction({ type: 'eip1559', chainId: 1, to: RECIPIENT, value: 5n });
    // 9 fields in a short list; three empty ones make it longer by three bytes.
    const length = Number.parseInt(unsigned.slice(4, 6), 16) + 3;
    const twelve = `0x02${length.toString(16)}${unsigned.slice(6)}808080` as Hex;
    const { transactionHash } = await send(address, twelve);
    expect((await anvil.client.getTransaction({ hash: transactionHash })).value).toBe(5n);
  });

  it('is what account.transfer does', async () => {
    const account = await fundedAccount();
    const { transactionHash } = await account.transfer({
      to: RECIPIENT,
      amount: 77n,
      token: 'eth',
      network: NETWORK,
    });
    expect((await anvil.client.getTransaction({ hash: transactionHash })).value).toBe(77n);
  });

  it('deploys a contract, and calls it with a margin of gas', async () => {
    const { address } = await fundedAccount();
    // Runtime: sstore(0, calldataload(4)). Init code returns it.
    const deployed = await send(address, { data: '0x6006600c60003960066000f3600435600055' });
    const { contractAddress } = await anvil.client.waitForTransactionReceipt({
      hash: deployed.transactionHash,
    });
    const abi = [{ type: 'function', name: 'set', inputs: [{ type: 'uint256' }], outputs: [] }] as const;
    const data = encodeFunctionData({ abi, functionName: 'set', args: [42n] });
    const called = await send(address, { to: contractAddress, data });
    await anvil.client.waitForTransactionReceipt({ hash: called.transactionHash });
    const stored = await anvil.client.getStorageAt({ address: contractAddress as Address, slot: '0x0' });
    expect(BigInt(stored as Hex)).toBe(42n);
  });

  it('gives 20 sends at once 20 nonces without a gap', async () => {
    const { address } = await fundedAccount();
    const sends = Array.from({ length: 20 }, (_, i) => send(address, { to: RECIPIENT, value: BigInt(i) }));
    const hashes = (await Promise.all(sends)).map(({ transactionHash }) => transactionHash);
    const receipts = await Promise.all(
      hashes.map((hash) => anvil.client.waitForTransactionReceipt({ hash })),
    );
    expect(receipts.every(({ status }) => status === 'success')).toBe(true);
    const transactions = await Promise.all(hashes.map((hash) => anvil.client.getTransaction({ hash })));
    expect(transactions.map(({ nonce }) => nonce).toSorted((a, b) => a - b)).toEqual(
      Array.from({ length: 20 }, (_, i) => i),
    );
  });
});

describe('a repeated request', () => {
  it('leads to the same transaction, mined once', async () => {
    const { address } = await fundedAccount();
    const key = randomUUID();
    const first = await send(address, { to: RECIPIENT, value: 9n }, key);
    const again = await send(address, { to: RECIPIENT, value: 9n }, key);
    expect(again).toEqual(first);
    expect(await nonceOf(address)).toBe(1);
    await expect(send(address, { to: RECIPIENT, value: 10n }, key)).rejects.toEqual(
      refusal(422, 'idempotency_error'),
    );
  });
});

describe('what cannot be sent', () => {
  it('uses no nonce', async () => {
    const { address } = await fundedAccount();
    const reverting = '0x00000000000000000000000000000000000000bb';
    await anvil.client.setCode({ address: reverting, bytecode: '0x60006000fd' });
    await expect(send(address, { to: reverting, data: '0x01' })).rejects.toEqual(
      refusal(400, 'invalid_request', 'The transaction would revert.'),
    );
    await expect(send(address, { to: RECIPIENT, value: parseEther('5') })).rejects.toEqual(
      refusal(400, 'invalid_request', 'Insufficient balance to execute the transaction.'),
    );
    const { transactionHash } = await send(address, { to: RECIPIENT });
    expect(await anvil.client.getTransaction({ hash: transactionHash })).toMatchObject({ nonce: 0 });
  });

  it('is refused in CDP words: fee over the cap, unknown network, another type, no transaction', async () => {
    const { address } = await fundedAccount();
    await expect(
      send(address, { to: RECIPIENT, gas: 1_000_000n, maxFeePerGas: parseGwei('11') }),
    ).rejects.toEqual(
      refusal(400, 'invalid_request', "The transaction's fee could exceed the project's cap."),
    );
    const elsewhere = cdp.evm.sendTransaction({
      address,
      network: 'ethereum',
      transaction: { to: RECIPIENT, value: 1n } as never,
    });
    await expect(elsewhere).rejects.toEqual(
      refusal(400, 'invalid_request', 'This service is not configured for the network.'),
    );
    const legacy = serializeTransaction({
      type: 'legacy',
      to: RECIPIENT,
      gasPrice: 1n,
      nonce: 1,
      gas: 21_000n,
    });
    await expect(send(address, legacy)).rejects.toEqual(refusal(400, 'malformed_transaction'));
    await expect(send(address, '0x02c0')).rejects.toEqual(refusal(400, 'malformed_transaction'));
    const nowhere = cdp.evm.sendTransaction({
      address,
      network: 'goerli' as never,
      transaction: { to: RECIPIENT } as never,
    });
    await expect(nowhere).rejects.toEqual(refusal(400, 'invalid_request'));
    const stranger = '0x00000000000000000000000000000000000000cc';
    await expect(send(stranger, { to: RECIPIENT })).rejects.toEqual(refusal(404, 'not_found'));
    expect(await nonceOf(address)).toBe(0);
  });

  it('is refused by a policy before any node has a say', async () => {
    const policy = await cdp.policies.createPolicy({
      policy: {
        scope: 'account',
        rules: [
          {
            action: 'accept',
            operation: 'sendEvmTransaction',
            criteria: [
              { type: 'ethValue', ethValue: '100', operator: '<=' },
              { type: 'evmNetwork', networks: ['base-sepolia'], operator: 'in' },
            ],
          },
        ],
      },
    });
    const poor = await cdp.evm.createAccount({ accountPolicy: policy.id });
    await expect(send(poor.address, { to: RECIPIENT, value: 101n })).rejects.toEqual(
      refusal(403, 'policy_violation'),
    );
    await anvil.client.setBalance({ address: poor.address, value: parseEther('1') });
    const { transactionHash } = await send(poor.address, { to: RECIPIENT, value: 100n });
    expect((await anvil.client.getTransaction({ hash: transactionHash })).value).toBe(100n);
  });
});

describe('nonces of the client', () => {
  it('may leave a gap, which later sends fill', async () => {
    const { address } = await fundedAccount();
    const ahead = await send(address, { to: RECIPIENT, value: 3n, nonce: 2 });
    const [first, second] = [
      await send(address, { to: RECIPIENT, value: 1n }),
      await send(address, { to: RECIPIENT, value: 2n }),
    ];
    const fourth = await send(address, { to: RECIPIENT, value: 4n });
    const nonces = [];
    for (const { transactionHash } of [first, second, ahead, fourth]) {
      await anvil.client.waitForTransactionReceipt({ hash: transactionHash });
      nonces.push((await anvil.client.getTransaction({ hash: transactionHash })).nonce);
    }
    expect(nonces).toEqual([0, 1, 2, 3]);
  });

  it('that are used up are refused', async () => {
    const { address } = await fundedAccount();
    await send(address, { to: RECIPIENT });
    await send(address, { to: RECIPIENT });
    await expect(send(address, { to: RECIPIENT, value: 8n, nonce: 1 })).rejects.toEqual(
      refusal(400, 'invalid_request', expect.stringContaining('nonce is too low')),
    );
    const next = await send(address, { to: RECIPIENT });
    expect(await anvil.client.getTransaction({ hash: next.transactionHash })).toMatchObject({ nonce: 2 });
  });
});
