// The official SDK sends Solana transactions through enclave and proxy as processes of their own, into the real runtime.
import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { base58 } from '@scure/base';
import { type Address, address, lamports } from '@solana/kit';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { type SolanaTestNode, startSolanaNode } from '../support/solana-node.ts';
import { compileTransfer, randomSolanaAddress, wireOf } from '../support/solana-transfer.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';
import { solanaTransfer } from '../support/unsigned-solana-transfer.ts';

const PLACEHOLDER = base58.decode('SysvarRecentB1ockHashes11111111111111111111');
const OPEN = new Uint8Array(32);
let node: SolanaTestNode;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  node = await startSolanaNode();
  const rpcUrls = { 'solana-devnet': [node.url] };
  system = await startTestSystem({ relay: { rpcUrls, bundlerUrls: {}, tokens: {} } });
  cdp = connectSdk(await createTestProject(system, { scopes: ['read', 'sign', 'policies#manage'] }));
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await node?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string, errorMessage = expect.any(String)) =>
  expect.objectContaining({ statusCode, errorType, errorMessage });
const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64');
const send = (transaction: string, idempotencyKey?: string) =>
  cdp.solana.sendTransaction({
    network: 'solana-devnet',
    transaction,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });
const balanceOf = (of: Uint8Array | string) =>
  node.svm.getBalance(address(typeof of === 'string' ? of : base58.encode(of))) ?? 0n;

async function fundedAccount(accountPolicy?: string) {
  const account = await cdp.solana.createAccount(accountPolicy === undefined ? {} : { accountPolicy });
  node.svm.airdrop(address(account.address), lamports(1_000_000_000n));
  return account;
}
/** A recipient that has its rent already, so that 1000 lamports more are welcome. */
function recipient(): Uint8Array {
  const to = randomSolanaAddress();
  node.svm.airdrop(to, lamports(1_000_000_000n));
  return base58.decode(to);
}

describe('sendTransaction', () => {
  it.each([
    ['zeros', OPEN],
    ['the placeholder of CDP', PLACEHOLDER],
  ])('fills in a blockhash of %s', async (_name, blockhash) => {
    const { address: from } = await fundedAccount();
    const to = recipient();
    const { transactionSignature } = await send(base64(solanaTransfer(from, blockhash, { to })));
    expect(balanceOf(to)).toBe(1_000_001_000n);
    expect(node.svm.getTransaction(transactionSignature as never)).not.toBeNull();
  });

  it('keeps a blockhash that the client chose', async () => {
    const { address: from } = await fundedAccount();
    const to = recipient();
    const current = base58.decode(node.svm.latestBlockhash());
    await send(base64(solanaTransfer(from, current, { to })));
    expect(balanceOf(to)).toBe(1_000_001_000n);
    const stale = solanaTransfer(from, Buffer.alloc(32, 0x31), { to });
    await expect(send(base64(stale))).rejects.toEqual(
      refusal(400, 'invalid_request', 'The blockhash is unknown or expired.'),
    );
  });

  it('signs for every account of the project that is required', async () => {
    const [payer, from] = [await fundedAccount(), await fundedAccount()];
    const to = randomSolanaAddress();
    node.svm.airdrop(to, lamports(1_000_000_000n));
    const transaction = compileTransfer({ version: 0, from: from.address, to, feePayer: payer.address });
    const wire = Buffer.from(wireOf(transaction), 'base64');
    // Two slots, version byte, header, count, four keys: then the blockhash, random here, which is made open.
    wire.set(OPEN, 1 + 2 * 64 + 1 + 3 + 1 + 4 * 32);
    await send(wire.toString('base64'));
    expect(balanceOf(to)).toBe(1_000_001_000n);
    expect(balanceOf(payer.address)).toBe(1_000_000_000n - 10_000n);
  });

  it('leads to the same transaction under the same idempotency key', async () => {
    const { address: from } = await fundedAccount();
    const to = recipient();
    const key = randomUUID();
    const transaction = base64(solanaTransfer(from, OPEN, { to }));
    const first = await send(transaction, key);
    node.svm.expireBlockhash();
    expect(await send(transaction, key)).toEqual(first);
    expect(balanceOf(to)).toBe(1_000_001_000n);
  });

  it('pays twice when it is asked twice', async () => {
    const { address: from } = await fundedAccount();
    const to = recipient();
    await send(base64(solanaTransfer(from, OPEN, { to })));
    node.svm.expireBlockhash();
    await send(base64(solanaTransfer(from, OPEN, { to })));
    expect(balanceOf(to)).toBe(1_000_002_000n);
  });
});

describe('what cannot be sent', () => {
  it('is refused in CDP words', async () => {
    const poor = await cdp.solana.createAccount();
    await expect(send(base64(solanaTransfer(poor.address, OPEN)))).rejects.toEqual(
      refusal(400, 'invalid_request', 'Insufficient balance to execute the transaction.'),
    );
    await expect(send(base64(solanaTransfer(randomSolanaAddress(), OPEN)))).rejects.toEqual(
      refusal(403, 'forbidden', 'Unable to sign transaction for this address.'),
    );
    await expect(send('AAAA')).rejects.toEqual(refusal(400, 'malformed_transaction'));
    const elsewhere = cdp.solana.sendTransaction({
      network: 'solana',
      transaction: base64(solanaTransfer(poor.address, OPEN)),
    });
    await expect(elsewhere).rejects.toEqual(
      refusal(400, 'invalid_request', 'This service is not configured for the network.'),
    );
    const sponsored = cdp.solana.sendTransaction({
      network: 'solana-devnet',
      transaction: base64(solanaTransfer(poor.address, OPEN)),
      useCdpSponsor: true,
    });
    await expect(sponsored).rejects.toEqual(refusal(400, 'invalid_request'));
  });

  it('is what the policy of any one signer forbids', async () => {
    const policy = await cdp.policies.createPolicy({
      policy: {
        scope: 'account',
        rules: [
          {
            action: 'reject',
            operation: 'sendSolTransaction',
            criteria: [{ type: 'solValue', solValue: '500', operator: '>' }],
          },
        ],
      },
    });
    const governed = await fundedAccount(policy.id);
    const payer = await fundedAccount();
    const to = recipient();
    await expect(send(base64(solanaTransfer(governed.address, OPEN, { to })))).rejects.toEqual(
      refusal(403, 'policy_violation'),
    );
    const transaction = compileTransfer({ version: 0, from: governed.address, feePayer: payer.address });
    await expect(send(wireOf(transaction))).rejects.toEqual(refusal(403, 'policy_violation'));
    expect(balanceOf(to)).toBe(1_000_000_000n);
  });
});

describe('a node that breaks off', () => {
  it.each(['before', 'after'] as const)(
    '%s it has the transaction costs nobody a payment or two',
    async (when) => {
      const { address: from } = await fundedAccount();
      const to = recipient();
      node.breakNextSend(when);
      await send(base64(solanaTransfer(from, OPEN, { to })));
      for (const startedMs = Date.now(); balanceOf(to) === 1_000_000_000n; await sleep(100)) {
        expect(Date.now() - startedMs).toBeLessThan(20_000);
      }
      await sleep(3000);
      expect(balanceOf(to)).toBe(1_000_001_000n);
    },
  );
});

describe('listTokenBalances', () => {
  const mint = (): Address => randomSolanaAddress();

  it('shows SOL and what is held of every mint, page by page', async () => {
    const { address: owner } = await fundedAccount();
    const [first, second] = [mint(), mint()].toSorted((a, b) => (a < b ? -1 : 1)) as [Address, Address];
    node.giveTokens(owner, first, 1_500_000n, 6);
    node.giveTokens(owner, first, 500_000n, 6);
    node.giveTokens(owner, second, 7n, 0);
    node.giveTokens(owner, mint(), 0n, 2);
    const { balances, nextPageToken } = await cdp.solana.listTokenBalances({
      address: owner,
      network: 'solana-devnet',
      pageSize: 2,
    });
    expect(balances).toEqual([
      {
        token: { mintAddress: 'So11111111111111111111111111111111111111111', symbol: 'SOL', name: 'Solana' },
        amount: { amount: 1_000_000_000n, decimals: 9 },
      },
      { token: expect.objectContaining({ mintAddress: first }), amount: { amount: 2_000_000n, decimals: 6 } },
    ]);
    const rest = await cdp.solana.listTokenBalances({
      address: owner,
      network: 'solana-devnet',
      pageToken: nextPageToken as string,
    });
    expect(rest.balances.map(({ token }) => token.mintAddress)).toEqual([second]);
    expect(rest.nextPageToken).toBeUndefined();
  });
});
