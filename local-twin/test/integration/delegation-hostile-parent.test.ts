// A parent that cheats with delegations (EIP-7702) and with the spend permissions of a smart account.
import { describeSpendPermission } from '@strongroom/chain-relay/smart-account/spend-permission';
import {
  type DelegationProposal,
  delegateEvmAccount,
} from '@strongroom/shared/operations/delegate-evm-account';
import { revokeSpendPermission } from '@strongroom/shared/operations/revoke-spend-permission';
import { type Address, parseTransaction } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { LAB_FEE, LAB_PROPOSAL, ownersOf, smartAccountOf } from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ALLOWED: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';

let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  project = await createLabProject(enclave, { maxFeeWei: `${LAB_FEE}` });
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('a delegation', () => {
  const PROPOSAL: DelegationProposal = {
    nonce: 5,
    gasLimit: 350_000,
    maxFeePerGas: 2e9,
    maxPriorityFeePerGas: 1e9,
    trackerNonce: 0,
    currentImplementation: new Uint8Array(20),
  };
  const delegation = (account: LabAccount, body: object = {}) =>
    signedRequest(project, {
      path: `/v2/evm/accounts/${account.address}/eip7702/delegation`,
      body: { network: 'base-sepolia', ...body },
    });
  const delegate = async (changes: object = {}) => {
    const account = await createLabAccount(enclave, project);
    const client = delegation(account);
    const rows = { client, project: project.rows, rows: account.rows, policies: [], proposal: PROPOSAL };
    return await enclave.call(delegateEvmAccount, { ...rows, ...changes } as never);
  };

  it('goes to the delegate of the image, on the chain of the signed network, at the next nonce', async () => {
    const { transaction, answer } = await delegate();
    const parsed = parseTransaction(`0x${Buffer.from(transaction.raw).toString('hex')}`);
    expect(parsed).toMatchObject({ type: 'eip7702', chainId: 84_532, nonce: 5, gas: 350_000n });
    expect(parsed.authorizationList).toEqual([
      expect.objectContaining({
        chainId: 84_532,
        nonce: 6,
        address: '0x7702cb554e6bfb442cb743a7df23154544a7176c',
      }),
    ]);
    expect(answer.status).toBe(201);
  });

  it('by a proposal beyond the cap, without gas, or with more in it is refused', async () => {
    const by = (change: object) => delegate({ proposal: { ...PROPOSAL, ...change } });
    await expect(by({ gasLimit: 350_001 })).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
    await expect(by({ maxFeePerGas: 2e9 + 1 })).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
    await expect(by({ gasLimit: 0 })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    await expect(by({ maxPriorityFeePerGas: 2e9 + 1 })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    for (const extra of [{ delegate: OTHER }, { chainId: 1 }, { implementation: OTHER }, { data: '0x' }])
      await expect(by(extra)).rejects.toThrow(code('INVALID_MESSAGE'));
  });

  it('that was changed on the way is refused, and a token is good for one', async () => {
    const account = await createLabAccount(enclave, project);
    const client = delegation(account);
    const opened = Buffer.from(JSON.stringify({ network: 'base-sepolia', enableSpendPermissions: true }));
    await expect(delegate({ client: { ...client, body: opened }, rows: account.rows })).rejects.toThrow(
      code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'),
    );
    await delegate({ client, rows: account.rows });
    const second = { client, rows: account.rows, proposal: { ...PROPOSAL, nonce: 6 } };
    await expect(delegate(second)).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });
});

describe('a spend permission to be revoked', () => {
  it('is the one whose hash the client signed, of the account in the path', async () => {
    const account = await createLabAccount(enclave, project);
    const theirs = smartAccountOf(account);
    const permission = {
      account: theirs.address,
      spender: OTHER,
      token: ALLOWED,
      allowance: '5',
      period: '60',
      start: '1',
      end: '2',
      salt: '0',
      extraData: '0x',
    };
    const hashOf = (shown: typeof permission) =>
      describeSpendPermission('revoke', shown, 'base-sepolia')?.hash ?? '';
    const revoke = (permissionHash: string, shown: object) =>
      enclave.call(revokeSpendPermission, {
        project: project.rows,
        ownerIndex: 0,
        proposal: LAB_PROPOSAL,
        client: signedRequest(project, {
          path: `/v2/evm/smart-accounts/${theirs.address}/spend-permissions/revoke`,
          body: { network: 'base-sepolia', permissionHash },
        }),
        owners: ownersOf(theirs),
        rows: account.rows,
        policies: [],
        permission: Buffer.from(JSON.stringify(shown)),
      } as never);
    expect((await revoke(hashOf(permission), permission)).answer.status).toBe(200);
    const refused = (shown: object, hash = hashOf(permission)) =>
      expect(revoke(hash, shown)).rejects.toThrow(code('PROPOSAL_REFUSED'));
    await refused({ ...permission, salt: '1' });
    const foreign = { ...permission, account: OTHER };
    await refused(foreign, hashOf(foreign));
    await expect(revoke(hashOf(permission), { ...permission, more: 1 })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
  });
});
