// What a client's token leaves open is the parent's to choose; here it chooses what the client would not have.
import { createEvmAccount } from '@strongroom/shared/operations/create-evm-account';
import { prepareAndSendUserOperation } from '@strongroom/shared/operations/prepare-and-send-user-operation';
import type { Address } from 'viem';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createLabAccount, createLabProject, signedRequest } from '../../src/hostile/lab-project.ts';
import { type LabEnclave, type Laboratory, openLaboratory } from '../../src/hostile/laboratory.ts';
import {
  callTo,
  createLabWallet,
  LAB_PROPOSAL,
  type LabSmartAccount,
  type LabWallet,
  ownersOf,
  userOperationRequest,
} from '../support/lab-user-operation.ts';

const code = (expected: string) => expect.objectContaining({ code: expected });
const ALLOWED: Address = '0x00000000000000000000000000000000000000aa';
const FORBIDDEN: Address = '0x00000000000000000000000000000000000000bb';

let lab: Laboratory;
let enclave: LabEnclave;
let wallet: LabWallet;

beforeAll(async () => {
  lab = await openLaboratory();
  enclave = await lab.bootReady();
  wallet = await createLabWallet(enclave, ALLOWED);
});
afterAll(() => lab[Symbol.asyncDispose]());

describe('an account that delegated', () => {
  it('is spoken for by its own key, under its own policies, whatever other owners are named', async () => {
    const { project, owner, policy } = wallet;
    const unruled = await createLabAccount(enclave, project);
    const address = owner.address as Address;
    const delegated: LabSmartAccount = { address, owners: [address, unruled.address as Address] };
    const ask = (ownerIndex: 0 | 1, to: Address) =>
      enclave.call(prepareAndSendUserOperation, {
        client: userOperationRequest(project, delegated, { calls: [callTo(to)] }),
        project: project.rows,
        owners: ownersOf(delegated),
        ownerIndex,
        rows: [owner, unruled][ownerIndex]!.rows,
        policies: [policy.document],
        proposal: LAB_PROPOSAL,
      });
    expect((await ask(0, ALLOWED)).answer.status).toBe(200);
    await expect(ask(0, FORBIDDEN)).rejects.toThrow(code('POLICY_VIOLATION'));
    await expect(ask(1, FORBIDDEN)).rejects.toThrow(code('RECORD_MISMATCH'));
  });
});

describe('not prevented', () => {
  it('a creation is answered with another account of the project, by the name that that one has', async () => {
    const project = await createLabProject(enclave);
    const older = await createLabAccount(enclave, project, { name: 'older' });
    const existing = { address: older.address, account: older.rows.account };
    const client = signedRequest(project, { path: '/v2/evm/accounts', body: { name: 'newer' } });
    const { answer, created } = await enclave.call(createEvmAccount, {
      client,
      project: project.rows,
      existing,
    });
    expect(created).toBeNull();
    expect(JSON.parse(Buffer.from(answer.body).toString())).toMatchObject({
      address: older.address,
      name: 'older',
    });
  });
});
