// Spend permissions by the official SDK: user operations of the account that calls Coinbase's SpendPermissionManager.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { type Address, decodeFunctionData, type Hex, hashTypedData, parseAbi } from 'viem';
import { entryPoint06Address } from 'viem/account-abstraction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { type FakeBundler, startFakeBundler } from '../support/fake-bundler.ts';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const SPENDER: Address = '0x00000000000000000000000000000000000000AA';
const USDC: Address = '0x036CbD53842c5426634e7929541eC2318f3dCF7e';
const MANAGER: Address = '0xf85210B21cC50302F477BA56686d2019dC9b67Ad';
const owners = new Map<string, string>();
const PERMISSION =
  'struct SpendPermission { address account; address spender; address token; uint160 allowance; uint48 period; uint48 start; uint48 end; uint256 salt; bytes extraData; }';
const managerAbi = parseAbi([
  PERMISSION,
  'function approve(SpendPermission permission) returns (bool)',
  'function revoke(SpendPermission permission)',
]);
const walletAbi = parseAbi(['function execute(address target, uint256 value, bytes data)']);
const types = {
  SpendPermission: [
    { name: 'account', type: 'address' },
    { name: 'spender', type: 'address' },
    { name: 'token', type: 'address' },
    { name: 'allowance', type: 'uint160' },
    { name: 'period', type: 'uint48' },
    { name: 'start', type: 'uint48' },
    { name: 'end', type: 'uint48' },
    { name: 'salt', type: 'uint256' },
    { name: 'extraData', type: 'bytes' },
  ],
} as const;
let anvil: Anvil;
let bundler: FakeBundler;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  bundler = await startFakeBundler(84_532, (sender, index) => (index === 0 ? owners.get(sender) : undefined));
  const rpcUrls = { [NETWORK]: [anvil.url] };
  system = await startTestSystem({
    relay: { rpcUrls, bundlerUrls: { [NETWORK]: [bundler.url] }, tokens: {} },
  });
  const scopes = ['read', 'sign', 'policies#manage'];
  cdp = connectSdk(await createTestProject(system, { policyAuthority: 'api-key', scopes } as never));
  // An EntryPoint that answers every question, and so getNonce, with 0.
  await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x5f5f5260205ff3' });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await bundler?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });

async function smartAccount(rules?: object[]) {
  const policy =
    rules === undefined
      ? null
      : await cdp.policies.createPolicy({ policy: { scope: 'account', rules } as never });
  const owner = await cdp.evm.createAccount(policy === null ? {} : { accountPolicy: policy.id });
  const account = await cdp.evm.createSmartAccount({ owner, enableSpendPermissions: true });
  owners.set(account.address, owner.address);
  return account;
}

const grant = (account: Address, fields: object = {}) =>
  cdp.evm.createSpendPermission({
    network: NETWORK,
    spendPermission: {
      account,
      spender: SPENDER,
      token: 'usdc',
      allowance: 5_000_000n,
      periodInDays: 1,
      salt: 7n,
      extraData: '0x1234',
      start: new Date(1_700_000_000_000),
      ...fields,
    } as never,
  });

function managerCall(userOpHash: string) {
  const { args } = decodeFunctionData({
    abi: walletAbi,
    data: bundler.sent.get(userOpHash)?.['callData'] as Hex,
  });
  const [target, value, data] = args;
  expect([target, value]).toEqual([MANAGER, 0n]);
  return decodeFunctionData({ abi: managerAbi, data });
}

describe('a spend permission', () => {
  it('is approved by the account, listed once that is mined, and revoked by its hash', async () => {
    const { address } = await smartAccount();
    const approval = await grant(address);
    expect(approval).toMatchObject({ status: 'broadcast', network: NETWORK, calls: [{ to: MANAGER }] });
    const permission = {
      account: address,
      spender: SPENDER,
      token: USDC,
      allowance: 5_000_000n,
      period: 86_400,
      start: 1_700_000_000,
      end: 281_474_976_710_655,
      salt: 7n,
      extraData: '0x1234' as const,
    };
    expect(managerCall(approval.userOpHash)).toEqual({ functionName: 'approve', args: [permission] });
    expect((await cdp.evm.listSpendPermissions({ address })).spendPermissions).toEqual([]);

    bundler.mine(approval.userOpHash, true);
    const { spendPermissions } = await cdp.evm.listSpendPermissions({ address });
    const permissionHash = hashTypedData({
      domain: {
        name: 'Spend Permission Manager',
        version: '1',
        chainId: 84_532,
        verifyingContract: MANAGER,
      },
      types,
      primaryType: 'SpendPermission',
      message: permission,
    });
    expect(spendPermissions).toEqual([
      { permission, permissionHash, revoked: false, createdAt: expect.any(String), network: NETWORK },
    ]);

    await expect(
      cdp.evm.revokeSpendPermission({ address, permissionHash: `0x${'00'.repeat(32)}`, network: NETWORK }),
    ).rejects.toEqual(refusal(404, 'not_found'));
    // The stand-in for the EntryPoint knows one nonce only.
    await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x60015f5260205ff3' });
    const revocation = await cdp.evm.revokeSpendPermission({ address, permissionHash, network: NETWORK });
    await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x5f5f5260205ff3' });
    expect(managerCall(revocation.userOpHash)).toEqual({ functionName: 'revoke', args: [permission] });
    bundler.mine(revocation.userOpHash, true);
    const [revoked] = (await cdp.evm.listSpendPermissions({ address })).spendPermissions;
    expect(revoked).toMatchObject({ permissionHash, revoked: true, revokedAt: expect.any(String) });
  });

  it('whose approval fails is not listed', async () => {
    const { address } = await smartAccount();
    const { userOpHash } = await grant(address);
    bundler.mine(userOpHash, false);
    expect((await cdp.evm.listSpendPermissions({ address })).spendPermissions).toEqual([]);
  });

  it('is judged as the call of the manager that it is', async () => {
    const rule = (addresses: Address[]) => [
      {
        action: 'accept',
        operation: 'sendUserOperation',
        criteria: [{ type: 'evmAddress', operator: 'in', addresses }],
      },
    ];
    const closed = await smartAccount(rule([SPENDER]));
    await expect(grant(closed.address)).rejects.toEqual(refusal(403, 'policy_violation'));
    const open = await smartAccount(rule([MANAGER]));
    expect((await grant(open.address)).status).toBe('broadcast');
  });

  it('that the manager would refuse is refused here', async () => {
    const { address } = await smartAccount();
    for (const fields of [
      { allowance: 0n },
      { allowance: 2n ** 160n },
      { token: `0x${'00'.repeat(20)}` },
      { end: new Date(1_600_000_000_000) },
      { periodInDays: undefined, period: 2 ** 48 },
    ])
      await expect(grant(address, fields)).rejects.toEqual(refusal(400, 'invalid_request'));
  });
});
