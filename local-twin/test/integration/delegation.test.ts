// EIP-7702 delegations by the official SDK, on a real node. The delegate's own contracts are stand-ins that answer every question with 0:
// what they would check is checked here with viem.
import type { CdpClient } from '@coinbase/cdp-sdk';
import {
  type Address,
  decodeFunctionData,
  encodeAbiParameters,
  encodeFunctionData,
  type Hex,
  keccak256,
  pad,
  parseAbi,
  recoverAddress,
  stringToHex,
} from 'viem';
import { entryPoint06Address } from 'viem/account-abstraction';
import { recoverAuthorizationAddress } from 'viem/utils';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { type FakeBundler, startFakeBundler } from '../support/fake-bundler.ts';
import { createTestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const CHAIN_ID = 84_532;
const DELEGATE: Address = '0x7702cb554e6bFb442cb743A7dF23154544a7176C';
const NONCE_TRACKER: Address = '0xD0Ff13c28679FDd75Bc09c0a430a0089bf8b95a8';
const IMPLEMENTATION: Address = '0x000100abaad02f1cfC8Bbe32bD5a564817339E72';
const VALIDATOR: Address = '0x79A33f950b90C7d07E66950daedf868BD0cDcF96';
const MANAGER: Address = '0xf85210B21cC50302F477BA56686d2019dC9b67Ad';
const ZERO: Address = `0x${'00'.repeat(20)}`;
const ANSWERS_ZERO = '0x5f5f5260205ff3';
const proxyAbi = parseAbi([
  'function setImplementation(address newImplementation, bytes callData, address validator, uint256 expiry, bytes signature, bool allowCrossChainReplay)',
  'function initialize(bytes[] owners)',
]);
let anvil: Anvil;
let bundler: FakeBundler;
let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  // A delegated account is its own owner.
  bundler = await startFakeBundler(CHAIN_ID, (sender, index) => (index === 0 ? sender : undefined));
  const rpcUrls = { [NETWORK]: [anvil.url], base: [anvil.url] };
  system = await startTestSystem({
    relay: { rpcUrls, bundlerUrls: { [NETWORK]: [bundler.url] }, tokens: {} },
  });
  const scopes = ['read', 'sign', 'policies#manage'];
  cdp = connectSdk(await createTestProject(system, { policyAuthority: 'api-key', scopes } as never));
  for (const address of [DELEGATE, NONCE_TRACKER, entryPoint06Address])
    await anvil.client.setCode({ address, bytecode: ANSWERS_ZERO });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await bundler?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });

async function fundedAccount(rules?: object[]) {
  const policy =
    rules === undefined
      ? null
      : await cdp.policies.createPolicy({ policy: { scope: 'account', rules } as never });
  const account = await cdp.evm.createAccount(policy === null ? {} : { accountPolicy: policy.id });
  await anvil.client.setBalance({ address: account.address, value: 10n ** 18n });
  return account;
}

const delegate = (address: Address, fields: object = {}) =>
  cdp.evm.createEvmEip7702Delegation({ address, network: NETWORK, ...fields });

/** What the proxy hashes: its source, in viem's words. */
function setupHash(callData: Hex): Hex {
  const type = keccak256(
    stringToHex(
      'EIP7702ProxyImplementationSet(uint256 chainId,address proxy,uint256 nonce,address currentImplementation,address newImplementation,bytes callData,address validator,uint256 expiry)',
    ),
  );
  const [word, uint, address] = [{ type: 'bytes32' }, { type: 'uint256' }, { type: 'address' }] as const;
  return keccak256(
    encodeAbiParameters(
      [word, uint, address, uint, address, address, word, address, uint],
      [
        type,
        BigInt(CHAIN_ID),
        DELEGATE,
        0n,
        ZERO,
        IMPLEMENTATION,
        keccak256(callData),
        VALIDATOR,
        2n ** 256n - 1n,
      ],
    ),
  );
}

describe('a delegation', () => {
  it.each([
    ['of its own', false],
    ['open to spend permissions', true],
  ])('makes an account a wallet %s, once', async (_name, enableSpendPermissions) => {
    const { address } = await fundedAccount();
    const { delegationOperationId } = await delegate(address, { enableSpendPermissions });
    const operation = await cdp.evm.waitForEvmEip7702DelegationOperationStatus({ delegationOperationId });
    expect(operation).toMatchObject({
      delegationOperationId,
      status: 'COMPLETED',
      network: NETWORK,
      delegateAddress: DELEGATE,
    });
    expect(await anvil.client.getCode({ address })).toBe(`0xef0100${DELEGATE.slice(2).toLowerCase()}`);

    const hash = operation.transactionHash as Hex;
    const transaction = await anvil.client.getTransaction({ hash });
    expect(transaction).toMatchObject({ type: 'eip7702', to: address.toLowerCase(), value: 0n, nonce: 0 });
    const [authorization] = transaction.authorizationList ?? [];
    if (authorization === undefined) throw new Error('no authorization');
    expect(authorization).toMatchObject({ chainId: CHAIN_ID, nonce: 1 });
    expect(await recoverAuthorizationAddress({ authorization } as never)).toBe(address);
    const call = decodeFunctionData({ abi: proxyAbi, data: transaction.input });
    const [implementation, callData, validator, expiry, signature, isForEveryChain] =
      call.args as unknown as [Address, Hex, Address, bigint, Hex, boolean];
    const owners = enableSpendPermissions ? [address, MANAGER] : [address];
    expect([implementation, validator, expiry, isForEveryChain]).toEqual([
      IMPLEMENTATION,
      VALIDATOR,
      2n ** 256n - 1n,
      false,
    ]);
    expect(callData).toBe(
      encodeFunctionData({
        abi: proxyAbi,
        functionName: 'initialize',
        args: [owners.map((owner) => pad(owner.toLowerCase() as Address, { size: 32 }))],
      }),
    );
    expect(await recoverAddress({ hash: setupHash(callData), signature })).toBe(address);
    await expect(delegate(address)).rejects.toEqual(refusal(409, 'already_exists'));
  });

  it('makes a smart account whose operations the account signs', async () => {
    const owner = await fundedAccount();
    await delegate(owner.address);
    const account = await cdp.evm.getSmartAccount({ address: owner.address, owner });
    const call = { to: ZERO, value: 1n, data: '0x' as Hex };
    const sent = await cdp.evm.prepareAndSendUserOperation({
      smartAccount: account,
      network: NETWORK,
      calls: [call],
    });
    expect(bundler.sent.get(sent.userOpHash)).toMatchObject({ sender: owner.address, initCode: '0x' });
  });

  it('is one transaction under one idempotency key', async () => {
    const { address } = await fundedAccount();
    const first = await delegate(address, { idempotencyKey: 'delegation-1' });
    expect(await delegate(address, { idempotencyKey: 'delegation-1' })).toEqual(first);
    expect(await anvil.client.getTransactionCount({ address })).toBe(2);
  });

  it('is judged as a transaction of the account to itself', async () => {
    const rule = (addresses: Address[], networks = [NETWORK]) => ({
      action: 'accept',
      operation: 'sendEvmTransaction',
      criteria: [
        { type: 'evmAddress', operator: 'in', addresses },
        { type: 'evmNetwork', operator: 'in', networks },
      ],
    });
    const { address } = await fundedAccount([rule([ZERO])]);
    await expect(delegate(address)).rejects.toEqual(refusal(403, 'policy_violation'));
    expect(await anvil.client.getTransactionCount({ address })).toBe(0);
  });

  it('that cannot be paid, has no network, or is nobody’s is refused in CDP words', async () => {
    const poor = await cdp.evm.createAccount();
    await expect(delegate(poor.address)).rejects.toEqual(refusal(400, 'invalid_request'));
    const { address } = await fundedAccount();
    await expect(delegate(address, { network: 'arbitrum' })).rejects.toEqual(refusal(400, 'invalid_request'));
    await expect(delegate(address, { network: 'zora' })).rejects.toEqual(refusal(400, 'invalid_request'));
    await expect(delegate(ZERO)).rejects.toEqual(refusal(404, 'not_found'));
    await expect(
      cdp.evm.getEvmEip7702DelegationOperationById('00000000-0000-4000-8000-000000000000'),
    ).rejects.toEqual(refusal(404, 'not_found'));
    await expect(cdp.evm.getEvmEip7702DelegationOperationById('nothing')).rejects.toEqual(
      refusal(400, 'invalid_request'),
    );
  });
});
