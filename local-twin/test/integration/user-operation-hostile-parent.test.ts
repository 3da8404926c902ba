// A parent that cheats with user operations; the enclave refuses each attempt with a code of its own.

import { describeSpendPermission } from '@strongroom/chain-relay/smart-account/spend-permission';
import {
  type DelegationProposal,
  delegateEvmAccount,
} from '@strongroom/shared/operations/delegate-evm-account';
import { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import { revokeSpendPermission } from '@strongroom/shared/operations/revoke-spend-permission';
import { signEvmHash } from '@strongroom/shared/operations/sign-evm-hash';
import { type Address, decodeAbiParameters, type Hex, parseTransaction, recoverAddress } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  createLabAccount,
  createLabProject,
  type LabAccount,
  type LabProject,
  signedRequest,
} from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import { addLabPolicy, changeLabPolicy, type LabPolicy } from '../support/lab-policy.ts';
import {
  callsBody,
  hashOfOperation,
  LAB_FEE,
  LAB_PROPOSAL,
  type LabCall,
  type LabSmartAccount,
  ownersOf,
  smartAccountOf,
  userOperationRequest,
} from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const to = (address: Address, value = 1n): LabCall => ({ to: address, value, data: '0x' });
const ALLOWED: Address = '0x00000000000000000000000000000000000000aa';
const OTHER: Address = '0x00000000000000000000000000000000000000bb';
const wrapper = [
  {
    type: 'tuple',
    components: [
      { name: 'ownerIndex', type: 'uint8' },
      { name: 'signatureData', type: 'bytes' },
    ],
  },
] as const;

let lab: Laboratory;
let enclave: LabEnclave;
let project: LabProject;
let owner: LabAccount;
let wallet: LabSmartAccount;
let policy: LabPolicy;

const rules = (address: Address) => [
  {
    action: 'accept',
    operation: 'sendUserOperation',
    criteria: [{ type: 'evmAddress', operator: 'in', addresses: [address] }],
  },
];

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  const fresh = await createLabProject(enclave, { maxFeeWei: `${LAB_FEE}` });
  policy = await addLabPolicy(enclave, fresh, { scope: 'account', rules: rules(ALLOWED) });
  ({ project } = policy);
  owner = await createLabAccount(enclave, project, { accountPolicy: policy.id });
  wallet = smartAccountOf(owner);
});
afterAll(() => lab[Symbol.asyncDispose]());

const request = (calls: LabCall[], fields: object = {}) =>
  userOperationRequest(project, wallet, { calls, ...fields });
const rowsOf = (calls: LabCall[]) => ({
  client: request(calls),
  project: project.rows,
  owners: ownersOf(wallet),
  ownerIndex: 0,
  rows: owner.rows,
  policies: [policy.document],
  proposal: LAB_PROPOSAL,
});
const send = (changes: Record<string, unknown> = {}, on = enclave) =>
  on.call(prepareAndSendUserOperation, { ...rowsOf([to(ALLOWED)]), ...changes } as never);
const sendWith = (proposal: object) => send({ proposal: { ...LAB_PROPOSAL, ...proposal } });

describe('an honest proposal', () => {
  it('becomes the operation of the signed calls, signed by the owner', async () => {
    const calls = [to(ALLOWED, 5n), { ...to(ALLOWED), data: '0x1234' as const }];
    const { operation, answer } = await send({ client: request(calls) });
    const hash = hashOfOperation(wallet, calls);
    expect(`0x${Buffer.from(operation.hash).toString('hex')}`).toBe(hash);
    const signature: Hex = `0x${Buffer.from(operation.signature).toString('hex')}`;
    const [{ ownerIndex, signatureData }] = decodeAbiParameters(wrapper, signature);
    expect(ownerIndex).toBe(0);
    expect(await recoverAddress({ hash, signature: signatureData })).toBe(owner.address);
    const shown = JSON.parse(Buffer.from(answer.body).toString());
    expect(shown).toEqual({
      network: 'base-sepolia',
      userOpHash: hash,
      calls: callsBody(calls),
      status: 'broadcast',
    });
  });

  it('deploys an account that is not there, by the factory of the image', async () => {
    const proposal = { ...LAB_PROPOSAL, isDeployed: false };
    const { operation } = await send({ proposal });
    const hash = hashOfOperation(wallet, [to(ALLOWED)], { proposal });
    expect(`0x${Buffer.from(operation.hash).toString('hex')}`).toBe(hash);
  });
});

describe('a proposal that', () => {
  it('costs more than the cap of the record is refused', async () => {
    for (const proposal of [
      { callGasLimit: 100_001 },
      { verificationGasLimit: 200_001 },
      { preVerificationGas: 50_001 },
      { maxFeePerGas: 2e9 + 1 },
      { callGasLimit: Number.MAX_SAFE_INTEGER, maxFeePerGas: Number.MAX_SAFE_INTEGER },
    ])
      await expect(sendWith(proposal)).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
  });

  it('brings a paymaster that nobody asked for, leaves gas open, or contradicts itself is refused', async () => {
    for (const proposal of [
      { paymasterAndData: Buffer.alloc(20, 7) },
      { callGasLimit: null },
      { maxPriorityFeePerGas: 2e9 + 1 },
    ])
      await expect(sendWith(proposal)).rejects.toThrow(code('PROPOSAL_REFUSED'));
  });

  it('leaves out the paymaster that the client asked for is refused, and one costs three verifications', async () => {
    const client = request([to(ALLOWED)], { paymasterUrl: 'https://paymaster.example' });
    await expect(send({ client })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const again = request([to(ALLOWED)], { paymasterUrl: 'https://paymaster.example' });
    const proposal = { ...LAB_PROPOSAL, paymasterAndData: Buffer.alloc(20, 7) };
    await expect(send({ client: again, proposal })).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
  });

  it("sets gas that the client's calls limit themselves is refused", async () => {
    const path = request([]).path;
    const body = {
      network: 'base-sepolia',
      calls: [{ to: ALLOWED, value: '1', data: '0x', overrideGasLimit: '90000' }],
    };
    const client = () => signedRequest(project, { path, body });
    await expect(send({ client: client() })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const proposal = { ...LAB_PROPOSAL, callGasLimit: null };
    const { operation } = await send({ client: client(), proposal });
    const limited = { ...LAB_PROPOSAL, callGasLimit: 90_000 };
    const hash = hashOfOperation(wallet, [to(ALLOWED)], { proposal: limited });
    expect(`0x${Buffer.from(operation.hash).toString('hex')}`).toBe(hash);
  });

  it('names an EntryPoint, a chain, a sender or calls is not read', async () => {
    for (const extra of [{ entryPoint: OTHER }, { chainId: 1 }, { sender: OTHER }, { callData: '0x' }])
      await expect(sendWith(extra)).rejects.toThrow(code('INVALID_MESSAGE'));
  });
});

describe('a body that was changed on the way', () => {
  it.each([
    ['calls', { calls: callsBody([to(OTHER)]) }],
    ['network, and so the chain id', { network: 'base' }],
  ])('in its %s is refused', async (_name, change) => {
    const client = request([to(ALLOWED)]);
    const body = { ...(JSON.parse(Buffer.from(client.body).toString()) as object), ...change };
    const changed = { ...client, body: Buffer.from(JSON.stringify(body)) };
    await expect(send({ client: changed })).rejects.toThrow(code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'));
  });

  it('cannot be passed off as one for another smart account, or as another operation', async () => {
    const client = request([to(ALLOWED)]);
    const stranger = await createLabAccount(enclave, project, { accountPolicy: policy.id });
    const elsewhere = client.path.replace(wallet.address, smartAccountOf(stranger).address);
    await expect(send({ client: { ...client, path: elsewhere } })).rejects.toThrow(code('WALLET_TOKEN_URI'));
    const prepared = client.path.replace('/prepare-and-send', '');
    await expect(send({ client: { ...client, path: prepared } })).rejects.toThrow(code('OPERATION_MISMATCH'));
  });
});

describe('owners that', () => {
  it('are not those of the account in the path are refused', async () => {
    const stranger = await createLabAccount(enclave, project);
    const theirs = smartAccountOf(stranger);
    await expect(send({ owners: ownersOf(theirs), rows: stranger.rows })).rejects.toThrow(
      code('RECORD_MISMATCH'),
    );
    // With an owner more the address is another one, whoever of them signs.
    const both = [...ownersOf(wallet), ...ownersOf(theirs)];
    await expect(send({ owners: both })).rejects.toThrow(code('RECORD_MISMATCH'));
  });

  it('come with the rows of another account are refused', async () => {
    const stranger = await createLabAccount(enclave, project);
    const { account } = owner.rows;
    await expect(send({ rows: stranger.rows })).rejects.toThrow(code('SEALED_BLOB_REFUSED'));
    await expect(send({ rows: { account, walletKey: stranger.rows.walletKey } })).rejects.toThrow(
      code('SEALED_BLOB_REFUSED'),
    );
    await expect(send({ ownerIndex: 1 })).rejects.toThrow(code('RECORD_MISMATCH'));
  });
});

describe('one token', () => {
  it('is good for one operation: a second nonce for it is refused', async () => {
    const client = request([to(ALLOWED)]);
    await send({ client });
    await expect(send({ client, proposal: { ...LAB_PROPOSAL, nonce: 4 } })).rejects.toThrow(
      code('WALLET_TOKEN_REPLAYED'),
    );
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('is spent by a proposal that is refused', async () => {
    const client = request([to(ALLOWED)]);
    await expect(send({ client, proposal: { ...LAB_PROPOSAL, callGasLimit: null } })).rejects.toThrow(
      code('PROPOSAL_REFUSED'),
    );
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });
});

describe('a policy on user operations', () => {
  it('is obeyed, call by call, whatever the proposal', async () => {
    for (const calls of [[to(OTHER)], [to(ALLOWED), to(OTHER)]])
      await expect(send({ client: request(calls), proposal: { ...LAB_PROPOSAL, nonce: 9 } })).rejects.toThrow(
        code('POLICY_VIOLATION'),
      );
  });

  it('that is withheld, or an older one, is refused', async () => {
    const fresh = await createLabProject(enclave);
    const wide = await addLabPolicy(enclave, fresh, { scope: 'account', rules: rules(OTHER) });
    const account = await createLabAccount(enclave, wide.project, { accountPolicy: wide.id });
    const narrow = await changeLabPolicy(enclave, wide, { rules: rules(ALLOWED) });
    const theirs = smartAccountOf(account);
    const sendAs = (changes: object) =>
      send({
        client: userOperationRequest(narrow.project, theirs, { calls: [to(OTHER)] }),
        project: narrow.project.rows,
        owners: ownersOf(theirs),
        rows: account.rows,
        policies: [narrow.document],
        ...changes,
      });
    await expect(sendAs({ policies: [] })).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
    await expect(sendAs({ policies: [wide.document] })).rejects.toThrow(code('POLICY_DOCUMENT_REFUSED'));
    await expect(sendAs({})).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sendAs({ project: wide.project.rows, policies: [wide.document] })).rejects.toThrow(
      code('RECORD_OLDER_VERSION'),
    );
  });
});

describe('the hash of a user operation', () => {
  const shown = (calls: LabCall[], changes: object = {}) => ({
    sender: Buffer.from(wallet.address.slice(2), 'hex'),
    owners: ownersOf(wallet),
    body: Buffer.from(JSON.stringify({ network: 'base-sepolia', calls: callsBody(calls) })),
    proposal: LAB_PROPOSAL,
    ...changes,
  });
  const sign = (hash: Hex, userOperation?: object) =>
    enclave.call(signEvmHash, {
      client: signedRequest(project, { path: `/v2/evm/accounts/${owner.address}/sign`, body: { hash } }),
      project: project.rows,
      rows: owner.rows,
      policies: [policy.document],
      ...(userOperation !== undefined && { userOperation }),
    } as never);

  it('is signed when its calls are allowed', async () => {
    const calls = [to(ALLOWED), to(ALLOWED, 2n)];
    const hash = hashOfOperation(wallet, calls);
    const { signature } = JSON.parse(Buffer.from((await sign(hash, shown(calls))).body).toString());
    expect(await recoverAddress({ hash, signature })).toBe(owner.address);
  });

  it('is not signed when they are not, nor when the operation is concealed', async () => {
    const calls = [to(ALLOWED), to(OTHER)];
    const hash = hashOfOperation(wallet, calls);
    await expect(sign(hash, shown(calls))).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sign(hash)).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(sign(hashOfOperation(wallet, [to(ALLOWED)]))).rejects.toThrow(code('POLICY_VIOLATION'));
  });

  it('is not signed under the calls, chain, fees or account of another operation', async () => {
    const hash = hashOfOperation(wallet, [to(OTHER)]);
    await expect(sign(hash, shown([to(ALLOWED)]))).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const elsewhere = hashOfOperation(wallet, [to(ALLOWED)], { chainId: 8453 });
    await expect(sign(elsewhere, shown([to(ALLOWED)]))).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const proposal = { ...LAB_PROPOSAL, nonce: 4 };
    const allowed = hashOfOperation(wallet, [to(ALLOWED)]);
    await expect(sign(allowed, shown([to(ALLOWED)], { proposal }))).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const sender = Buffer.alloc(20, 1);
    await expect(sign(allowed, shown([to(ALLOWED)], { sender }))).rejects.toThrow(code('RECORD_MISMATCH'));
  });

  it('is not signed beyond the cap of fees', async () => {
    const proposal = { ...LAB_PROPOSAL, maxFeePerGas: 2e9 + 1 };
    const hash = hashOfOperation(wallet, [to(ALLOWED)], { proposal });
    await expect(sign(hash, shown([to(ALLOWED)], { proposal }))).rejects.toThrow(code('FEE_CAP_EXCEEDED'));
  });

  it('that comes with what is no body is refused', async () => {
    const hash = hashOfOperation(wallet, [to(ALLOWED)]);
    await expect(sign(hash, shown([], { body: Buffer.from('{') }))).rejects.toThrow(code('MALFORMED_JSON'));
    for (const body of ['[]', '{"network":"base-sepolia"}', '{"network":"mars","calls":[]}'])
      await expect(sign(hash, shown([], { body: Buffer.from(body) }))).rejects.toThrow(
        code('INVALID_REQUEST'),
      );
  });
});

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
        ...rowsOf([]),
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
    const foreign = { ...permission, account: wallet.address };
    await refused(foreign, hashOf(foreign));
    await expect(revoke(hashOf(permission), { ...permission, more: 1 })).rejects.toThrow(
      code('INVALID_REQUEST'),
    );
  });
});
