// Paymasters (ERC-7677) that a client names: asked where the operator allows it, and their data in what is signed.
import type { CdpClient } from '@coinbase/cdp-sdk';
import type { Address, Hex } from 'viem';
import { entryPoint06Address } from 'viem/account-abstraction';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type Anvil, startAnvil } from '../support/anvil.ts';
import { type FakeBundler, startFakeBundler } from '../support/fake-bundler.ts';
import { type FakePaymaster, SPONSOR_DATA, startFakePaymaster } from '../support/fake-paymaster.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned } from '../support/signed-request.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const NETWORK = 'base-sepolia';
const TO: Address = '0x00000000000000000000000000000000000000aa';
const owners = new Map<string, string>();
let anvil: Anvil;
let bundler: FakeBundler;
let paymaster: FakePaymaster;
let forbidden: FakePaymaster;
let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;

beforeAll(async () => {
  anvil = await startAnvil();
  bundler = await startFakeBundler(84_532, (sender, index) => (index === 0 ? owners.get(sender) : undefined));
  [paymaster, forbidden] = [await startFakePaymaster(), await startFakePaymaster()];
  const relay = {
    rpcUrls: { [NETWORK]: [anvil.url] },
    bundlerUrls: { [NETWORK]: [bundler.url] },
    tokens: {},
    paymasterHosts: [paymaster.host],
  };
  system = await startTestSystem({ relay });
  project = await createTestProject(system);
  cdp = connectSdk(project);
  // An EntryPoint that answers every question, and so getNonce, with 0.
  await anvil.client.setCode({ address: entryPoint06Address, bytecode: '0x5f5f5260205ff3' });
});
afterAll(async () => {
  await system?.[Symbol.asyncDispose]();
  for (const one of [forbidden, paymaster, bundler, anvil]) await one?.[Symbol.asyncDispose]();
});

const refusal = (statusCode: number, errorType: string) => expect.objectContaining({ statusCode, errorType });
const calls = [{ to: TO, value: 1n, data: '0x' as Hex }];

async function smartAccount() {
  const owner = await cdp.evm.createAccount();
  const account = await cdp.evm.createSmartAccount({ owner });
  owners.set(account.address, owner.address);
  return account;
}

describe('a paymaster', () => {
  it('is asked twice, with the context of the client, and its data is signed', async () => {
    const account = await smartAccount();
    const context = { policyId: '962b252c', limits: [1.5, 2] };
    const asked = paymaster.asked.length;
    const { userOpHash } = await account.sendUserOperation({
      network: NETWORK,
      calls,
      paymasterUrl: paymaster.url,
      paymasterContext: context,
    });
    const [stub, sponsor] = paymaster.asked.slice(asked);
    expect([stub?.method, sponsor?.method]).toEqual(['pm_getPaymasterStubData', 'pm_getPaymasterData']);
    for (const { params } of [stub, sponsor].filter((question) => question !== undefined))
      expect(params.slice(1)).toEqual([entryPoint06Address, '0x14a34', context]);
    expect(sponsor?.params[0]).toMatchObject({ sender: account.address, callGasLimit: '0x8000' });
    expect(bundler.sent.get(userOpHash)?.['paymasterAndData']).toBe(SPONSOR_DATA);
  });

  it('pays for a signed request too', async () => {
    const account = await smartAccount();
    const { userOpHash } = await cdp.evm.prepareAndSendUserOperation({
      smartAccount: account,
      network: NETWORK,
      calls,
      paymasterUrl: paymaster.url,
    });
    expect(bundler.sent.get(userOpHash)?.['paymasterAndData']).toBe(SPONSOR_DATA);
  });

  it('that refuses, or sends the service elsewhere, is an error of its own', async () => {
    const account = await smartAccount();
    const send = () => account.sendUserOperation({ network: NETWORK, calls, paymasterUrl: paymaster.url });
    paymaster.failNext('refuse');
    await expect(send()).rejects.toEqual(refusal(400, 'invalid_request'));
    paymaster.failNext('redirect');
    await expect(send()).rejects.toEqual(refusal(502, 'bad_gateway'));
  });

  it('of a host that the operator does not allow is not asked', async () => {
    const account = await smartAccount();
    for (const paymasterUrl of [forbidden.url, 'http://169.254.169.254/', 'nonsense']) {
      const options = { network: NETWORK, calls, paymasterUrl } as const;
      await expect(account.sendUserOperation(options)).rejects.toEqual(refusal(400, 'invalid_request'));
      await expect(
        cdp.evm.prepareAndSendUserOperation({ smartAccount: account, ...options }),
      ).rejects.toEqual(refusal(400, 'invalid_request'));
    }
    expect(forbidden.asked).toEqual([]);
  });

  it('is what a context needs', async () => {
    const { address } = await smartAccount();
    const body = {
      network: NETWORK,
      calls: [{ to: TO, value: '1', data: '0x' }],
      paymasterContext: { policyId: 'x' },
    };
    const path = `/v2/evm/smart-accounts/${address}/user-operations`;
    for (const each of [path, `${path}/prepare-and-send`]) {
      const { status, text } = await sendSigned(project, 'POST', each, { body });
      expect([status, JSON.parse(text)]).toEqual([
        400,
        expect.objectContaining({
          errorType: 'invalid_request',
          errorMessage: 'paymasterContext requires a paymaster: set paymasterUrl.',
        }),
      ]);
    }
  });
});
