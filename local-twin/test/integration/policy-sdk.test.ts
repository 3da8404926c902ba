// The official SDK against enclave and proxy as processes of their own: policies, and what they forbid.
import { randomUUID } from 'node:crypto';
import type { CdpClient } from '@coinbase/cdp-sdk';
import { parseEther, serializeTransaction } from 'viem';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createTestProject, type TestProject } from '../support/project.ts';
import { refusal } from '../support/refusal.ts';
import { connectSdk } from '../support/sdk-client.ts';
import { sendSigned } from '../support/signed-request.ts';
import { compileTransfer, randomSolanaAddress, wireOf } from '../support/solana-transfer.ts';
import { startTestSystem, type TestSystem } from '../support/test-system.ts';

const SCOPES = ['read', 'sign', 'policies#manage'];
const FRIEND = '0x00000000000000000000000000000000DeaDBeef';
const STRANGER = '0x000000000000000000000000000000000000c0DE';

let system: TestSystem;
let project: TestProject;
let cdp: CdpClient;

beforeAll(async () => {
  system = await startTestSystem();
});
beforeEach(async () => {
  project = await createTestProject(system, { scopes: SCOPES });
  cdp = connectSdk(project);
});
afterAll(() => system[Symbol.asyncDispose]());

const allowList = (addresses: `0x${string}`[]) => ({
  action: 'accept' as const,
  operation: 'signEvmTransaction' as const,
  criteria: [{ type: 'evmAddress' as const, addresses, operator: 'in' as const }],
});
const noHashes = { action: 'reject' as const, operation: 'signEvmHash' as const };
const friendsOnly = {
  scope: 'account' as const,
  description: 'Friends only',
  rules: [allowList([FRIEND]), noHashes],
};
const payment = (to: `0x${string}`) =>
  serializeTransaction({
    chainId: 8453,
    nonce: 0,
    to,
    value: parseEther('0.001'),
    gas: 21_000n,
    maxFeePerGas: 1n,
    maxPriorityFeePerGas: 1n,
  });
const violation = refusal(403, 'policy_violation');

describe('policies', () => {
  it('are made, shown, listed, changed and removed', async () => {
    const made = await cdp.policies.createPolicy({ policy: friendsOnly });
    expect(made).toMatchObject({ scope: 'account', description: 'Friends only' });
    expect(made.rules).toEqual(friendsOnly.rules);
    expect(await cdp.policies.getPolicyById({ id: made.id })).toEqual(made);
    const changed = await cdp.policies.updatePolicy({
      id: made.id,
      policy: { description: 'Nobody', rules: [noHashes] },
    });
    expect(changed).toMatchObject({ id: made.id, scope: 'account', description: 'Nobody' });
    expect(changed.createdAt).toBe(made.createdAt);
    expect(await cdp.policies.getPolicyById({ id: made.id })).toEqual(changed);
    expect((await cdp.policies.listPolicies()).policies).toEqual([changed]);
    await cdp.policies.deletePolicy({ id: made.id });
    const gone = refusal(404, 'not_found', 'Policy not found.');
    await expect(cdp.policies.getPolicyById({ id: made.id })).rejects.toEqual(gone);
    await expect(cdp.policies.deletePolicy({ id: made.id })).rejects.toEqual(gone);
    expect((await cdp.policies.listPolicies()).policies).toEqual([]);
  });

  it('are listed in pages, by scope, newest first', async () => {
    const ids: string[] = [];
    for (let i = 0; i < 5; i += 1) ids.unshift((await cdp.policies.createPolicy({ policy: friendsOnly })).id);
    const common = await cdp.policies.createPolicy({ policy: { scope: 'project', rules: [noHashes] } });
    const listed: string[] = [];
    let pageToken: string | undefined;
    do {
      const page = await cdp.policies.listPolicies({
        scope: 'account',
        pageSize: 2,
        ...(pageToken !== undefined && { pageToken }),
      });
      listed.push(...page.policies.map(({ id }) => id));
      pageToken = page.nextPageToken;
    } while (pageToken !== undefined);
    expect(listed.toSorted()).toEqual(ids.toSorted());
    const ofProject = await cdp.policies.listPolicies({ scope: 'project' });
    expect(ofProject.policies.map(({ id }) => id)).toEqual([common.id]);
    expect((await cdp.policies.listPolicies()).policies).toHaveLength(6);
  });

  it('of a project are one at most, and show in all of its accounts, made before or after', async () => {
    const before = await cdp.evm.createAccount({ name: 'before' });
    const policy = { scope: 'project' as const, rules: [noHashes] };
    const { id } = await cdp.policies.createPolicy({ policy });
    await expect(cdp.policies.createPolicy({ policy })).rejects.toEqual(refusal(409, 'already_exists'));
    const after = await cdp.solana.createAccount();
    expect(after.policies).toEqual([id]);
    expect((await cdp.evm.getAccount({ name: 'before' })).policies).toEqual([id]);
    expect((await cdp.evm.listAccounts()).accounts[0]?.policies).toEqual([id]);
    const hash = `0x${'11'.repeat(32)}` as const;
    await expect(cdp.evm.signHash({ address: before.address, hash })).rejects.toEqual(violation);
    await cdp.policies.deletePolicy({ id });
    expect((await cdp.evm.getAccount({ name: 'before' })).policies).toEqual([]);
    await cdp.evm.signHash({ address: before.address, hash });
  });

  it('that are none are refused', async () => {
    const send = (rules: unknown) =>
      sendSigned(project, 'POST', '/v2/policy-engine/policies', {
        body: { scope: 'account', rules } as object,
      });
    const usd = { type: 'netUSDChange', changeCents: 100, operator: '<=' };
    const cases = [
      [],
      [{ ...allowList([]), criteria: [usd] }],
      [{ action: 'accept', operation: 'signEvmMessage', criteria: [{ type: 'evmMessage', match: '(' }] }],
    ];
    for (const rules of cases) expect((await send(rules)).status).toBe(400);
    const { text } = await send(cases[1]);
    expect(JSON.parse(text).errorMessage).toMatch(/netUSDChange is not supported/);
  });
});

describe('an attached policy', () => {
  it('decides what its account signs, from one request to the next', async () => {
    const { id } = await cdp.policies.createPolicy({ policy: friendsOnly });
    const { address, policies } = await cdp.evm.createAccount({ accountPolicy: id });
    expect(policies).toEqual([id]);
    const pay = (to: `0x${string}`) => cdp.evm.signTransaction({ address, transaction: payment(to) });
    await pay(FRIEND);
    await expect(pay(STRANGER)).rejects.toEqual(violation);
    await expect(cdp.evm.signHash({ address, hash: `0x${'11'.repeat(32)}` })).rejects.toEqual(violation);
    await cdp.evm.signMessage({ address, message: 'no rule is about messages' });
    await cdp.policies.updatePolicy({ id, policy: { rules: [allowList([STRANGER])] } });
    await pay(STRANGER);
    await expect(pay(FRIEND)).rejects.toEqual(violation);
  });

  it('is in use until it is detached', async () => {
    const { id } = await cdp.policies.createPolicy({ policy: friendsOnly });
    const { address } = await cdp.evm.createAccount({ name: 'held' });
    const attached = await cdp.evm.updateAccount({ address, update: { accountPolicy: id } });
    expect(attached).toMatchObject({ name: 'held', policies: [id] });
    await expect(cdp.policies.deletePolicy({ id })).rejects.toEqual(refusal(400, 'policy_in_use'));
    await expect(cdp.evm.signTransaction({ address, transaction: payment(STRANGER) })).rejects.toEqual(
      violation,
    );
    await cdp.evm.updateAccount({ address, update: { accountPolicy: '' } });
    await cdp.evm.signTransaction({ address, transaction: payment(STRANGER) });
    await cdp.policies.deletePolicy({ id });
  });

  it('has to be an account policy of this project', async () => {
    const common = await cdp.policies.createPolicy({ policy: { scope: 'project', rules: [noHashes] } });
    const other = await createTestProject(system, { scopes: SCOPES });
    const { id: theirs } = await connectSdk(other).policies.createPolicy({ policy: friendsOnly });
    cdp = connectSdk(project);
    for (const accountPolicy of [common.id, theirs, randomUUID()])
      await expect(cdp.evm.createAccount({ accountPolicy })).rejects.toEqual(refusal(400, 'invalid_request'));
  });

  it('limits Solana transfers', async () => {
    const friend = randomSolanaAddress();
    const { id } = await cdp.policies.createPolicy({
      policy: {
        scope: 'account',
        rules: [
          {
            action: 'accept',
            operation: 'signSolTransaction',
            criteria: [
              { type: 'solAddress', addresses: [friend], operator: 'in' },
              { type: 'solValue', solValue: '1000', operator: '<=' },
            ],
          },
        ],
      },
    });
    const { address } = await cdp.solana.createAccount({ accountPolicy: id });
    const pay = (to: string, lamports: bigint) => {
      const transaction = wireOf(compileTransfer({ version: 0, from: address, to, lamports }));
      return cdp.solana.signTransaction({ address, transaction });
    };
    await pay(friend, 1000n);
    await expect(pay(friend, 1001n)).rejects.toEqual(violation);
    await expect(pay(randomSolanaAddress(), 1n)).rejects.toEqual(violation);
  });
});

describe('who may change policies', () => {
  it('is the Wallet Secret alone, unless the project chose otherwise', async () => {
    const strict = await createTestProject(system, { scopes: SCOPES, policyAuthority: 'wallet' });
    cdp = connectSdk(strict);
    await expect(cdp.policies.createPolicy({ policy: friendsOnly })).rejects.toEqual(
      refusal(401, 'unauthorized', 'Wallet authentication error.'),
    );
    const path = '/v2/policy-engine/policies';
    const made = await sendSigned(strict, 'POST', path, { body: friendsOnly });
    expect(made.status).toBe(201);
    const { id } = JSON.parse(made.text);
    await expect(cdp.policies.deletePolicy({ id })).rejects.toEqual(refusal(401, 'unauthorized'));
    expect((await sendSigned(strict, 'DELETE', `${path}/${id}`)).status).toBe(204);
  });

  it('is no API key without the scope', async () => {
    const reader = await createTestProject(system, { scopes: ['read', 'sign'] });
    cdp = connectSdk(reader);
    await expect(cdp.policies.createPolicy({ policy: friendsOnly })).rejects.toEqual(
      refusal(403, 'forbidden'),
    );
    expect((await cdp.policies.listPolicies()).policies).toEqual([]);
  });

  it('makes many changes at once, and loses none', async () => {
    const made = await Promise.all(
      Array.from({ length: 8 }, () => cdp.policies.createPolicy({ policy: friendsOnly })),
    );
    const { policies } = await cdp.policies.listPolicies({ pageSize: 100 });
    expect(policies.map(({ id }) => id).toSorted()).toEqual(made.map(({ id }) => id).toSorted());
  });
});

describe('a dry run', () => {
  const evaluate = async (body: object) => {
    const { status, text } = await sendSigned(project, 'POST', '/v2/policy-engine/evaluate', { body });
    return { status, ...JSON.parse(text) };
  };

  it('names the rule that decides, of rules in hand or in force', async () => {
    const request = { transaction: payment(FRIEND) };
    const operation = 'signEvmTransaction';
    const rules = [noHashes, allowList([FRIEND])];
    expect(await evaluate({ operation, request, rules })).toMatchObject({
      status: 200,
      verdict: 'accept',
      reason: 'rule_accepted',
      ruleIndex: 1,
    });
    const { id } = await cdp.policies.createPolicy({ policy: friendsOnly });
    const { address } = await cdp.evm.createAccount({ accountPolicy: id });
    expect(await evaluate({ operation, request, address })).toMatchObject({
      verdict: 'accept',
      policyId: id,
    });
    const other = { transaction: payment(STRANGER) };
    expect(await evaluate({ operation, request: other, address })).toMatchObject({
      verdict: 'reject',
      reason: 'no_rule_matched',
    });
    const hash = { hash: `0x${'11'.repeat(32)}` };
    expect(await evaluate({ operation: 'signEvmHash', request: hash, address })).toMatchObject({
      verdict: 'reject',
      reason: 'rule_rejected',
      ruleIndex: 1,
    });
    expect(await evaluate({ operation, request, address: STRANGER })).toMatchObject({ status: 404 });
  });

  it('takes the body of a send, with its network', async () => {
    const onBase = { type: 'evmNetwork', operator: 'in', networks: ['base'] };
    const operation = 'sendEvmTransaction';
    const rules = [{ action: 'accept', operation, criteria: [onBase] }];
    const send = (request: object) => evaluate({ operation, rules, request });
    const transaction = payment(FRIEND);
    expect(await send({ transaction, network: 'base' })).toMatchObject({ verdict: 'accept', ruleIndex: 0 });
    expect(await send({ transaction, network: 'polygon' })).toMatchObject({ reason: 'no_rule_matched' });
    expect(await send({ transaction })).toMatchObject({ status: 400, errorType: 'invalid_request' });
  });
});
