// Coinbase's own base path ends in /platform; with an ES256 key, the other kind that the SDK takes.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { generatePrivateKey } from 'viem/accounts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { importKeyOf } from '../support/import-key.ts';
import { createTestProject, type TestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
  const scopes = ['read', 'sign', 'accounts#export', 'policies#manage'];
  project = await createTestProject(system, { algorithm: 'ES256', scopes });
  cdp = connectSdk(project, `${project.baseUrl}/platform`);
});
afterAll(() => system[Symbol.asyncDispose]());

it('serves policies and what they govern', async () => {
  const { id } = await cdp.policies.createPolicy({
    policy: { scope: 'account', rules: [{ action: 'reject', operation: 'signEvmHash' }] },
  });
  const { address } = await cdp.evm.createAccount({ accountPolicy: id });
  await expect(cdp.evm.signHash({ address, hash: `0x${'11'.repeat(32)}` })).rejects.toEqual(
    refusal(403, 'policy_violation'),
  );
  await expect(cdp.policies.deletePolicy({ id })).rejects.toEqual(refusal(400, 'policy_in_use'));
});

it('serves Solana accounts, and keys that come in and go out', async () => {
  const { address } = await cdp.solana.createAccount({ name: 'prefixed' });
  await cdp.solana.signMessage({ address, message: 'hello' });
  await cdp.solana.exportAccount({ name: 'prefixed' });
  const privateKey = generatePrivateKey();
  const encryptionPublicKey = await importKeyOf(project);
  const imported = await cdp.evm.importAccount({ privateKey, name: 'imported', encryptionPublicKey });
  expect(await cdp.evm.exportAccount({ name: 'imported' })).toBe(privateKey.slice(2));
  expect((await cdp.evm.getAccount({ name: 'imported' })).address).toBe(imported.address);
});
