// What breaks between a signed transaction and its block: the node, the way to it, the proxy, its neighbour.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CdpClient } from '@coinbase/cdp-sdk';
import type { RelayConfig } from '@strongroom/chain-relay/relay-config';
import { type Address, parseEther, parseGwei } from 'viem';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { startChild } from '../../src/system/child.ts';
import type { ProxyProcessOptions } from '../../src/system/proxy-process.ts';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';
import { startUnreliableNode, type UnreliableNode } from '../support/unreliable-node.ts';

const NETWORK = 'base-sepolia';
const RECIPIENT: Address = '0x00000000000000000000000000000000000000aa';
const BROADCAST = 'eth_sendRawTransaction';
let anvil: Anvil;
let node: UnreliableNode;
let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;
let relay: RelayConfig;

beforeAll(async () => {
  anvil = await startAnvil({ isMining: false });
  node = await startUnreliableNode(() => anvil.url);
  relay = { rpcUrls: { [NETWORK]: [node.url] }, bundlerUrls: {}, tokens: {} };
  system = await startTestSystem({ relay });
  project = await createTestProject(system, { authorities: authorities(system.proxy.port) });
  cdp = connectSdk(project);
});
afterEach(() => node.heal());
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

/** Tokens are for one host each, and the second proxy is another host. */
const SECOND_PORT = 20_000 + (process.pid % 20_000);
const authorities = (port: number) => [`127.0.0.1:${port}`, `127.0.0.1:${SECOND_PORT}`];

async function fundedAccount() {
  const account = await cdp.evm.createAccount();
  await anvil.client.setBalance({ address: account.address, value: parseEther('1') });
  return account;
}
const send = (address: Address, transaction: object, idempotencyKey?: string) =>
  cdp.evm.sendTransaction({
    address,
    network: NETWORK,
    transaction: { to: RECIPIENT, ...transaction } as never,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
const refused = (errorMessage: string) =>
  expect.objectContaining({ statusCode: 400, errorMessage: expect.stringContaining(errorMessage) });

const broadcasts = () => node.asked.filter((method) => method === BROADCAST).length;

async function isMined(hash: `0x${string}`): Promise<boolean> {
  await anvil.client.mine({ blocks: 1 });
  const receipt = await anvil.client.getTransactionReceipt({ hash }).catch(() => null);
  return receipt !== null;
}

async function untilMined(hash: `0x${string}`): Promise<void> {
  for (const startedMs = Date.now(); Date.now() - startedMs < 50_000; await sleep(250)) {
    if (await isMined(hash)) return;
  }
  throw new Error('the transaction was not mined');
}

describe('a node that dies in mid-request', () => {
  it('before it took the transaction: it is brought there when the node is back', async () => {
    const { address } = await fundedAccount();
    node.fail(BROADCAST, 'before');
    const { transactionHash } = await send(address, { value: 1n });
    expect(await isMined(transactionHash)).toBe(false);
    await untilMined(transactionHash);
  });

  it('after it took the transaction: it is known, and mined once', async () => {
    const { address } = await fundedAccount();
    node.fail(BROADCAST, 'after');
    const { transactionHash } = await send(address, { value: 1n });
    await untilMined(transactionHash);
    expect(await anvil.client.getTransactionCount({ address })).toBe(1);
  });

  it('before anything is signed: 502, and nothing was sent', async () => {
    const { address } = await fundedAccount();
    node.fail('eth_estimateGas', 'before');
    await expect(send(address, { value: 1n })).rejects.toEqual(
      expect.objectContaining({ statusCode: 502, errorType: 'bad_gateway' }),
    );
    await anvil.client.mine({ blocks: 1 });
    expect(await anvil.client.getTransactionCount({ address })).toBe(0);
  });

  it('and forgets its pool: a later send does not take the same nonce', async () => {
    const { address } = await fundedAccount();
    const first = await send(address, { value: 1n });
    await anvil.client.dropTransaction({ hash: first.transactionHash });
    const second = await send(address, { value: 2n });
    await untilMined(first.transactionHash);
    await untilMined(second.transactionHash);
    expect(await anvil.client.getTransaction({ hash: second.transactionHash })).toMatchObject({ nonce: 1 });
  });

  it('is not believed when it serves another chain or answers nonsense', async () => {
    const { address } = await fundedAccount();
    node.fail('eth_getBlockByNumber', { answer: { result: { baseFeePerGas: 'much' } } });
    await expect(send(address, {})).rejects.toEqual(expect.objectContaining({ statusCode: 502 }));
    node.fail('eth_estimateGas', { answer: { error: { code: -32_000, message: '<script>boom</script>' } } });
    await expect(send(address, {})).rejects.toEqual(refused('The network refused the transaction.'));
  });
});

describe('what a node refuses', () => {
  it('at the last moment frees its nonce and is never sent', async () => {
    const { address } = await fundedAccount();
    node.fail(BROADCAST, {
      answer: { error: { code: -32_003, message: 'Insufficient funds for gas * price + value' } },
    });
    const key = randomUUID();
    await expect(send(address, { value: 1n }, key)).rejects.toEqual(refused('Insufficient balance'));
    await expect(send(address, { value: 1n }, key)).rejects.toEqual(refused('Insufficient balance'));
    const next = await send(address, { value: 2n });
    await untilMined(next.transactionHash);
    expect(await anvil.client.getTransaction({ hash: next.transactionHash })).toMatchObject({ nonce: 0 });
    await sleep(3000);
    await anvil.client.mine({ blocks: 1 });
    expect(await anvil.client.getTransactionCount({ address })).toBe(1);
  });

  it('because it knows the transaction already is taken', async () => {
    const { address } = await fundedAccount();
    const { transactionHash } = await send(address, { value: 1n }, 'known-already');
    expect(await send(address, { value: 1n }, 'known-already')).toEqual({ transactionHash });
    await untilMined(transactionHash);
    // Mined, it is too old for the pool; the repeated request still names it.
    expect(await send(address, { value: 1n }, 'known-already')).toEqual({ transactionHash });
    expect(await anvil.client.getTransactionCount({ address })).toBe(1);
  });

  it('as a replacement that pays too little; one that pays more takes its place', async () => {
    const { address } = await fundedAccount();
    await send(address, { value: 0n });
    await anvil.client.mine({ blocks: 1 });
    const fees = (gwei: string) => ({ maxFeePerGas: parseGwei(gwei), maxPriorityFeePerGas: parseGwei(gwei) });
    const slow = await send(address, { value: 1n, nonce: 1, ...fees('3') });
    await expect(send(address, { value: 2n, nonce: 1, ...fees('2.9') })).rejects.toEqual(
      refused('same nonce is pending'),
    );
    const fast = await send(address, { value: 3n, nonce: 1, ...fees('9') });
    await untilMined(fast.transactionHash);
    expect(
      await anvil.client.getTransactionReceipt({ hash: slow.transactionHash }).catch(() => null),
    ).toBeNull();
  });
});

describe('a proxy killed between storing and broadcasting', () => {
  it('sends on its next start what it had signed, once, though its client never heard of it', async () => {
    const { address } = await fundedAccount();
    node.fail(BROADCAST, 'hang', null);
    const before = broadcasts();
    const cut = send(address, { value: 5n }, 'cut-in-half').then(
      () => 'answered',
      () => 'cut',
    );
    while (broadcasts() === before) await sleep(20);
    await system.proxy.kill();
    expect(await cut).toBe('cut');
    node.heal();
    await system.restartProxy();
    const again = await send(address, { value: 5n }, 'cut-in-half');
    await untilMined(again.transactionHash);
    for (let i = 0; i < 3; i += 1) await anvil.client.mine({ blocks: 1 });
    expect(await anvil.client.getTransactionCount({ address })).toBe(1);
  });

  it('sends it without being asked again', async () => {
    const { address } = await fundedAccount();
    node.fail(BROADCAST, 'hang', null);
    const before = broadcasts();
    const cut = send(address, { value: 6n }).catch(() => 'cut');
    while (broadcasts() === before) await sleep(20);
    await system.proxy.kill();
    expect(await cut).toBe('cut');
    node.heal();
    await system.restartProxy();
    for (const startedMs = Date.now(); Date.now() - startedMs < 50_000; await sleep(500)) {
      await anvil.client.mine({ blocks: 1 });
      if ((await anvil.client.getTransactionCount({ address })) === 1) return;
    }
    throw new Error('the payment was lost');
  });
});

describe('two proxies on one store', () => {
  it('give one account nonces without a gap', async () => {
    const { address } = await fundedAccount();
    const options: ProxyProcessOptions = {
      store: { engine: 'sqlite', directory: `${system.home}/data` },
      port: SECOND_PORT,
      enclavePort: system.enclave.port,
      enrolmentToken: system.enrolmentToken,
      logLevel: 'silent',
      rateLimits: { perKey: 1_000_000, perProject: 1_000_000 },
      trustedProxies: [],
      relay,
    };
    const entry = new URL('../../src/system/proxy-process.ts', import.meta.url);
    const second = await startChild(entry, options);
    const hashes: `0x${string}`[] = [];
    try {
      // The SDK's clients share one configuration, so the two hosts take turns: ten requests are under way at each.
      const burst = (basePath: string, from: number) => {
        cdp = connectSdk(project, basePath);
        return Array.from({ length: 10 }, (_, i) => send(address, { value: BigInt(from + i) }));
      };
      const first = burst(system.baseUrl, 0);
      // Requests are addressed when they are signed, which the SDK does within a few turns of the event loop.
      await sleep(30);
      const others = burst(`http://127.0.0.1:${SECOND_PORT}`, 100);
      const sent = await Promise.all([...first, ...others]);
      hashes.push(...sent.map(({ transactionHash }) => transactionHash));
    } finally {
      cdp = connectSdk(project);
      await second.stop();
    }
    const transactions = await Promise.all(hashes.map((hash) => anvil.client.getTransaction({ hash })));
    const nonces = transactions.map(({ nonce }) => nonce).toSorted((a, b) => a - b);
    expect(nonces).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});
