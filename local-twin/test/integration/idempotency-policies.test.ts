// The official SDK repeats changes under idempotency keys, against enclave and proxy as processes of their own.
import type { CdpClient } from '@coinbase/cdp-sdk';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const noHashes = { action: 'reject' as const, operation: 'signEvmHash' as const };
const ofAccounts = { scope: 'account' as const, rules: [noHashes] };

let system: TestSystem;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
});
beforeEach(async () => {
  cdp = connectSdk(await createTestProject(system, { scopes: ['read', 'sign', 'policies#manage'] }));
});
afterAll(() => system[Symbol.asyncDispose]());

describe('an idempotency key of a policy', () => {
  it('makes, changes and removes once', async () => {
    const create = () => cdp.policies.createPolicy({ policy: ofAccounts, idempotencyKey: 'make' });
    const made = await create();
    const { id } = made;
    expect(await create()).toEqual(made);
    expect((await cdp.policies.listPolicies()).policies).toHaveLength(1);
    const other = cdp.policies.createPolicy({
      policy: { ...ofAccounts, description: 'Other' },
      idempotencyKey: 'make',
    });
    await expect(other).rejects.toEqual(refusal(422, 'idempotency_error'));
    const change = () =>
      cdp.policies.updatePolicy({ id, policy: { rules: [noHashes] }, idempotencyKey: 'change' });
    expect(await change()).toEqual(await change());
    const remove = () => cdp.policies.deletePolicy({ id, idempotencyKey: 'remove' });
    await remove();
    await remove();
    expect(await create()).toEqual(made);
    expect((await cdp.policies.listPolicies()).policies).toEqual([]);
  });

  it('makes one project policy though it is asked for twice', async () => {
    const policy = { scope: 'project' as const, rules: [noHashes] };
    const create = () => cdp.policies.createPolicy({ policy, idempotencyKey: 'common' });
    expect((await create()).id).toBe((await create()).id);
  });

  it('does not undo what was changed since', async () => {
    const { address } = await cdp.evm.createAccount({ name: 'first-name' });
    const rename = (name: string, idempotencyKey: string) =>
      cdp.evm.updateAccount({ address, update: { name }, idempotencyKey });
    await rename('second-name', 'to-second');
    await rename('third-name', 'to-third');
    expect((await rename('second-name', 'to-second')).name).toBe('second-name');
    expect((await cdp.evm.getAccount({ address })).name).toBe('third-name');
  });
});
