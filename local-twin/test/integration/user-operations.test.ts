// Signed requests for user operations by the official SDK: the enclave makes the operation of the calls that the wallet token covers.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { type Address, decodeFunctionData, getAddress, type Hex, parseAbi } from 'viem';
import { entryPoint06Address } from 'viem/account-abstraction';
import { generatePrivateKey, privateKeyToAccount } from 'viem/accounts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { type FakeBundler, startFakeBundler } from '../support/fake-bundler.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned as sendToService } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const TO: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';
const owners = new Map<string, string>();
const walletAbi = parseAbi(['function execute(address target, uint256 value, bytes data)']);
let anvil: Anvil;
let bundler: FakeBundler;
let system: TestSystem;
let cdp: CdpClient;
let project: TestProject;

beforeAll(async () => {
  anvil = await startAnvil();
  bundler = await startFakeBundler(84_532, (sender, index) => (index === 0 ? owners.get(sender) : undefined));
  const rpcUrls = { [NETWORK]: [anvil.url] };
  system = await startTestSystem({
    relay: { rpcUrls, bundlerUrls: { [NETWORK]: [bundler.url] }, tokens: {} },
  });
  project = await createTestProject(system, {
    policyAuthority: 'api-key',
    scopes: ['read', 'sign', 'policies#manage'],
  });
  cdp = connectSdk(project);
  // An EntryPoint that answers every question, and so getNonce, with 0.
  await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x5f5f5260205ff3' });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  await bundler?.[Symbol.asyncDispose]();
  await anvil?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });
const call = (to: Address = TO, value = 1n) => ({ to, value, data: '0x' as Hex });

async function smartAccount(rules?: object[]) {
  const policy =
    rules === undefined
      ? null
      : await cdp.policies.createPolicy({ policy: { scope: 'account', rules } as never });
  const owner = await cdp.evm.createAccount(policy === null ? {} : { accountPolicy: policy.id });
  const account = await cdp.evm.createSmartAccount({ owner });
  owners.set(account.address, owner.address);
  return { owner, account, policy };
}

type Account = Awaited<ReturnType<typeof smartAccount>>['account'];
const sendSigned = (account: Account, calls = [call()], idempotencyKey?: string) =>
  cdp.evm.prepareAndSendUserOperation({
    smartAccount: account,
    network: NETWORK,
    calls,
    ...(idempotencyKey !== undefined && { idempotencyKey }),
  });

describe('prepareAndSendUserOperation', () => {
  it('is signed in the enclave, sent, and completes', async () => {
    const { account } = await smartAccount();
    const { userOpHash, status } = await sendSigned(account, [{ to: TO, value: 5n, data: '0x1234' }]);
    expect(status).toBe('broadcast');
    const operation = bundler.sent.get(userOpHash);
    expect(operation?.['sender']).toBe(account.address);
    const decoded = decodeFunctionData({ abi: walletAbi, data: operation?.['callData'] as Hex });
    expect(decoded).toEqual({ functionName: 'execute', args: [getAddress(TO), 5n, '0x1234'] });
    expect(await account.getUserOperation({ userOpHash })).toMatchObject({ status: 'broadcast' });
    bundler.mine(userOpHash, true);
    expect(await account.waitForUserOperation({ userOpHash })).toMatchObject({ status: 'complete' });
  });

  it('is one operation under one idempotency key', async () => {
    const { account } = await smartAccount();
    const first = await sendSigned(account, [call()], 'operation-1');
    const sentBefore = bundler.sent.size;
    expect((await sendSigned(account, [call()], 'operation-1')).userOpHash).toBe(first.userOpHash);
    expect(bundler.sent.size).toBe(sentBefore);
    await expect(sendSigned(account, [call(TO, 2n)], 'operation-1')).rejects.toEqual(
      refusal(422, 'idempotency_error'),
    );
  });

  it('is not sent beside another one with the same nonce', async () => {
    const { account } = await smartAccount();
    await sendSigned(account);
    await expect(sendSigned(account)).rejects.toEqual(refusal(409, 'operation_in_progress'));
    await expect(sendSigned(account, [call(OTHER)])).rejects.toEqual(refusal(409, 'operation_in_progress'));
  });

  it('that the bundler refuses is dropped, and can be asked for again', async () => {
    const { account } = await smartAccount();
    bundler.failNext('refuse');
    await expect(sendSigned(account)).rejects.toEqual(refusal(400, 'invalid_request'));
    expect((await sendSigned(account, [call(OTHER)])).status).toBe('broadcast');
  });

  it('whose answer from the bundler is lost is durable, and is handed over again', async () => {
    const { account } = await smartAccount();
    bundler.failNext('lose-answer');
    const { userOpHash } = await sendSigned(account);
    expect((await account.getUserOperation({ userOpHash })).status).toBe('broadcast');
  });

  it('needs an owner whose key is in the enclave', async () => {
    const stranger = privateKeyToAccount(generatePrivateKey());
    const account = await cdp.evm.createSmartAccount({ owner: stranger });
    await expect(sendSigned(account)).rejects.toEqual(refusal(403, 'forbidden'));
  });

  it('with a value of more than 256 bits is refused, prepared or sent', async () => {
    const { address } = (await smartAccount()).account;
    const body = { network: NETWORK, calls: [{ to: TO, value: `${2n ** 256n}`, data: '0x' }] };
    for (const end of ['', '/prepare-and-send']) {
      const path = `/v2/evm/smart-accounts/${address}/user-operations${end}`;
      expect((await sendToService(project, 'POST', path, { body })).status).toBe(400);
    }
  });

  it('of a network that is not configured, or with a paymaster that is not allowed, is refused', async () => {
    const { account } = await smartAccount();
    const send = (fields: object) =>
      cdp.evm.prepareAndSendUserOperation({
        smartAccount: account,
        network: NETWORK,
        calls: [call()],
        ...fields,
      });
    await expect(send({ network: 'arbitrum' })).rejects.toEqual(refusal(400, 'invalid_request'));
    await expect(send({ paymasterUrl: 'http://169.254.169.254/' })).rejects.toEqual(
      refusal(400, 'invalid_request'),
    );
  });
});

const sendPlain = (account: Account, calls = [call()]) =>
  cdp.evm.sendUserOperation({ smartAccount: account, network: NETWORK, calls });
const allowing = (operation: string, criteria: object[]) => ({ action: 'accept', operation, criteria });
const only = (address: Address) => ({ type: 'evmAddress', operator: 'in', addresses: [address] });

describe('a policy on user operations', () => {
  it.each(['prepareUserOperation', 'sendUserOperation'])(
    '(%s) decides each call of a signed request, raw hashes being forbidden',
    async (operation) => {
      const { account } = await smartAccount([
        allowing(operation, [only(TO), { type: 'ethValue', operator: '<=', ethValue: '10' }]),
        { action: 'reject', operation: 'signEvmHash' },
      ]);
      const sentBefore = bundler.sent.size;
      for (const calls of [[call(OTHER)], [call(TO, 11n)], [call(), call(OTHER)]])
        await expect(sendSigned(account, calls)).rejects.toEqual(refusal(403, 'policy_violation'));
      expect(bundler.sent.size).toBe(sentBefore);
      expect((await sendSigned(account, [call(TO, 10n), call(TO, 1n)])).status).toBe('broadcast');
      // The hash of what is allowed is a raw hash too.
      await expect(sendPlain(account)).rejects.toEqual(refusal(403, 'policy_violation'));
    },
  );

  it("decides what the SDK's plain path signs, and raw hashes that are no known operation", async () => {
    const { account, owner } = await smartAccount([allowing('sendUserOperation', [only(TO)])]);
    await expect(sendPlain(account, [call(OTHER)])).rejects.toEqual(refusal(403, 'policy_violation'));
    await expect(sendPlain(account, [call(), call(OTHER)])).rejects.toEqual(refusal(403, 'policy_violation'));
    await expect(owner.sign({ hash: `0x${'ab'.repeat(32)}` })).rejects.toEqual(
      refusal(403, 'policy_violation'),
    );
    const sent = await account.sendUserOperation({
      network: NETWORK,
      calls: [call(), call(TO, 2n)],
      dataSuffix: '0xdddddddd',
    });
    expect(bundler.sent.has(sent.userOpHash)).toBe(true);
  });

  it('leaves raw hashes to a rule that accepts them', async () => {
    const { account, owner } = await smartAccount([
      allowing('sendUserOperation', [only(TO)]),
      { action: 'accept', operation: 'signEvmHash' },
    ]);
    expect(await owner.sign({ hash: `0x${'ab'.repeat(32)}` })).toMatch(/^0x/);
    await expect(sendPlain(account, [call(OTHER)])).rejects.toEqual(refusal(403, 'policy_violation'));
    expect((await sendPlain(account)).status).toBe('broadcast');
  });

  it('refuses the preparation of what is forbidden, also where the key is elsewhere', async () => {
    const prepare = (account: Account, to: Address) =>
      cdp.evm.prepareUserOperation({ smartAccount: account, network: NETWORK, calls: [call(to)] });
    const { account } = await smartAccount([allowing('prepareUserOperation', [only(TO)])]);
    await expect(prepare(account, OTHER)).rejects.toEqual(refusal(403, 'policy_violation'));
    expect((await prepare(account, TO)).status).toBe('pending');
    const elsewhere = await cdp.evm.createSmartAccount({
      owner: privateKeyToAccount(generatePrivateKey()),
    });
    const { id } = await cdp.policies.createPolicy({
      policy: { scope: 'project', rules: [allowing('sendUserOperation', [only(TO)])] } as never,
    });
    await expect(prepare(elsewhere, OTHER)).rejects.toEqual(refusal(403, 'policy_violation'));
    expect((await prepare(elsewhere, TO)).status).toBe('pending');
    await cdp.policies.deletePolicy({ id });
  });

  it('can be tried on the calls of a body', async () => {
    const rules = [allowing('sendUserOperation', [only(TO)])];
    const ask = async (operation: string, request: object) =>
      JSON.parse(
        (
          await sendToService(project, 'POST', '/v2/policy-engine/evaluate', {
            body: { operation, request, rules },
          })
        ).text,
      );
    const body = (...calls: object[]) => ({ network: NETWORK, calls });
    const plain = (to: Address) => ({ to, value: '1', data: '0x' });
    expect(await ask('sendUserOperation', body(plain(TO)))).toMatchObject({
      verdict: 'accept',
      ruleIndex: 0,
    });
    expect(await ask('sendUserOperation', body(plain(TO), plain(OTHER)))).toMatchObject({
      verdict: 'reject',
      reason: 'no_rule_matched',
    });
    expect(await ask('signEvmHash', { hash: `0x${'ab'.repeat(32)}` })).toEqual({
      verdict: 'reject',
      reason: 'no_rule_matched',
    });
  });
});
