// A parent that cheats with user operations; the enclave refuses each attempt with a code of its own.
import { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import { type Address, decodeAbiParameters, type Hex, recoverAddress } from 'viem';
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
  callsOnly,
  callTo,
  createLabWallet,
  hashOfOperation,
  LAB_PROPOSAL,
  type LabCall,
  type LabSmartAccount,
  ownersOf,
  smartAccountOf,
  userOperationRequest,
} from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
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

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  ({ project, policy, owner, wallet } = await createLabWallet(enclave, ALLOWED));
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
  on.call(prepareAndSendUserOperation, { ...rowsOf([callTo(ALLOWED)]), ...changes } as never);
const sendWith = (proposal: object) => send({ proposal: { ...LAB_PROPOSAL, ...proposal } });

describe('an honest proposal', () => {
  it('becomes the operation of the signed calls, signed by the owner', async () => {
    const calls = [callTo(ALLOWED, 5n), { ...callTo(ALLOWED), data: '0x1234' as const }];
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
    const hash = hashOfOperation(wallet, [callTo(ALLOWED)], { proposal });
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
    const client = request([callTo(ALLOWED)], { paymasterUrl: 'https://paymaster.example' });
    await expect(send({ client })).rejects.toThrow(code('PROPOSAL_REFUSED'));
    const again = request([callTo(ALLOWED)], { paymasterUrl: 'https://paymaster.example' });
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
    const hash = hashOfOperation(wallet, [callTo(ALLOWED)], { proposal: limited });
    expect(`0x${Buffer.from(operation.hash).toString('hex')}`).toBe(hash);
  });

  it('names an EntryPoint, a chain, a sender or calls is not read', async () => {
    for (const extra of [{ entryPoint: OTHER }, { chainId: 1 }, { sender: OTHER }, { callData: '0x' }])
      await expect(sendWith(extra)).rejects.toThrow(code('INVALID_MESSAGE'));
  });
});

describe('a body that was changed on the way', () => {
  it.each([
    ['calls', { calls: callsBody([callTo(OTHER)]) }],
    ['network, and so the chain id', { network: 'base' }],
  ])('in its %s is refused', async (_name, change) => {
    const client = request([callTo(ALLOWED)]);
    const body = { ...(JSON.parse(Buffer.from(client.body).toString()) as object), ...change };
    const changed = { ...client, body: Buffer.from(JSON.stringify(body)) };
    await expect(send({ client: changed })).rejects.toThrow(code('WALLET_TOKEN_REQUEST_HASH_MISMATCH'));
  });

  it('cannot be passed off as one for another smart account, or as another operation', async () => {
    const client = request([callTo(ALLOWED)]);
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
    const client = request([callTo(ALLOWED)]);
    await send({ client });
    await expect(send({ client, proposal: { ...LAB_PROPOSAL, nonce: 4 } })).rejects.toThrow(
      code('WALLET_TOKEN_REPLAYED'),
    );
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });

  it('is spent by a proposal that is refused', async () => {
    const client = request([callTo(ALLOWED)]);
    await expect(send({ client, proposal: { ...LAB_PROPOSAL, callGasLimit: null } })).rejects.toThrow(
      code('PROPOSAL_REFUSED'),
    );
    await expect(send({ client })).rejects.toThrow(code('WALLET_TOKEN_REPLAYED'));
  });
});

describe('a policy on user operations', () => {
  it('is obeyed, call by call, whatever the proposal', async () => {
    for (const calls of [[callTo(OTHER)], [callTo(ALLOWED), callTo(OTHER)]])
      await expect(send({ client: request(calls), proposal: { ...LAB_PROPOSAL, nonce: 9 } })).rejects.toThrow(
        code('POLICY_VIOLATION'),
      );
  });

  it('that is withheld, or an older one, is refused', async () => {
    const fresh = await createLabProject(enclave);
    const wide = await addLabPolicy(enclave, fresh, { scope: 'account', rules: callsOnly(OTHER) });
    const account = await createLabAccount(enclave, wide.project, { accountPolicy: wide.id });
    const narrow = await changeLabPolicy(enclave, wide, { rules: callsOnly(ALLOWED) });
    const theirs = smartAccountOf(account);
    const sendAs = (changes: object) =>
      send({
        client: userOperationRequest(narrow.project, theirs, { calls: [callTo(OTHER)] }),
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
